-- What only PostgreSQL 18 can say of a table.
create table newer (
  id int primary key,
  a int,
  b int generated always as (a * 2) virtual,
  c int constraint named not null,
  d int
);
insert into newer values (1, 1, default, 1, 1), (2, null, default, 2, null);
alter table newer add constraint unproven not null d not valid;
alter table newer add constraint loose foreign key (a) references newer not enforced;
