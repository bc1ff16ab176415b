-- A ledger and an audit log of 100,000 entries, 300,000 lines and 100,000 events, everything as it should be.
--
-- Entry e belongs to tenant e % 50; its lines are 3e (debit), 3e + 1 and 3e + 2 (credits). Events form 10,000 chains of
-- ten, event n of chain c having the id 10c + n.

create table tenant (id text primary key);
insert into tenant select 't' || lpad(n::text, 2, '0') from generate_series(0, 49) n;

create table entry (
    id        bigint primary key,
    tenant_id text not null references tenant,
    total     numeric(14,2) not null
);
insert into entry
select e, 't' || lpad((e % 50)::text, 2, '0'), 10 + (e * 7919 % 100000) / 100.0 from generate_series(0, 99999) e;

create table line (
    id        bigint primary key,
    entry_id  bigint not null references entry,
    tenant_id text not null references tenant,
    debit     numeric(14,2) not null default 0,
    credit    numeric(14,2) not null default 0
);
insert into line select 3 * id, id, tenant_id, total, 0 from entry;
insert into line select 3 * id + 1, id, tenant_id, 0, 1.23 from entry;
insert into line select 3 * id + 2, id, tenant_id, 0, total - 1.23 from entry;
create index on line (entry_id);

create table log (
    id        bigint primary key,
    tenant_id text not null references tenant,
    entity    text not null,
    what      text not null,
    prev      text,
    hash      text not null,
    at        timestamp(3) not null
);
create index on log (tenant_id, entity, at);

create function digest_of(prev text, tenant_id text, entity text, what text, at timestamp) returns text
language sql immutable as $$
    select encode(sha256(convert_to(coalesce(prev, '') || '|' || tenant_id || '|' || entity || '|' || what || '|'
        || to_char(at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'UTF8')), 'hex')
$$;

do $do$
begin
    for n in 0..9 loop
        insert into log
        select 10 * c + n, r.tenant_id, r.entity, r.what, p.hash, digest_of(p.hash, r.tenant_id, r.entity, r.what, r.at), r.at
        from generate_series(0, 9999) c
        cross join lateral (select 't' || lpad((c % 50)::text, 2, '0') as tenant_id, 'e' || c as entity, 'step ' || n as what,
                                   timestamp '2026-01-01' + c * interval '1 minute' + n * interval '1 hour' as at) r
        left join log p on p.id = 10 * c + n - 1 and n > 0;
    end loop;
end
$do$;
analyze;
