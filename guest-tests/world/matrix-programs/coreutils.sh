# packages: coreutils dash sed findutils diffutils
# seconds: 400
section() { echo "== $*"; }
umask 022
cat >text <<'EOF'
banana 3 yellow
apple 10 red
cherry 2 red
date 7 brown
EOF
touch -d '2021-02-03 04:05:06' text
section arch; [ "$(arch)" = "$(uname -m)" ] && echo same
section b2sum; b2sum text; b2sum text | b2sum -c
section base32; base32 text | base32 -d | cmp - text 2>/dev/null || base32 text | base32 -d
section base64; base64 text
section basenc; basenc --z85 -w 0 text 2>&1 | head -c 20; echo; basenc --base16 text | head -n 1
section basename; basename /a/b/c.txt .txt
section cat; cat -n -E text
section chcon; chcon x nothing 2>/dev/null; echo "status $?"
section chgrp; chgrp "$(id -g)" text && echo done
section chmod; cp text m; chmod 640 m; stat -c %a m; chmod u+x,g-r,o=rw m; stat -c %A m
section chown; chown "$(id -u):$(id -g)" m && echo done
section chroot; chroot / /bin/echo inside 2>&1
section cksum; cksum text; cksum -a sha256 text
section comm; sort text >s1; sed -n 2,3p s1 2>/dev/null >s2 || head -n 3 s1 | tail -n 2 >s2; comm -12 s1 s1; comm -3 s1 text 2>/dev/null
section cp; cp -a text copy; stat -c '%s %Y' copy; cp --reflink=auto -r . ../copied-tree 2>&1; ls ../copied-tree | head -n 3; rm -r ../copied-tree
section csplit; csplit -s text 2 3; cat xx01
section cut; cut -d' ' -f1,3 text; cut -c2-4 text
section date; date -u -d '2024-02-29 12:34:56' '+%Y-%m-%d %H:%M:%S %A %j %s %N'; date -u -d @86400 -R; date -r text +%s
section dd; dd if=text of=part bs=4 skip=2 count=3 2>/dev/null; cat part; echo; dd if=/dev/zero bs=1k count=3 status=none | wc -c
section df; df . | wc -l; df --output=target . | tail -n 1 | wc -l
section dir; dir text copy; vdir -d . | wc -l; dircolors -b | head -n 1 | cut -c1-9
section dirname; dirname /a/b/c.txt
section du; mkdir d; head -c 5000 /dev/zero >d/f; du -b d/f; du --apparent-size -B1 d/f
section echo; /bin/echo -e 'tab\there'
section env; env -i A=1 B=2 env | sort; env -u PATH /usr/bin/env true; echo "status $?"; env -S 'echo split args'
section expand; printf 'a\tb\n' | expand -t 4; printf 'a       b\n' | unexpand -a
section expr; expr 6 \* 7; expr length abcdef; expr abcdef : 'abc\(.*\)'; expr 123456789012345678901234567890 + 1
section factor; factor 97 360 1000003 18446744073709551617
section false; false; echo $?; true; echo $?
section fmt; yes word | head -n 30 | tr '\n' ' ' | fmt -w 40
section fold; echo abcdefghijklmnopqrstuvwxyz | fold -w 10
section groups; groups >/dev/null && echo done
section head; head -n 2 text; tail -n 2 text; tail -c 6 text; head -c -40 text
section hostid; hostid | wc -c
section id; id -u >/dev/null && id -un
section install; install -m 755 -D text i/j/text; stat -c %a i/j/text
section join; sort text >j1; printf 'apple fruit\ncherry stone\n' >j2; join j1 j2
section link; link text linked; stat -c %h text; unlink linked; stat -c %h text
section ln; ln -s text soft; ln text hard; readlink soft; [ hard -ef text ] && echo linked; ln -sr d/f rel; readlink rel
section logname; logname >/dev/null 2>&1; echo ran
section ls; touch -h -d '2022-03-04 05:06:07' soft; ls -l --time-style=+%s text soft | tr -s ' ' | cut -d' ' -f1,5-; ls -1 -r -F; ls -R i
section md5sum; md5sum text; sha1sum text; sha224sum text; sha256sum text; sha384sum text; sha512sum text
section mkdir; mkdir -p tree/a/b tree/c; ls tree; mkdir tree 2>/dev/null; echo "status $?"
section mkfifo; mkfifo pipe; (echo through >pipe) & cat pipe; wait; stat -c %F pipe
section mknod; mknod p2 p; stat -c %F p2
section mktemp; f=$(mktemp -p .); [ -f "$f" ] && echo made; rm "$f"; d=$(mktemp -d); [ -d "$d" ] && echo made; rmdir "$d"
section mv; mv copy moved; ls moved; mv -n moved text; ls moved
section nice; nice -n 5 nice; nice -n 3 true; echo "status $?"
section nl; nl text
section nohup; nohup echo kept 2>/dev/null
section nproc; [ "$(nproc)" -ge 1 ] && echo some; OMP_NUM_THREADS=3 nproc
section numfmt; numfmt --to=iec 1048576; numfmt --from=si 5K; numfmt --grouping 1234
section od; od -c text | head -n 2; od -A x -t x1 text | head -n 2; printf '\1\2\3\4\5\6\7\10' | od -t x4 --endian=big; printf '\0\0\200\77' | od -An -t f4 --endian=little
section paste; paste s1 j2; paste -s -d, s1
section pathchk; pathchk -p good; echo $?; pathchk -p 'b d' 2>/dev/null; echo $?
section pinky; pinky -f >/dev/null 2>&1; echo ran
section pr; pr -2 -t -l 2 text
section printenv; A=5 printenv A
section printf; /usr/bin/printf '%05d|%-6s|%x|%c|%s|%.3f|%e\n' 42 ab 255 z 'a b' 3.14159 12345.678; /usr/bin/printf '%q\n' "a b'c"
section ptx; echo 'one two three' | ptx -w 30
section pwd; (cd tree/a && /bin/pwd | sed 's,.*/tree,tree,' 2>/dev/null || true)
section realpath; realpath soft | xargs basename 2>/dev/null || basename "$(realpath soft)"; realpath --relative-to=tree text
section rm; mkdir -p r/s; : >r/s/f; rm r 2>/dev/null; echo "status $?"; rm -rv r; rmdir -p tree/a/b 2>/dev/null; ls tree
section runcon; runcon 2>/dev/null; [ $? -ne 0 ] && echo refused
section seq; seq 1 5; seq -w 8 11; seq 10 -3 1; seq 0.1 0.2 0.9; seq -s, 3
section shred; cp text sh; shred -u sh && [ ! -e sh ] && echo gone
section shuf; seq 1 9 | shuf | sort -n | tr '\n' ' '; echo; shuf -i 1-5 -n 5 | sort | tr -d '\n'; echo
section sleep; sleep 0.01 && echo slept
section sort; sort text; sort -k2n text; sort -r -k3,3 -k1,1 text; sort -c text 2>/dev/null; echo "status $?"; seq 1 50000 | sort -r --parallel=1 | head -n 2; printf '1.10\n1.9\n' | sort -V; seq 1 30000 | sort -S 50k --parallel=1 -n | tail -n 1
section split; seq 1 100 | split -l 40 - sp; wc -l spaa spab spac; seq 1 9 | split -n r/3 --filter='tr "\n" " "; echo'
section stat; stat -c '%n %s %Y %a %F %h' text; stat -f -c %l . >/dev/null && echo file system
section stdbuf; stdbuf -o0 echo unbuffered
section stty; stty 2>/dev/null; echo "status $?"
section sum; sum text; sum -s text
section sync; sync text && sync && echo synced
section tac; tac text
section tee; echo teed | tee t1 t2; cat t1 t2
section test; test -f text -a 3 -gt 2 && echo yes; /usr/bin/test soft -nt text && echo newer
section timeout; timeout 5 echo in time; timeout 0.2 sleep 5; echo "status $?"; timeout -s KILL 0.2 sleep 5; echo "status $?"
section touch; touch -d '2020-01-02 03:04:05.123456789' stamp; stat -c '%Y %y' stamp; touch -r text stamp; stat -c %Y stamp
section tr; tr a-z A-Z <text; echo aabbcc | tr -s a-c; echo hello | tr -d l
section truncate; truncate -s 5 part; cat part; echo; stat -c %s part; truncate -s 1G sparse; stat -c '%s %b' sparse
section tsort; printf 'a b\nb c\na c\n' | tsort
section tty; tty </dev/null; echo "status $?"
section uname; uname -s
section uniq; cut -d' ' -f3 text | sort | uniq -c
section uptime; uptime >/dev/null 2>&1; echo ran
section users; users >/dev/null; who >/dev/null; echo ran
section wc; wc text; wc -l <text; wc -L text
section whoami; whoami
section yes; yes | head -n 3
section brackets; [ a = a ] && echo true
section end
