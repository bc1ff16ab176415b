-- An accounting database of any size: every entry balances, every reference holds, every audit chain is intact.
--   psql -v entries=2000000 -v audit=2000000 -v tenants=200 -f data.sql
-- Amounts depend on nothing but the row's number, so two loads are alike.
\set ON_ERROR_STOP on
create table "Tenant" (
  id text primary key, name text not null, slug text not null, "createdAt" timestamp(3) not null
);
create table "JournalEntry" (
  id text primary key, "tenantId" text not null, "journalNumber" text not null, description text not null,
  status text not null, "entryDate" timestamp(3) not null
);
create table "JournalDetail" (
  id text primary key, "journalEntryId" text not null, "tenantId" text not null, "chartOfAccountId" text not null,
  debit numeric(18,2) not null default 0, credit numeric(18,2) not null default 0, "createdAt" timestamp(3) not null
);
create table "AuditLog" (
  seq bigint not null, id text primary key, "tenantId" text not null, "userId" text not null,
  "entityType" text not null, "entityId" text not null, action text not null, "changesAfter" text,
  "previousHash" text, "dataHash" text not null, "createdAt" timestamp(3) not null
);

insert into "Tenant"
select 'tenant-' || lpad(t::text, 4, '0'), 'Tenant ' || t, 't' || t, '2026-01-01'
  from generate_series(0, :tenants - 1) as t;

insert into "JournalEntry"
select 'cje' || lpad(e::text, 21, '0'), 'tenant-' || lpad((e % :tenants)::text, 4, '0'),
       'JE-' || lpad(e::text, 9, '0'), 'Posting ' || e, 'posted', timestamp '2026-01-01' + e * interval '7 ms'
  from generate_series(0, :entries - 1) as e;

-- A debit, a credit of a part of it and one of the rest, and for every third entry a pair of small change.
insert into "JournalDetail"
select 'cjd' || lpad((row_number() over ())::text, 21, '0'), 'cje' || lpad(e::text, 21, '0'),
       'tenant-' || lpad((e % :tenants)::text, 4, '0'), 'acct' || lpad(((e * 4 + line.n) % 40)::text, 4, '0'),
       line.debit, line.credit, timestamp '2026-01-01' + e * interval '7 ms'
  from generate_series(0, :entries - 1) as e
 cross join lateral (select 100 + abs(hashint8(e)::bigint) % 9999900 as whole) as a
 cross join lateral (select 1 + abs(hashint8(e + :entries)::bigint) % whole as part) as b
 cross join lateral (
   values (1, whole / 100.0, 0.0), (2, 0.0, part / 100.0), (3, 0.0, (whole - part) / 100.0),
          (4, 0.05, 0.0), (5, 0.0, 0.05)
 ) as line (n, debit, credit)
 where (line.n < 3 or line.n = 3 and whole <> part or line.n > 3 and e % 3 = 0);

-- One chain per tenant; each step of the recursion adds a row to all of them.
insert into "AuditLog"
with recursive step (n, t, previous, hash) as (
  select 0::bigint, t::bigint, null::text, encode(sha256(convert_to(row.text, 'UTF8')), 'hex')
    from generate_series(0, least(:tenants, :audit) - 1) as t
   cross join lateral (
     select (array['JournalEntry', 'Invoice', 'Vendor', 'Company'])[1 + t % 4]
            || 'cje' || lpad((t % :entries)::text, 21, '0')
            || (array['Created', 'Updated', 'Posted', 'Viewed', 'Voided'])[1 + t % 5]
            || to_char(timestamp '2026-01-01' + t * interval '11 ms', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
            || 'cu' || lpad((t % :tenants)::text, 4, '0') || t % 9 as text
   ) as row
  union all
  select s.n + 1, s.t, s.hash, encode(sha256(convert_to(s.hash || row.text, 'UTF8')), 'hex')
    from step as s
   cross join lateral (select (s.n + 1) * :tenants + s.t as i) as at
   cross join lateral (
     select (array['JournalEntry', 'Invoice', 'Vendor', 'Company'])[1 + i % 4]
            || 'cje' || lpad((i % :entries)::text, 21, '0')
            || (array['Created', 'Updated', 'Posted', 'Viewed', 'Voided'])[1 + i % 5]
            || to_char(timestamp '2026-01-01' + i * interval '11 ms', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
            || 'cu' || lpad(s.t::text, 4, '0') || i % 9 as text
   ) as row
   where i < :audit
)
select i + 1, 'cal' || lpad(i::text, 21, '0'), 'tenant-' || lpad(t::text, 4, '0'), 'cu' || lpad(t::text, 4, '0') || i % 9,
       (array['JournalEntry', 'Invoice', 'Vendor', 'Company'])[1 + i % 4], 'cje' || lpad((i % :entries)::text, 21, '0'),
       (array['Created', 'Updated', 'Posted', 'Viewed', 'Voided'])[1 + i % 5],
       '{"status":"posted","n":' || i || '}', previous, hash, timestamp '2026-01-01' + i * interval '11 ms'
  from step cross join lateral (select n * :tenants + t as i) as at;

create index on "JournalDetail" ("journalEntryId");
create index on "JournalEntry" ("tenantId");
create index on "AuditLog" ("tenantId", seq);
vacuum (analyze);
