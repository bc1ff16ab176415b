-- What the archives in this folder hold. Works from PostgreSQL 13 on.
create extension citext;
create type state as enum ('draft', 'posted');
create domain cents as bigint check (value >= 0);
create table entry (
  id bigint generated always as identity primary key,
  "tenantId" text not null,
  state state not null default 'draft',
  mail citext,
  total cents,
  at timestamptz not null
);
create table line (
  id serial primary key,
  entry bigint not null references entry,
  debit numeric(12,2),
  credit numeric(12,2),
  doubled numeric generated always as (debit * 2) stored,
  note text
);
alter table line add constraint later check (debit >= 0) not valid;
create table event (at date not null, what text) partition by range (at);
create table event_1 partition of event for values from ('2026-01-01') to ('2026-02-01');
create table event_2 (what text, at date not null);
alter table event attach partition event_2 for values from ('2026-02-01') to ('2026-03-01');
create table nothing (a int, b text);
create view posted as select id from entry where state = 'posted';
insert into entry ("tenantId", state, mail, total, at)
  select 't' || n % 3, case n % 2 when 0 then 'draft' else 'posted' end::state, 'A' || n || '@b.c', n * 100, timestamptz '2026-01-01 00:00:00+00' + n * interval '1 hour'
    from generate_series(1, 20) n;
insert into line (entry, debit, credit, note) select n % 20 + 1, n, 0.5 * n, repeat('note ' || n || ' ', 6) from generate_series(1, 60) n;
insert into line (entry, debit, credit, note) values (1, null, null, null), (2, 0.00, -1, e'tab\t, newline\n, back\\slash, \\N'), (3, 1, 1, ''), (4, 1, 1, 'ä€😀');
insert into event select date '2026-01-01' + n, e'what\\' || n from generate_series(0, 50) n;
