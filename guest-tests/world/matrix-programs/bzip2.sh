# packages: bzip2 dash coreutils diffutils
# seconds: 400
section() { echo "== $*"; }
seq 1 30000 >big; printf 'a small text\n' >small; head -c 200000 /dev/zero >zeros
section levels; for n in 1 3 6 9; do bzip2 -q -$n -c big >b; bzip2 -q -dc b | cmp - big && md5sum b; done
section files; bzip2 -q -k small; ls small*; rm small; bzip2 -q -d small.bz2; cat small; bzip2 -q -c zeros >z.bz2; bzip2 -q -t z.bz2 && echo sound; stat -c %s z.bz2
section helpers; bzip2 -q -c big >b.bz2; bzcat b.bz2 | tail -n 1; cp b.bz2 c.bz2; bunzip2 -q c.bz2; cmp c big && echo equal
section damage; head -c 1000 b.bz2 >cut.bz2; bzip2 -q -t cut.bz2 2>/dev/null; [ $? -ne 0 ] && echo refused; printf 'not compressed at all' | bzip2 -q -dc 2>/dev/null; [ $? -ne 0 ] && echo refused
section concatenation; bzip2 -q -c small >s.bz2; cat s.bz2 s.bz2 | bzip2 -q -dc
section end
