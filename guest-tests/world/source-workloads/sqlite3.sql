.print == tables
create table people(id integer primary key, name text not null collate nocase, born real, town integer, picture blob);
create table towns(id integer primary key, name text unique, size integer check (size > 0));
with recursive n(i) as (select 1 union all select i + 1 from n where i < 50) insert into towns select i, 'Town ' || char(64 + i % 26) || i, i * i * 31 % 9973 + 1 from n;
with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000) insert into people select i, printf('%s-%05d', substr('AnnaBertCleoDoraEgon', i * 7 % 5 * 4 + 1, 4), i * 7919 % 5000), 1900 + (i * 37 % 1200) / 12.0, i * 13 % 50 + 1, zeroblob(i % 40) from n;
select count(*), min(name), max(name), sum(id), avg(born), total(length(picture)), count(distinct town) from people;
.print == indexes
create index by_name on people(name);
create unique index by_id_born on people(id, born desc);
create index by_young on people(born) where born > 1980;
create index by_expression on people(substr(name, 1, 2), town);
explain query plan select * from people where name = 'anna-00010';
explain query plan select id from people where born > 1990 order by born;
explain query plan select count(*) from people where substr(name, 1, 2) = 'An' and town = 3;
select id, name, round(born, 3) from people where name between 'bert-00100' and 'BERT-00130' order by name;
select count(*) from people where substr(name, 1, 2) = 'An' and town = 4;
analyze;
select tbl, idx is null, stat from sqlite_stat1 order by tbl, idx;
.print == joins
select t.name, count(*), round(avg(p.born), 6), min(p.id), max(p.id) from people p join towns t on t.id = p.town group by t.id having count(*) > 99 order by 3 desc, 1 limit 8;
select count(*) from people a join people b on a.id = b.id * 2 where a.town < b.town;
select t.name, x.c from towns t left join (select town, count(*) c from people where born > 1999 group by town) x on x.town = t.id where t.id <= 6 order by t.id;
select count(*) from towns where not exists (select 1 from people where town = towns.id and born < 1910);
select name from towns where size in (select max(size) from towns union select min(size) from towns) order by size;
select a.i, b.i from (select 1 as i union select 2) a full join (select 2 as i union select 3) b on a.i = b.i order by 1, 2;
.print == aggregates and windows
select town, id, sum(id) over w, rank() over (partition by town order by born, id), lag(id, 1, -1) over w, round(avg(born) over (order by id rows between 2 preceding and 1 following), 9) from people where id <= 12 window w as (partition by town % 3 order by id) order by id;
select ntile(4) over (order by size), count(*) over (), first_value(name) over (order by size desc) from towns order by size limit 4;
select group_concat(name, '|') from (select name from towns order by name desc limit 5);
select sum(born * born), total(born / 7), round(sum(born) * 1e10), max(born - 1900), 1e308 * 10, -1e308 * 10, 0.1 + 0.2, 1 / 3.0, 2.0 / 3 from people;
with recursive fibonacci(a, b, n) as (select 0, 1, 1 union all select b, a + b, n + 1 from fibonacci where n < 90) select max(a) from fibonacci;
with recursive x(n) as (select 1 union all select n + 1 from x where n < 200), m(cx, cy) as (select -2.0 + a.n * 0.1, -1.0 + b.n * 0.1 from x a, x b where a.n <= 30 and b.n <= 20), it(cx, cy, zx, zy, n) as (select cx, cy, 0.0, 0.0, 0 from m union all select cx, cy, zx * zx - zy * zy + cx, 2 * zx * zy + cy, n + 1 from it where n < 20 and zx * zx + zy * zy < 4) select sum(n), count(*) from (select max(n) n from it group by cx, cy);
.print == values
select typeof(1), typeof(1.0), typeof('1'), typeof(x'01'), typeof(null), 9223372036854775807 + 1, -9223372036854775808 / -1, 7 / 2, -7 / 2, -7 % 3, 1 << 40, ~5, 5 | 8, '12abc' + 1, cast('3.99' as integer), cast(1e19 as integer);
select sqrt(2), pow(2, 0.5), exp(1), ln(10), log2(1024), sin(1), cos(1), atan2(1, 2), degrees(pi()), mod(7.5, 2), ceil(-1.5), trunc(-1.5), sign(-3);
select printf('%d %5.2f %-6s| %06d %x %e %g %q %Q %w %c %,d', 42, 3.14159, 'ab', -42, 255, 12345.678, 1e-10, 'it''s', 'it''s', 'a"b', 'z', 1234567), hex('é'), unicode('€'), length('größe'), instr('abcabc', 'ca'), replace('aXbX', 'X', '--'), trim('  x '), upper('abc'), substr('hello', -3, 2), quote(x'00ff'), quote(1.1);
select date('2024-02-28', '+2 days'), julianday('2000-01-01'), strftime('%Y-%j-%W %H:%M:%f', 1234567890.123, 'unixepoch'), time('12:00', '-90 minutes'), unixepoch('2038-01-19 03:14:08'), date('2023-12-31', 'weekday 0', 'start of month');
select json_extract('{"a":[1,2,{"b":"c"}],"d":1.5e3}', '$.a[2].b', '$.d'), json_array(1, 'x', null), json_group_array(id) from towns where id < 4;
select key, value, type from json_each('{"x":1,"y":[2,3],"z":null}');
select 'abc' like 'A_C', 'abc' glob 'a?c', 'a' < 'B', 'a' < 'B' collate nocase, null is null, null = null, 1 in (1, null), 2 in (1, null), case when 0 then 'x' else 'y' end, coalesce(null, 3), iif(1, 2, 3), nullif(1, 1);
.print == transactions
begin; update people set town = town % 50 + 1; savepoint one; delete from people where id % 2; select count(*), sum(town) from people; rollback to one; select count(*) from people; release one; rollback;
select sum(town) from people;
begin immediate; insert into towns values(51, 'New', 5); insert into towns values(52, 'New', 5);
insert or ignore into towns values(53, 'New', 7); insert or replace into towns values(54, 'New', 7); insert into towns(name, size) values('Town A26', 1) on conflict(name) do update set size = excluded.size + 100 returning id, size;
insert into towns values(60, 'Negative', -1);
commit;
select id, name, size from towns where id > 48 or name = 'Town A26';
create trigger renamed after update of name on towns begin insert into history values(old.name, new.name); end;
create table history(old, new, primary key(old, new)) without rowid;
update towns set name = name || '!' where id between 10 and 14;
select * from history;
create view elders as select id, name from people where born < 1901; select count(*), min(id) from elders;
pragma foreign_keys = on; create table pets(owner integer references people(id) on delete cascade, name); insert into pets select id, 'Rex ' || id from people where id % 100 = 0; delete from people where id % 200 = 0; select count(*) from pets; insert into pets values(99999, 'nobody''s');
.print == changes
create table numbers(k integer primary key, v); with recursive n(i) as (select 1 union all select i + 1 from n where i < 4000) insert into numbers select i * 7919 % 4001, printf('%0*d', i % 300, i) from n;
delete from numbers where k % 3 = 0; update numbers set v = v || v where k % 5 = 0; select count(*), sum(length(v)), sum(k) from numbers;
vacuum; alter table numbers add column extra default 'none'; alter table numbers rename column v to value; alter table numbers drop column extra; select * from numbers where k < 5;
pragma integrity_check; pragma journal_mode = wal; update numbers set value = 'w' where k < 100; pragma wal_checkpoint; pragma journal_mode = delete; pragma page_count; pragma integrity_check;
.print == search
create virtual table documents using fts5(title, body); insert into documents select 'Document ' || k, 'words of ' || printf('%d and ', k) || substr('fox dog cat bird', k % 4 * 4 + 1, 4) from numbers; select count(*) from documents where documents match 'fox'; select rowid, title, snippet(documents, 1, '[', ']', '..', 4) from documents where documents match 'dog NOT 1' order by rowid limit 3; select title from documents where documents match 'bird' order by rank, rowid limit 2; insert into documents(documents) values('integrity-check');
create virtual table boxes using rtree(id, x1, x2, y1, y2); with recursive n(i) as (select 1 union all select i + 1 from n where i < 2000) insert into boxes select i, i * 37 % 1000, i * 37 % 1000 + 5.5, i * 91 % 1000, i * 91 % 1000 + 2.25 from n; select count(*), min(id), max(id) from boxes where x1 < 300 and x2 > 250 and y1 < 300 and y2 > 250; select rtreecheck('boxes');
.print == shell
.mode csv
select id, name, size from towns limit 2;
.mode column
.headers on
select id, name, round(born, 2) as born from people limit 3;
.mode quote
select null, 1.5, 'a''b', x'ab';
.mode list
.headers off
.save copy.db
.open copy.db
select count(*), sum(id) from people; pragma quick_check;
.dump towns
.print == end
