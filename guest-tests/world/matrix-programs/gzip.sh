# packages: gzip dash coreutils grep sed diffutils
section() { echo "== $*"; }
seq 1 50000 >big; printf 'a small text\n' >small
section levels; for n in 1 6 9; do gzip -n -$n -c big >b.gz; gunzip -c b.gz | cmp - big && md5sum b.gz; done
section files; gzip -n small; ls small*; gunzip small.gz; cat small; gzip -t b.gz && echo sound; gzip -l b.gz | tail -n 1
section helpers; zcat b.gz | tail -n 1; gzip -n -c small >s.gz; zcmp s.gz s.gz && echo equal; zgrep small s.gz; zdiff s.gz s.gz && echo no difference
section damage; head -c 1000 b.gz >cut.gz; gzip -t cut.gz 2>/dev/null; echo "status $?"; printf 'not gzip' | gzip -d 2>/dev/null; echo "status $?"
section concatenation; cat s.gz s.gz | gzip -d; head -c 300000 /dev/zero | gzip -n | md5sum
section end
