create table customer (id int primary key, name text, email text);
insert into customer values (1, 'Ann', 'ann@example.org'), (2, 'Bob', 'bob@example.org'), (3, 'Cem', 'cem@example.org');
create table invoice (id int primary key, customer_id int, amount numeric);
insert into invoice values (10, 1, 5), (11, 2, 6), (12, 2, 7), (13, null, 8);
create table newsletter (email text);
