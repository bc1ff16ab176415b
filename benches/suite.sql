-- The ten checks of suite.hold as a careful engineer would script them with psql: every line must end in 0.
select 'ledger_total', count(*) from (select from (select sum(debit) as d, sum(credit) as c from "JournalDetail") as s where d is distinct from c) as v;
select 'ledger_entry', count(*) from (select "journalEntryId" from "JournalDetail" group by 1 having sum(debit) <> sum(credit)) as v;
select 'ledger_tenant', count(*) from (select "tenantId" from "JournalDetail" group by 1 having sum(debit) <> sum(credit)) as v;
select 'orphan_tenant', count(*) from (select "tenantId" from "JournalEntry" except select id from "Tenant") as v;
select 'orphan_entry', count(*) from "JournalDetail" as d where not exists (select from "JournalEntry" as e where e.id = d."journalEntryId");
select 'cross_tenant', count(*) from "JournalDetail" as d join "JournalEntry" as e on e.id = d."journalEntryId" where e."tenantId" <> d."tenantId";
select 'rows_je', count(*) from (select from (select count(*) as n from "JournalEntry") as s where n = 0) as v;
select 'rows_al', count(*) from (select from (select count(*) as n from "AuditLog") as s where n = 0) as v;
select 'fresh', count(*) from (select from (select max("createdAt") as m from "AuditLog") as s where m < '2026-01-01') as v;
select 'audit_chain', count(*) from (
  select "dataHash", lag("dataHash") over w as p, "previousHash", "entityType", "entityId", action, "createdAt", "userId"
    from "AuditLog" window w as (partition by "tenantId" order by seq)) as s
 where "previousHash" is distinct from p
    or "dataHash" <> encode(sha256(convert_to(coalesce(p, '') || "entityType" || "entityId" || action
       || to_char("createdAt", 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || "userId", 'UTF8')), 'hex');
