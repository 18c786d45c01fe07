# packages: sqlite3 dash coreutils
# seconds: 400
section() { echo "== $*"; }
section queries; sqlite3 t.db <<'EOF'
create table accounts(id integer primary key, balance integer not null);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000) insert into accounts select i, 100 from n;
select count(*), sum(balance), avg(balance), min(id), max(id) from accounts;
create index by_balance on accounts(balance);
update accounts set balance = id * 7 % 1000;
select id, balance from accounts where balance > 990 order by balance desc, id limit 5;
explain query plan select * from accounts where balance = 5;
create table names(id integer references accounts, name text collate nocase);
insert into names values(1, 'Anna'), (2, 'Bernd'), (3, 'anna');
select group_concat(name), count(*) from names group by name;
select a.id, name, balance from accounts a join names using(id) order by 1;
select id, sum(balance) over (order by id rows 2 preceding) from accounts limit 4;
select json_extract('{"a":[1,2,{"b":"c"}]}', '$.a[2].b'), printf('%05.1f', 3.14159), hex(zeroblob(3)), round(2.5), date(0, 'unixepoch'), typeof(1.0), 9223372036854775807 + 1;
pragma integrity_check;
EOF
section transactions; sqlite3 t.db 'begin; delete from names; rollback; select count(*) from names; begin; savepoint s; delete from names; rollback to s; commit; select count(*) from names;'; sqlite3 t.db 'insert into accounts values(1, 0)' 2>/dev/null; echo "status $?"; sqlite3 t.db 'pragma foreign_keys = on; insert into names values(99999, 1)' 2>/dev/null; echo "status $?"
# Transfers between accounts keep the sum; the writer is killed in their midst.
transfers() { n=1; while :; do echo "begin immediate; update accounts set balance = balance - 1 where id = $((n * 7 % 1000 + 1)); update accounts set balance = balance + 1 where id = $((n * 13 % 1000 + 1)); insert into log values($n); commit;"; n=$((n + 1)); done; }
killed() {   # killed MODE
    sqlite3 "$1.db" "pragma journal_mode = $1; create table accounts(id integer primary key, balance integer); with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000) insert into accounts select i, 100 from n; create table log(n integer primary key);"
    mkfifo "$1.fifo"
    transfers >"$1.fifo" 2>/dev/null & source=$!
    (echo ".timeout 10000"; echo "pragma cache_size = 5; pragma synchronous = off;"; cat "$1.fifo") | sqlite3 "$1.db" >/dev/null 2>&1 &
    writer=$!
    tries=0
    until [ "$(sqlite3 -cmd '.timeout 1000' "$1.db" 'select count(*) >= 20 from log' 2>/dev/null)" = 1 ] || [ $tries -gt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
    kill -9 $writer; wait $writer 2>/dev/null; kill -9 $source 2>/dev/null; wait $source 2>/dev/null
    sqlite3 "$1.db" 'pragma integrity_check; select sum(balance), count(*) from accounts; select count(*) = max(n), count(*) >= 20 from log;'
}
section killed writer; killed delete; killed wal; killed truncate
section two processes; for n in 1 2 3; do (for i in 1 2 3 4 5; do sqlite3 -cmd '.timeout 20000' t.db "begin immediate; update accounts set balance = balance + 1 where id = 1; commit;"; done) & done; wait; sqlite3 t.db 'select balance from accounts where id = 1'
section dump; sqlite3 t.db .dump | sqlite3 copy.db; sqlite3 copy.db 'select sum(balance), count(*) from accounts'; sqlite3 t.db '.backup b.db'; sqlite3 b.db 'select count(*) from names; vacuum;' ; sqlite3 -csv -header t.db 'select * from names'; sqlite3 -json t.db 'select * from names limit 1'; sqlite3 :memory: "create virtual table f using fts5(x); insert into f values('the quick brown fox'), ('lazy dog'); select * from f where f match 'quick OR dog' order by rowid;"
section end
