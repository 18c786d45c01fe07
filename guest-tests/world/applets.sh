# Run by busybox sh in an empty folder. Every step is a section of its own; what it prints is
# the same wherever it runs: fixed times, one time zone, no process ids, no host facts.
# $APPLETS is a folder with every applet as a program: for those that others start.
export LC_ALL=C TZ=UTC0
umask 022
section() { echo "== $*"; }

section echo; echo one two; echo -n three; echo; echo -e 'tab\there'
section printf; printf '%05d|%-6s|%x|%c|%s\n' 42 ab 255 z 'a b'
section true false test; true && echo yes; false || echo no; test 3 -gt 2 && [ -d . ] && echo ok
section expr; expr 6 \* 7; expr length abcdef; expr abcdef : 'abc\(.*\)'
section seq; seq 1 5; seq -w 8 11; seq 10 -3 1
section mkdir; mkdir -p tree/a/b tree/c; ls tree
section touch; touch -d '2020-01-02 03:04:05' tree/file; stat -c '%n %s %Y %a %F' tree/file
section cat; cat >text <<'END'
banana 3 yellow
apple 10 red
cherry 2 red
date 7 brown
apple 1 green
END
cat -n text; touch -d '2021-02-03 04:05:06' text
section tac; tac text
section rev; rev text
section head tail; head -n 2 text; tail -n 2 text; tail -c 6 text
section sort; sort text; sort -k2n text; sort -r -k3,3 -k1,1 text; sort -u -k1,1 text
section uniq; cut -d' ' -f1 text | sort | uniq -c
section wc; wc text; wc -l <text
section cut; cut -d' ' -f1,3 text; cut -c2-4 text
section tr; tr a-z A-Z <text; echo aabbcc | tr -s a-c; echo hello | tr -d l
section grep; grep red text; grep -v red text; grep -c apple text; grep -n -i APPLE text; grep -E '^(a|b)' text
section fgrep egrep; fgrep 3 text; egrep 'r+' text
section sed; sed -e 's/apple/APPLE/' -e '2d' text; sed -n '2,3p' text; sed 's/\([a-z]*\) \([0-9]*\)/\2 \1/' text
section sed -i; cp text text2; sed -i 's/red/blue/g' text2; cat text2
section awk; awk '{ s += $2; n[$3]++ } END { print s; for (k in n) print k, n[k] }' text | sort
section awk functions; awk 'BEGIN { printf "%.4f %d %s\n", atan2(1, 1) * 4, 2^31, toupper("abc"); print substr("hello", 2, 3), index("hello", "l"), length("xyz"), split("a:b:c", p, ":"), p[2] }'
section paste; cut -d' ' -f1 text >names; cut -d' ' -f2 text >numbers; paste names numbers; paste -s -d, names
section fold; echo abcdefghijklmnopqrstuvwxyz | fold -w 10
section nl; nl text
section od; od -c text | head -n 2; od -A x -t x1 names | head -n 2
section hexdump; hexdump -C names
section xxd; echo hello | xxd; echo hello | xxd -p
section strings; printf 'ab\0longer text\0x\0another one' >binary; strings binary
section md5sum; md5sum text; md5sum <names
section sha1sum; sha1sum text
section sha256sum; sha256sum text >sums; cat sums; sha256sum -c sums
section sha512sum; sha512sum text
section sha3sum; sha3sum text
section crc32; crc32 text
section base64; base64 text; base64 text | base64 -d | cmp - text && echo same
section uuencode; uuencode text name >encoded; cat encoded; uudecode -o decoded encoded; cmp decoded text && echo same
section cp mv; cp -a text copy; mv copy moved; ls moved; cp -r tree tree2; find tree2 | sort
section ln readlink realpath; ln -s text soft; ln text hard; readlink soft; [ hard -ef text ] && echo linked; realpath soft | sed 's,.*/,,'
section ls -l; touch -h -d '2022-03-04 05:06:07' soft; ls -l text moved soft tree/file; ls -ld -n tree/file; ls -F; ls -1 -r
section chmod; chmod 640 moved; stat -c %a moved; chmod u+x,g-r,o=rw moved; stat -c %A moved
section chown; chown "$(id -u):$(id -g)" moved && echo done
section find; find . -name 'n*' -type f | sort; find tree -type d | sort; find . -name 'text*' -exec echo found {} \; | sort
section find -newer; find . -maxdepth 1 -type f -newer text ! -newer moved | sort | head -n 3; find . -size -2 -name names
section xargs; echo a b c d e | xargs -n 2 "$APPLETS/echo" pair; find . -name 'n?' | sort | xargs "$APPLETS/wc" -l
section grep -r; grep -r apple tree names | sort; echo apple >tree/a/b/deep; grep -r -l apple . | sort
section basename dirname; basename /a/b/c.txt .txt; dirname /a/b/c.txt
section pwd cd; cd tree/a && pwd | sed 's,.*/tree,tree,'; cd ../..
section dd; dd if=text of=part bs=4 skip=2 count=3 2>/dev/null; cat part; echo; dd if=/dev/zero bs=1k count=3 2>/dev/null | wc -c
section truncate; truncate -s 5 part; cat part; echo; stat -c %s part
section tee; echo teed | tee t1 t2; cat t1 t2
section tar; find tree -exec touch -h -d '2020-01-01 00:00:00' {} +; tar cf a.tar tree text; tar tvf a.tar; mkdir out; tar xf a.tar -C out; find out | sort; md5sum a.tar
section gzip; gzip -c text >t.gz; gunzip -c t.gz | cmp - text && echo same; gzip -t t.gz && echo sound; zcat t.gz | head -n 1
section gzip big; seq 1 20000 >big; gzip -9 -n big 2>/dev/null || gzip -9 big; gunzip big.gz; md5sum big
section bzip2; bzip2 -c text >t.bz2; bunzip2 -c t.bz2 | cmp - text && echo same; bzcat t.bz2 | tail -n 1; md5sum t.bz2
section lzop; lzop -c text >t.lzo 2>/dev/null && lzop -dc t.lzo | cmp - text && echo same
section cpio; find tree | sort | cpio -o -H newc 2>/dev/null >t.cpio; mkdir out2; (cd out2 && cpio -i 2>/dev/null <../t.cpio); find out2 | sort
section unexpand expand; printf 'a\tb\n' | expand -t 4; printf 'a       b\n' | unexpand -a
section diff; diff text text2; diff -u names numbers | tail -n +3
section patch; diff -u text text2 | sed '1,2s/	.*//' >p; cp text patched; patch patched <p; cmp patched text2 && echo same
section cmp; cmp text text2; cmp text text && echo equal
section date; date -u -d '2024-02-29 12:34:56' '+%Y-%m-%d %H:%M:%S %A %j %s'; date -u -d @86400; TZ=EST5EDT date -d @1700000000
section cal; cal 2 2024
section factor; factor 97 360 1000003
section bc dc; echo '2 3 + p' | dc; echo '7 6 * p' | dc
section env; env -i A=1 B=2 "$APPLETS/env" | grep '^[AB]=' | sort
section env export; X=hidden; export Y=seen; env | grep '^[XY]=' | sort
section id; id -u; id -un
section uname; uname -s
section yes; yes | head -n 3
section sleep; sleep 0.01 && echo slept
section usleep; usleep 1000 && echo slept
section timeout; timeout 5 "$APPLETS/echo" in time; timeout 0.2 "$APPLETS/sleep" 5; echo "status $?"
section time; (time "$APPLETS/true") 2>&1 | cut -c1-4 | sort | tr '\n' ' '; echo
section kill trap; (trap 'echo caught; exit 3' TERM; kill -TERM $(exec sh -c 'echo $PPID'); sleep 1); echo "status $?"
section wait; (sleep 0.05; exit 7) & wait $!; echo "status $?"
section mktemp; f=$(mktemp -p .); [ -f "$f" ] && echo made; rm "$f"
section mkfifo; mkfifo pipe; (echo through >pipe) & cat pipe; wait
section rm rmdir; rm -r out out2; mkdir e; rmdir e; rmdir tree 2>/dev/null || echo 'not empty'
section du; du -a tree2 | cut -f2 | sort
section shuf; seq 1 9 | shuf | sort -n | tr '\n' ' '; echo
section which; which nothing-like-this || echo absent
section dos2unix; printf 'a\r\nb\r\n' >dos; dos2unix dos; od -c dos; unix2dos dos; od -c dos
section ipcalc; ipcalc -n 192.168.1.77/26
section logname tty; tty </dev/null; echo "status $?"
section stat -f; [ "$(stat -f -c %l .)" -gt 10 ] && echo plausible
section sync; sync && echo synced
section link unlink; link text linked; unlink linked; [ -e linked ] || echo gone
section setsid; setsid "$APPLETS/sh" -c 'echo session' | cat
section ed; printf '1d\nw\nq\n' | ed -s names 2>/dev/null || printf '1d\nw\nq\n' | ed names; cat names
section sh pipeline; seq 1 100 | grep 7 | sed 's/7/seven/' | sort | tail -n 3
section sh subshells; x=1; (x=2; echo $x); echo $x; y=$(echo $(echo nested)); echo "$y"; { echo group; } | cat
section sh control; for i in 1 2 3; do case $i in 2) continue ;; esac; echo $i; done; n=0; while [ $n -lt 3 ]; do n=$((n + 1)); done; echo $n
section sh functions; f() { local v=$1; [ "$v" -le 1 ] && { echo 1; return; }; echo $((v * $(f $((v - 1))))); }; f 6
section sh expansion; v=hello.tar.gz; echo ${v%.*} ${v%%.*} ${v#*.} ${#v} ${u:-default} $((0x1f * 3)) *.gz
section sh here document; cat <<END
value $((1 + 1))
END
section sh read; while read -r a b; do echo "$b-$a"; done <text2
section sh redirection; { echo out; echo err >&2; } 2>&1 >/dev/null | cat; exec 5>five; echo fd5 >&5; exec 5>&-; cat five
section sh background; for i in 1 2 3; do (echo job $i >job$i) & done; wait; cat job1 job2 job3
section sh set; set -- a 'b c' d; echo $#; shift; echo "$1"; set -e; (false; echo not reached) || echo stopped
section end; echo done
