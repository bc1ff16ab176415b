-- Tables whose chain is written by the database itself: triggers as the applications' migrations have them, here without
-- their locks. Loaded as it stands. The comment of each table lists what its hash covers.
set timezone = 'UTC';

create function sha(preimage text) returns text language sql as
  $$ select encode(sha256(convert_to(preimage, 'UTF8')), 'hex') $$;

-- So many rows: as many as written, or those of `set chains.rows = 200`, most of them ordinary.
create function rows_of(few int, chains int) returns int language sql as
  $$ select coalesce((nullif(current_setting('chains.rows', true), '')::int + chains - 1) / chains, few) $$;
create function odd(n int) returns text language sql as
  $$ select coalesce((array['plain', E'O''Neil "x" \\ y', E'é<>&\u2028😀', 'a|b', '', E'tab\tnew\nline', 'mark'])[case when n < 8 or n % 20 > 0 then n else n / 20 % 7 + 1 end]
         , (array['login', 'logout', 'doc.read', 'doc.update', 'grant', 'export', 'revoke', 'retry'])[n % 8 + 1] || case when n % 3 = 0 then ' ' || n else '' end) $$;

create function moment(n int) returns timestamptz language sql as
  $$ select '2026-01-02 03:04:05'::timestamptz + n * interval '1min'
         + coalesce((array[0, 678901, 678000, 100000, 1, 999999, 0])[n], n * 7171 % 1000000) * interval '1us' $$;

-- breeze: each row is sealed in a table beside it.
create table breeze_logs (id uuid primary key, org_id uuid, "timestamp" timestamp, actor_type text, actor_id uuid,
  action text, resource_type text, resource_id uuid, details jsonb, result text);
create table breeze_seals (audit_id uuid references breeze_logs, chain_seq bigint primary key,
  prev_chain_checksum varchar(128), chain_checksum varchar(128));
