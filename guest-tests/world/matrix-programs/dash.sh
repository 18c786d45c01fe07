# packages: dash coreutils
section() { echo "== $*"; }
section arithmetic; echo $((7 * 6)) $((0x7fffffff + 1)) $((-17 / 5)) $((-17 % 5)) $((1 << 40))
section expansion; v=hello.tar.gz; echo "${v%.*} ${v%%.*} ${v#*.} ${#v} ${u:-default}"; set -- a 'b c' d; echo "$# $2" "$@"; IFS=:; set -- $(echo x:y:z); echo "$2"; unset IFS
section functions; f() { local n=$1; [ "$n" -le 1 ] && { echo 1; return; }; echo $((n * $(f $((n - 1))))); }; f 10
section pipes; seq 1 100 | while read -r n; do [ $((n % 25)) = 0 ] && echo "n $n"; done; echo a b c | { read -r x y; echo "$y $x"; }
section here document; cat <<EOF
value $((1 + 1)) $(echo nested $(echo twice))
EOF
section redirection; { echo out; echo err >&2; } 2>&1 >/dev/null | cat; exec 5>five; echo fd5 >&5; exec 5>&-; cat five; cat <five >six 2>&1; cat six
section globs; mkdir g; : >g/a1; : >g/b2; : >g/.hidden; echo g/* g/[a]* g/?2 g/none*
section case; for w in apple banana 42; do case $w in a*) echo starts ;; [0-9]*) echo number ;; *) echo other ;; esac; done
section traps; (trap 'echo caught; exit 3' TERM; kill -TERM "$(exec sh -c 'echo $PPID')"; sleep 1); echo "status $?"; sh -c 'trap "echo leaving" EXIT; exit 4'; echo "status $?"
section signals; sh -c 'kill -9 $$'; echo "status $?"; sh -c 'kill -SEGV $$' 2>/dev/null; echo "status $?"
section background; (sleep 0.05; exit 7) & wait $!; echo "status $?"; for i in 1 2 3; do (echo "job $i" >"job$i") & done; wait; cat job1 job2 job3
section errors; sh -c 'set -e; false; echo not reached'; echo "status $?"; ./missing 2>/dev/null; echo "status $?"; : >plain; ./plain 2>/dev/null; echo "status $?"
section scripts; printf '#!/bin/sh\necho script "$@"\n' >script; chmod +x script; ./script one two; printf 'echo no line\n' >bare; chmod +x bare; ./bare
section read; printf 'a b\\ c d\nlast' | { read -r x y; echo "$x|$y"; read z; echo "$z $?"; }
section printf; printf '%05d|%-6s|%x|%c|%s\n' 42 ab 255 z 'a b'; printf '\101\n'
section test; [ -e five ] && [ ! -e nothing ] && [ -d g ] && [ 3 -lt 20 ] && [ abc != abd ] && echo all
section times; times | wc -l; umask 027; umask; : >masked; ls -l masked | cut -c1-10
section end
