-- How PostgreSQL spells the inputs: `psql -XqAt -f formats.sql > postgresql.jsonl` (PostgreSQL 15, UTF8).
set timezone = 'UTC';
set datestyle = 'ISO, MDY';
\set inputs `cat inputs.json`
create temporary table given as select :'inputs'::json as all;

-- A stored value as jsonb, and as a member of what json_build_object and row_to_json make.
select json_build_object('json', json_build_object('pg', profile), 'text', text, 'spelt', spelt)
from given, json_array_elements_text(given.all -> 'json') as text,
     lateral (values ('jsonb', text::jsonb::text)) as said (profile, spelt);

select json_build_object('json', json_build_object('pg', profile), kind, case kind when 'float' then cell::float8::text else cell end,
                         'spelt', regexp_replace(spelt, '^[^:]*: ?(.*)}$', '\1'))
from given, lateral (values ('float', 'floats'), ('numeric', 'numerics')) as kinds (kind, list),
     json_array_elements_text(given.all -> list) as cell,
     lateral (select case kind when 'float' then jsonb_build_object('k', cell::float8) else jsonb_build_object('k', cell::numeric) end,
                     case kind when 'float' then json_build_object('k', cell::float8) else json_build_object('k', cell::numeric) end) as made (b, j),
     lateral (values ('jsonb', b::text), ('build', j::text)) as said (profile, spelt);

-- Objects and arrays with their separators, as a test declares them.
select json_build_object('shape', shape, 'spelt', spelt)
from (values
  ('jsonb', jsonb_build_object('b', 1, 'aa', true, 'a', null, 'n', jsonb_build_object('y', 'é<"', 'xx', jsonb_build_array(1, 'two')))::text),
  ('build', json_build_object('b', 1, 'aa', true, 'a', null, 'n', json_build_object('y', 'é<"', 'xx', json_build_array(1, 'two')))::text),
  ('row', (select row_to_json(r) from (select 1 as b, true as aa, null as a, (select row_to_json(i) from (select 'é<"' as y, array[1, 2] as xx) i) as n) r)::text)
) as said (shape, spelt);

create temporary table at as
select text as at from given, json_array_elements_text(given.all -> 'times') as text
union all select text from given, json_array_elements_text(given.all -> 'old') as text;

select json_build_object('preset', preset, 'at', at, 'spelt', spelt)
from at, lateral (values
  ('epoch_seconds_round', extract(epoch from at::timestamptz)::bigint::text),
  ('epoch_seconds', floor(extract(epoch from at::timestamptz))::bigint::text)
) as said (preset, spelt);

select json_build_object('pattern', pattern, 'at', at, 'spelt', spelt)
from at, lateral (values
  ('%s.%6f', extract(epoch from at::timestamptz)::text),
  ('%Y-%m-%d %H:%M:%S.%6f', to_char(at::timestamptz, 'YYYY-MM-DD HH24:MI:SS.US')),
  ('%Y-%m-%d"T"%H:%M:%S.%3f', to_char(at::timestamptz, 'YYYY-MM-DD"\"T\""HH24:MI:SS.MS')),
  ('%Y%m%d%H%M%S%3f', to_char(at::timestamptz, 'YYYYMMDDHH24MISSMS')),
  ('%d-%b-%y %I:%M %p, %a %A', to_char(at::timestamptz, 'DD-Mon-YY HH12:MI AM, Dy FMDay')),
  ('%j %-d %B', to_char(at::timestamptz, 'DDD FMDD FMMonth'))
) as said (pattern, spelt)
where at > '1970';

-- A session's zone.
create function pg_temp.in_zone(zone text, at text) returns table (preset text, spelt text) language plpgsql as $$
begin
  perform set_config('timezone', zone, true);
  return query select * from (values
    ('pg_tz', (at || '+00')::timestamptz::text),
    ('pg', (at || '+00')::timestamptz::timestamp::text),
    ('pg_json', to_json((at || '+00')::timestamptz) #>> '{}'),
    ('iso_micros', to_char((at || '+00')::timestamptz, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')),
    ('iso_seconds', to_char((at || '+00')::timestamptz, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
  ) as said (p, s);
  perform set_config('timezone', 'UTC', true);
end $$;
select json_build_object('preset', preset, 'zone', zone, 'at', at, 'spelt', spelt)
from at, given, json_array_elements_text(given.all -> 'zones') as zone, lateral pg_temp.in_zone(zone, at);

-- Text cast to bytea; `spelt` is null where the cast fails.
create function pg_temp.cast_bytes(given text) returns text language plpgsql as $$
begin
  return encode(given::bytea, 'hex');
exception when others then
  return null;
end $$;
select json_build_object('bytea_cast', given, 'spelt', pg_temp.cast_bytes(given))
from unnest(array['plain', '', 'é|x', 'a\\b', 'a\101b', 'a\b', '\x4142', '\x41 42', '\x 41', '\x414', '\x4g', '\x', '\X41', '\', 'a\', '\\x41',
                  'a\400', 'a\377', 'a\000', 'a\08', 'a\12', '\\\\', '\\\', '\xAbCd', E'\\x41\n42', E'\\x\t41', '\x4 1', ' \x41', '{"a": "\\u00e9"}',
                  '{"a": "b\nc"}']) as given;

select json_build_object('host', address::inet::text, 'stored', address::inet, 'spelt', host(address::inet))
from unnest(array['10.0.0.1', '10.0.0.0/8', '::1', '2001:db8::1/64', '192.168.0.1/24']) as address;
