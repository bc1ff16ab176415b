-- The tables that the page on finding a recipe shows: written by functions as applications have them, without any recipe.
set timezone = 'UTC';
create extension pgcrypto;

create table audit_log (id bigint primary key, tenant_id text not null, actor text, action text not null,
  resource_type text not null, resource_id text not null, ip_address text, created_at timestamptz not null,
  prev_hash text, row_hash text not null);
create table signed_log (id bigint primary key, actor text, action text not null, prev_sig text, sig text not null);

create function write_logs() returns void language plpgsql as $$
declare
  n int; tenant text; actor text; at timestamptz; previous text; signed text; next text;
begin
  for n in 1..60 loop
    tenant := (array['north', 'south', 'west'])[1 + n % 3];
    actor := case when n % 7 <> 0 then 'user-' || n % 5 end;
    at := '2026-01-05 08:00:00+00'::timestamptz + n * interval '17 minutes 3.125 seconds';
    select row_hash into previous from audit_log where tenant_id = tenant order by id desc limit 1;
    next := encode(sha256(convert_to(concat_ws('|', coalesce(previous, 'GENESIS'), coalesce(actor, 'system'),
      (array['create', 'update', 'delete'])[1 + n % 4 % 3], 'invoice', 'INV-' || n / 3,
      to_char(at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')), 'UTF8')), 'hex');
    insert into audit_log values (n * 10, tenant, actor, (array['create', 'update', 'delete'])[1 + n % 4 % 3], 'invoice',
      'INV-' || n / 3, '10.0.0.' || n, at, previous, next);
    signed := encode(hmac(convert_to(concat_ws('|', coalesce(signed, ''), actor, 'login', n), 'UTF8'),
      decode('a3f1c2d4e5968778695a4b3c2d1e0f00a3f1c2d4e5968778695a4b3c2d1e0f00', 'hex'), 'sha256'), 'hex');
    insert into signed_log
      select n, actor, 'login', (select sig from signed_log order by id desc limit 1), signed;
  end loop;
end $$;
select write_logs();
