-- Further recipes as triggers might have them. Loaded as it stands. The comment of each table lists what its hash covers.
create extension if not exists pgcrypto;

-- So many rows: as many as written, or those of `set chains.rows = 200`, most of them ordinary.
create function rows_of(few int, chains int) returns int language sql as
  $$ select coalesce((nullif(current_setting('chains.rows', true), '')::int + chains - 1) / chains, few) $$;
create function odd(n int) returns text language sql as
  $$ select coalesce((array['plain', E'O''Neil "x" \\ y', E'é<>&\u2028😀', 'a|b', '', E'tab\tnew\nline', 'mark', 'last'])[case when n < 9 or n % 20 > 0 then n else n / 20 % 7 + 1 end]
         , (array['login', 'logout', 'doc.read', 'doc.update', 'grant', 'export', 'revoke', 'retry'])[n % 8 + 1] || case when n % 3 = 0 then ' ' || n else '' end) $$;
create function moment(n int) returns timestamptz language sql as
  $$ select '2026-01-02 03:04:05+00'::timestamptz + n * interval '1min'
         + coalesce((array[0, 678901, 678000, 100000, 1, 999999, 0, 5])[n], n * 7171 % 1000000) * interval '1us' $$;

-- The row as JSON, in base64 that PostgreSQL breaks into lines.
create table visits (id bigint primary key, guest text, at timestamptz, nights integer, price numeric(8, 2), vip boolean, note text,
  details jsonb, prev text);
alter table visits add hash text;
comment on table visits is 'id guest at nights price vip note details prev hash';
create function visits_chain() returns trigger language plpgsql set timezone = 'America/New_York' as $$
begin
  select hash into new.prev from visits order by id desc limit 1;
  new.hash := encode(sha512(convert_to(row_to_json(new)::text, 'UTF8')), 'base64');
  return new;
end $$;
create trigger chain before insert on visits for each row execute function visits_chain();
insert into visits (id, guest, at, nights, price, vip, note, details)
  select n, odd(n), moment(n), n, n * 12.5, n % 2 = 0, case when n % 3 = 0 then odd(n) end, jsonb_build_object('zeta', 1.10, 'b', 'mark')
  from generate_series(1, rows_of(8, 1)) as n;

-- concat_ws leaves out what is NULL and has booleans short; chains of a NULL depot are one.
create table stock (id bigint primary key, depot integer, item text, counted numeric, at timestamp, day date, tags text[], ok boolean,
  lasted interval, prev text, hash text);
comment on table stock is 'item counted at day tags ok lasted prev hash';
create function stock_chain() returns trigger language plpgsql as $$
begin
  select hash into new.prev from stock where depot is not distinct from new.depot order by id desc limit 1;
  new.hash := md5(concat_ws('|', new.prev, new.item, new.counted, new.at, new.day, new.tags, new.ok, new.lasted, extract(epoch from new.at)));
  return new;
end $$;
create trigger chain before insert on stock for each row execute function stock_chain();
insert into stock (id, depot, item, counted, at, day, tags, ok, lasted)
  select n, case when n % 2 = 0 then 7 end, odd((n + 1) / 2), case when n % 3 <> 0 then n * 1.10 end, moment((n + 1) / 2) at time zone 'UTC', date '2026-01-01' + n,
         array['x', odd((n + 1) / 2)], n % 4 < 2, n * interval '90min'
  from generate_series(1, rows_of(16, 1)) as n;

-- The text of a composite value, which a view has.
create table wards (id bigint primary key, patient text, moved timestamptz, bed integer, prev bytea, hash bytea);
comment on table wards is 'id patient moved bed prev hash';
create function wards_chain() returns trigger language plpgsql set timezone = 'UTC' as $$
begin
  select hash into new.prev from wards order by id desc limit 1;
  new.hash := digest(coalesce(new.prev, ''::bytea) || convert_to(row(new.id, new.patient, new.moved, new.bed)::text, 'UTF8'), 'sha384');
  return new;
end $$;
create trigger chain before insert on wards for each row execute function wards_chain();
insert into wards (id, patient, moved, bed) select n, odd(n), moment(n), case when n % 3 <> 0 then n end from generate_series(1, rows_of(8, 1)) as n;
create view wards_read as select *, row(id, patient, moved, bed)::text as content from wards;

-- An object built beside the predecessor's bytes, under a key in hex.
create table fees (id bigint primary key, payer uuid, cents bigint, rate double precision, info jsonb, at timestamptz, prev text, hash text);
comment on table fees is 'id payer cents rate info at prev hash';
create function fees_chain() returns trigger language plpgsql set timezone = 'UTC' as $$
begin
  select hash into new.prev from fees order by id desc limit 1;
  new.prev := coalesce(new.prev, repeat('0', 64));
  new.hash := encode(hmac(decode(new.prev, 'hex') || convert_to(json_build_object('id', new.id, 'payer', new.payer, 'cents', new.cents,
    'rate', new.rate, 'info', new.info, 'at', new.at, 'kind', 'fee')::text, 'UTF8'), '\x0102030405060708'::bytea, 'sha256'), 'hex');
  return new;
end $$;
create trigger chain before insert on fees for each row execute function fees_chain();
insert into fees (id, payer, cents, rate, info, at)
  select n, case when n % 2 = 0 then md5(n::text)::uuid end, n * 100 - 250, coalesce((array[0.1, 1e20, 1e-7, 3, 2.5, 100, 0.25, 7])[n], n / 8.0),
         jsonb_build_object('zeta', 1.10, 'é', odd(n), 'mark', 'mark'), moment(n) from generate_series(1, rows_of(8, 1)) as n;
