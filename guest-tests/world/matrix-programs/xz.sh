# packages: xz-utils dash coreutils diffutils
# seconds: 400
section() { echo "== $*"; }
seq 1 30000 >big; printf 'a small text\n' >small; head -c 200000 /dev/zero >zeros
section levels; for n in 1 3 6 9; do xz -q -$n -c big >b; xz -q -dc b | cmp - big && md5sum b; done
section files; xz -q -k small; ls small*; rm small; xz -q -d small.xz; cat small; xz -q -c zeros >z.xz; xz -q -t z.xz && echo sound; stat -c %s z.xz
section helpers; xz -q -c big >b.xz; xzcat b.xz | tail -n 1; cp b.xz c.xz; unxz -q c.xz; cmp c big && echo equal
section damage; head -c 1000 b.xz >cut.xz; xz -q -t cut.xz 2>/dev/null; [ $? -ne 0 ] && echo refused; printf 'not compressed at all' | xz -q -dc 2>/dev/null; [ $? -ne 0 ] && echo refused
section concatenation; xz -q -c small >s.xz; cat s.xz s.xz | xz -q -dc
section filters; for f in --x86 --arm --powerpc --delta; do xz -q $f --lzma2=preset=1 -c big | xz -dc | cmp - big && echo "$f"; done; xz --format=lzma -c small | xz -dc; xz -q --check=sha256 -c big >s.xz; xz --robot -l s.xz | cut -f 7 | tail -n 1
section end
