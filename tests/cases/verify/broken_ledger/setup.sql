create table entry (id int primary key, status text not null);
insert into entry values (1, 'posted'), (2, 'draft'), (3, 'lost');
create table line (id int primary key, entry_id int not null, debit numeric(12,2) not null, credit numeric(12,2) not null);
insert into line values (1, 1, 10, 0), (2, 1, 0, 10), (3, 2, 5, 0), (4, 2, 0, 4.99), (5, 4, 0.01, 0);
