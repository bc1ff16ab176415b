create table entry (id int primary key, status text not null);
create table line (id int primary key, entry_id int not null, debit numeric(12,2) not null, credit numeric(12,2) not null);
