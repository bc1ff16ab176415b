-- How PostgreSQL spells the times: `psql -XqAt -f spell.sql > postgresql.jsonl` (PostgreSQL 15).
set timezone = 'UTC';
set datestyle = 'ISO, MDY';
select json_build_object('preset', preset, 'at', at, 'spelt', spelt)
from unnest(array['2026-01-02 03:04:00', '2026-01-02 03:04:05', '2026-01-02 03:04:00.1', '2026-01-02 03:04:00.678',
                  '2026-01-02 03:04:00.678901', '2026-01-02 03:04:05.000001', '1969-12-31 23:59:59.9995',
                  '0099-12-31 00:00:00', '9999-12-31 23:59:59.999999']) as at,
     lateral (values
       ('pg', at::timestamp::text),
       ('pg_tz', at::timestamptz::text),
       ('pg_json', to_json(at::timestamptz) #>> '{}'),
       ('iso_micros', to_char(at::timestamptz, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')),
       ('iso_millis', to_char(at::timestamptz, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')),
       ('iso_seconds', to_char(at::timestamptz, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
     ) as said (preset, spelt);