comment on table breeze_logs is 'id actor_type actor_id action resource_type resource_id result details timestamp';
comment on table breeze_seals is 'prev_chain_checksum chain_checksum';
create function breeze_seal() returns trigger language plpgsql as $$
declare previous text; content text;
begin
  select chain_checksum into previous from breeze_seals join breeze_logs on id = audit_id
    where org_id is not distinct from new.org_id order by chain_seq desc limit 1;
  content := sha('|' || new.id || '|' || new.actor_type || '|' || new.actor_id || '|' || new.action || '|' ||
    new.resource_type || '|' || coalesce(new.resource_id::text, '') || '|' || new.result || '|' ||
    coalesce(new.details::text, '') || '|' ||
    to_char(new."timestamp" at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'));
  insert into breeze_seals select new.id, coalesce(max(chain_seq), 0) + 2, previous, sha(coalesce(previous, '') || '|' || content)
    from breeze_seals;
  return null;
end $$;
create trigger seal after insert on breeze_logs for each row execute function breeze_seal();
insert into breeze_logs
  select format('550e8400-e29b-41d4-a716-44665544%s%s', o, lpad(n::text, 3, '0'))::uuid,
         case o when 1 then '550e8400-e29b-41d4-a716-446655440000'::uuid end, moment(n), 'user',
         '550e8400-e29b-41d4-a716-446655440001', odd(n), 'doc',
         case when n % 2 = 0 then '550e8400-e29b-41d4-a716-446655440002'::uuid end,
         case when n <> 3 then jsonb_build_object('zeta', 1.10, 'é', odd(n), 'mark', 'mark') end, 'success'
  from generate_series(1, rows_of(7, 2)) as n, generate_series(1, 2) as o order by n, o;

-- midaz: the columns of the actor were hashed from some row on, without any mark; the cast reads backslashes.
create table midaz (id bigint primary key, created_at timestamptz, hash varchar(64), previous_hash varchar(64),
  event_id uuid, event_type text, resource_id varchar(255), actor_type text, actor_id varchar, actor_name varchar,
  actor_ip_address varchar(45), context jsonb);
comment on table midaz is 'event_id event_type created_at resource_id actor_type actor_id actor_name actor_ip_address previous_hash hash';
create function midaz_chain() returns trigger language plpgsql as $$
declare content text;
begin
  select hash into new.previous_hash from midaz order by id desc limit 1;
  content := coalesce(new.previous_hash, 'GENESIS') || '|' || new.event_id || '|' || new.event_type || '|' ||
    to_char(new.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '|' || new.resource_id;
  if new.id > 6 then
    content := content || '|' || new.actor_type || '|' || new.actor_id || '|' || coalesce(new.actor_name, '') || '|' ||
      coalesce(new.actor_ip_address, '');
  end if;
  new.hash := encode(sha256(content::bytea), 'hex');
  return new;
end $$;
create trigger chain before insert on midaz for each row execute function midaz_chain();
insert into midaz (id, created_at, event_id, event_type, resource_id, actor_type, actor_id, actor_name, actor_ip_address)
  select n * 3, moment(n), format('550e8400-e29b-41d4-a716-44665544%s', lpad(n::text, 4, '0'))::uuid, 'RULE', 'r\\' || n, 'user', 'u' || n,
         case when n % 2 = 0 then replace(odd(n), '\', '\\') end, case when n <> 4 then '10.0.0.' || n end
  from generate_series(1, rows_of(7, 1)) as n;

-- mental-scribe: keyed, the key by its version; joined without separators before. The cast reads backslashes.
create extension if not exists pgcrypto;
create table mental_scribe (id uuid primary key, user_id uuid, action text, resource_type text, resource_id uuid,
  metadata jsonb, created_at timestamptz, prev_hash text, hash text, secret_version integer);
comment on table mental_scribe is 'user_id action resource_type resource_id metadata created_at prev_hash hash';
create function mental_scribe_chain() returns trigger language plpgsql as $$
declare key text := case new.secret_version when 1 then 'first key of mental-scribe' else 'second key of mental-scribe' end;
  parts text[];
begin
  select hash into new.prev_hash from mental_scribe where user_id is not distinct from new.user_id
    order by created_at desc, id desc limit 1;
  new.prev_hash := coalesce(new.prev_hash, '');
  parts := array[new.prev_hash, coalesce(new.user_id::text, 'null'), coalesce(new.action, ''), coalesce(new.resource_type, ''),
    coalesce(new.resource_id::text, 'null'), coalesce(new.metadata::text, '{}'), extract(epoch from new.created_at)::bigint::text];
  new.hash := encode(hmac(array_to_string(parts, case when new.created_at < '2026-01-02 03:07' then '' else '|' end)::bytea,
    key::bytea, 'sha256'), 'hex');
  return new;
end $$;
create trigger chain before insert on mental_scribe for each row execute function mental_scribe_chain();
insert into mental_scribe (id, user_id, action, resource_type, resource_id, metadata, created_at, secret_version)
  select format('550e8400-e29b-41d4-a716-44665544%s%s', o, lpad(n::text, 3, '0'))::uuid,
         case o when 1 then '550e8400-e29b-41d4-a716-446655440000'::uuid end, replace(odd(n), '\', '\\'), 'note',
         case when n % 2 = 0 then '550e8400-e29b-41d4-a716-446655440002'::uuid end,
         case when n <> 5 then jsonb_build_object('zeta', 1.10, 'é', 'a\b', 'mark', 'mark') end, moment(n),
         case when n < 5 then 1 else 2 end
  from generate_series(1, rows_of(7, 2)) as n, generate_series(1, 2) as o order by n, o;

create table policing (event_id text primary key, arn text, event_type text, actor_type text, actor_id text,
  payload_jsonb jsonb, created_at timestamptz, prev_event_hash text, event_hash text, chain_position bigint);
comment on table policing is 'event_id arn event_type actor_type actor_id payload_jsonb created_at prev_event_hash event_hash';
create function policing_chain() returns trigger language plpgsql as $$
begin
  select event_hash into new.prev_event_hash from policing order by chain_position desc limit 1;
  new.prev_event_hash := coalesce(new.prev_event_hash, 'GENESIS');
  new.event_hash := sha(concat_ws('|', new.event_id, coalesce(new.arn, ''), coalesce(new.event_type, ''),
    coalesce(new.actor_type, ''), coalesce(new.actor_id, ''), coalesce(new.payload_jsonb::text, '{}'),
    to_char(new.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), new.prev_event_hash));
  return new;
end $$;
create trigger chain before insert on policing for each row execute function policing_chain();
insert into policing (event_id, arn, event_type, actor_type, actor_id, payload_jsonb, created_at, chain_position)
  select 'e' || n, case when n % 2 = 0 then odd(n) end, odd(rows_of(7, 1) + 1 - n), 'OFFICER', case when n % 3 <> 0 then 'o' || n end,
         case when n <> 3 then jsonb_build_object('b', 1.10, 'é', odd(n), 'mark', 'mark') end, moment(n), n
  from generate_series(1, rows_of(7, 1)) as n;

create table fedramp (id bigint primary key, actor_id uuid, action text, entity_type text, entity_id uuid,
  workspace_id uuid, created_at timestamptz, details jsonb, prev_hash char(64), row_hash char(64));
comment on table fedramp is 'actor_id action entity_type entity_id workspace_id created_at prev_hash row_hash';
create function fedramp_chain() returns trigger language plpgsql as $$
begin
  select row_hash into new.prev_hash from fedramp where workspace_id = new.workspace_id
    order by created_at desc, id desc limit 1;
  new.prev_hash := coalesce(new.prev_hash, repeat('0', 64));
  new.row_hash := sha(concat(new.prev_hash, '|', to_char(new.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), '|',
    coalesce(new.actor_id::text, ''), '|', new.action, '|', new.entity_type, '|', coalesce(new.entity_id::text, ''), '|',
    new.workspace_id));
  return new;
end $$;
create trigger chain before insert on fedramp for each row execute function fedramp_chain();
insert into fedramp (id, actor_id, action, entity_type, entity_id, workspace_id, created_at)
  select n * 2 + o, case when n % 2 = 0 then '550e8400-e29b-41d4-a716-446655440001'::uuid end, odd(n), odd(rows_of(7, 1) + 1 - n),
         case when n % 3 = 0 then '550e8400-e29b-41d4-a716-446655440002'::uuid end,
         format('550e8400-e29b-41d4-a716-44665544000%s', o)::uuid, moment(n)
  from generate_series(1, rows_of(7, 2)) as n, generate_series(0, 1) as o order by n, o;

create table soc_ready (seq_num bigint primary key, action text, entity_id uuid, created_at timestamptz, ledger_id uuid,
  actor_id uuid, ip_address inet, prev_hash text, hash text);
comment on table soc_ready is 'seq_num action entity_id created_at ledger_id actor_id ip_address prev_hash hash';
create function soc_ready_chain() returns trigger language plpgsql as $$
begin
  select hash into new.prev_hash from soc_ready where seq_num = new.seq_num - 1;
  new.prev_hash := coalesce(new.prev_hash, 'GENESIS');
  new.hash := sha(new.seq_num || '|' || new.prev_hash || '|' || new.action || '|' || new.entity_id || '|' ||
    new.created_at::text || '|' || new.ledger_id || '|' || new.actor_id || '|' || new.ip_address::text);
  return new;
end $$;
create trigger chain before insert on soc_ready for each row execute function soc_ready_chain();
insert into soc_ready (seq_num, action, entity_id, created_at, ledger_id, actor_id, ip_address)
  select n, odd(n), '550e8400-e29b-41d4-a716-446655440001', moment(n), '550e8400-e29b-41d4-a716-446655440002',
         '550e8400-e29b-41d4-a716-446655440003', ('10.0.0.' || n % 200)::inet
  from generate_series(1, rows_of(7, 1)) as n;

create table apgms_owa (id bigint primary key, abn text, tax_type text, period_id text, balance_after_cents bigint,
  bank_receipt_hash text, prev_hash text, hash_after text);
comment on table apgms_owa is 'balance_after_cents bank_receipt_hash prev_hash hash_after';
create function apgms_owa_chain() returns trigger language plpgsql as $$
begin
  select hash_after into new.prev_hash from apgms_owa
    where (abn, tax_type, period_id) = (new.abn, new.tax_type, new.period_id) order by id desc limit 1;
  new.hash_after := sha(coalesce(new.prev_hash, '') || coalesce(new.bank_receipt_hash, '') || new.balance_after_cents);
  return new;
end $$;
create trigger chain before insert on apgms_owa for each row execute function apgms_owa_chain();
insert into apgms_owa (id, abn, tax_type, period_id, balance_after_cents, bank_receipt_hash)
  select n * 4 + o, 'abn', (array['GST', 'PAYG'])[o], '2026-Q1', n * 1000 - 2500, case when n % 2 = 0 then sha('r' || n) end
  from generate_series(1, rows_of(7, 2)) as n, generate_series(1, 2) as o order by n, o;
