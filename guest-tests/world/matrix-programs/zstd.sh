# packages: zstd dash coreutils diffutils
# seconds: 400
section() { echo "== $*"; }
seq 1 30000 >big; printf 'a small text\n' >small; head -c 200000 /dev/zero >zeros
section levels; for n in 1 3 6 9; do zstd -q -$n -c big >b; zstd -q -dc b | cmp - big && md5sum b; done
section files; zstd -q -k small; ls small*; rm small; zstd -q -d small.zst; cat small; zstd -q -c zeros >z.zst; zstd -q -t z.zst && echo sound; stat -c %s z.zst
section helpers; zstd -q -c big >b.zst; zstdcat b.zst | tail -n 1; cp b.zst c.zst; unzstd -q c.zst; cmp c big && echo equal
section damage; head -c 1000 b.zst >cut.zst; zstd -q -t cut.zst 2>/dev/null; [ $? -ne 0 ] && echo refused; printf 'not compressed at all' | zstd -q -dc 2>/dev/null; [ $? -ne 0 ] && echo refused
section concatenation; zstd -q -c small >s.zst; cat s.zst s.zst | zstd -q -dc
section dictionary; zstd -q --ultra -20 -c big | zstd -q -dc | cmp - big && echo ultra; zstd -q --long=20 -c big | zstd -q -dc | cmp - big && echo long; mkdir t; for n in $(seq 1 200); do echo "record $n of many with the same words" >t/$n; done; zstd -q --train t/* -o dict --maxdict=2000 2>/dev/null; zstd -q -D dict -c t/7 | zstd -q -D dict -dc
section end
