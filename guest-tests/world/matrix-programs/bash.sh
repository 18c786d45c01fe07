# packages: bash dash coreutils sed grep
# seconds: 600
cat >script <<'SCRIPT'
section() { echo "== $*"; }

section arrays
a=(one two 'three four' five)
echo "${#a[@]} ${a[2]} ${a[-1]}"
a+=(six)
unset 'a[1]'
echo "${!a[@]}" "${a[@]:2:2}"
declare -A map=([red]=1 [green]=2 [blue]=3)
for key in $(printf '%s\n' "${!map[@]}" | sort); do echo "$key=${map[$key]}"; done
mapfile -t lines < <(seq 1 5)
echo "${lines[@]/#/n}"

section expansion
v=Hello.World.txt
echo "${v^^} ${v,,} ${v//o/0} ${v/#Hello/Bye} ${v/%txt/md} ${v:6:5} ${v: -3}"
echo {a..e} {01..10..3} pre{x,y{1,2}}post
name=v; echo "${!name}"
printf -v formatted '%08.3f|%q' 3.14159 "it's"; echo "$formatted"
echo "${v@Q}" $'tab\there' "$(( 16#ff + 2#101 ))"
shopt -s extglob; echo "${v##@(Hello|Bye).}" "${v%%.*([a-z])}"

section tests
[[ $v =~ ^([A-Za-z]+)\.([A-Za-z]+)\.(.*)$ ]] && echo "${BASH_REMATCH[1]} ${BASH_REMATCH[3]}"
[[ abc < abd && -n $v && ! -e nothing ]] && echo true
case $v in *.md) echo no ;;& *.txt) echo text ;;& Hello*) echo hello ;; esac

section arithmetic
(( x = 5, x = x ** 3, x %= 17 )); echo $x
for ((i = 0, s = 0; i < 1000; i++)); do ((s += i * i)); done; echo $s
let 'y = x << 3 | 1'; echo $y $((9223372036854775807 + 1))

section functions
fib() { local n=$1; if ((n < 2)); then echo "$n"; else echo $(( $(fib $((n - 1))) + $(fib $((n - 2))) )); fi; }
fib 8
outer() { local -n reference=$1; reference=changed; }
outer target; echo "$target"
recurse() { ((depth++)); ((depth < 200)) && recurse; }
depth=0; recurse; echo $depth

section process substitution
diff <(seq 1 5) <(seq 2 6) >/dev/null || echo different
cat <(echo first) <(echo second)
echo hello | tee >(tr a-z A-Z >upper) >/dev/null; sleep 0.2; cat upper
while read -r n; do ((total += n)); done < <(seq 1 100); echo $total
paste <(seq 1 3) <(seq 4 6)

section pipelines
set -o pipefail
false | true; echo $? "${PIPESTATUS[@]}"
true | (exit 3) | true; echo "${PIPESTATUS[@]}"
set +o pipefail
shopt -s lastpipe; echo value | read -r got; echo "$got"; shopt -u lastpipe
seq 1 1000 | sort -rn | head -n 3 | tr '\n' ' '; echo
yes | head -n 1000 | wc -l

section traps
trap 'echo term; seen=1' TERM
kill -TERM $$; echo "seen $seen"
trap - TERM
trap 'echo usr1' USR1
(sleep 0.1; kill -USR1 $$) &
wait $!; wait; echo waited
trap - USR1
(trap 'echo leaving; exit 9' EXIT; exit 4); echo $?
(trap 'echo "line fails"' ERR; false; true)
(trap 'echo debug' DEBUG; :) | head -n 1
(trap 'echo returned' RETURN; f() { :; }; f; declare -ft f; f)
bash -c 'trap "" INT; kill -INT $$; echo survived'
bash -c 'trap "echo int; exit 5" INT; kill -INT $$'; echo $?
bash -c 'trap "echo child" CHLD; (exit 0) & wait; wait; :' | sort -u
bash -c 'sleep 5 & trap "kill $!; echo stopped; exit 6" TERM; (sleep 0.2; kill -TERM $$) & wait'; echo $?

section jobs
wait; jobs >/dev/null
sleep 30 & first=$!
sleep 31 & second=$!
jobs | sed 's/  */ /g'
kill %?30; wait "$first"; echo $?
kill -KILL "$second"; wait "$second" 2>/dev/null; echo $?
{ for n in 3 1 2; do (sleep 0.$n; echo "job $n") & done; wait; } | sort
(exit 11) & (exit 12) & wait -n; wait; echo over
disown -a; set -m
sleep 0.1 & fg %1 >/dev/null; echo $?
sleep 20 & kill -STOP %1; sleep 0.1; jobs | grep -c Stopped; kill -CONT %1; sleep 0.1; jobs | grep -c Running; { kill %1; wait; jobs; } >/dev/null 2>&1
set +m
( : & echo $(( $! > 0 )) )

section coproc
coproc UPPER { while read -r line; do echo "${line^^}"; done; }
echo shout >&"${UPPER[1]}"
read -r answer <&"${UPPER[0]}"; echo "$answer"
exec {UPPER[1]}>&-; wait "$UPPER_PID"; echo $?

section redirection
exec {fd}>file; echo "to $((fd > 9))" >&"$fd"; exec {fd}>&-; cat file
{ echo out; echo err >&2; } &>both; sort both
cat <<<"here string"
cat <<-END_OF_TEXT
	indented $((1 + 1))
	END_OF_TEXT
exec 3<>rw; echo text >&3; exec 3>&-; cat rw
echo noclobber >nc; set -C; (echo again >nc) 2>/dev/null || echo refused; echo again >|nc; cat nc; set +C
read -r -t 0.1 nothing < <(sleep 1); echo $((  $? > 128 ))
read -r -N 3 three <<<abcdef; echo "$three"; IFS=, read -ra parts <<<'a,b,,c'; echo "${#parts[@]}"

section limits
ulimit -n >/dev/null && echo descriptors; (ulimit -n 20; ulimit -n)
(ulimit -c 0; ulimit -c); (ulimit -f 1; head -c 5000 /dev/zero >large) 2>/dev/null; kill -l $?

section variables
echo "${BASH_VERSINFO[0]}" $((SECONDS < 100000)) $((RANDOM < 32768)) "$SHLVL" $((EUID >= 0)) $(( ${#HOSTNAME} > 0 ))
(exit 42); echo $?; readonly fixed=1; (fixed=2) 2>/dev/null || echo readonly
[ "$BASHPID" = "$(exec bash -c 'echo $PPID')" ] && echo own
( [ "$BASHPID" != $$ ] && echo subshell )
export SEEN=1; bash -c 'echo $SEEN'; env -i "$BASH" -c 'echo "[$SEEN]"'
f() { echo exported; }; export -f f; bash -c f
{ time -p true; } 2>&1 | cut -d' ' -f1

section directories
mkdir -p d/e; pushd d >/dev/null; pushd e >/dev/null; dirs | wc -w; popd >/dev/null; cd ~-; cd "$OLDPWD"; cd ..
shopt -s globstar nullglob; mkdir -p t/u/v; : >t/u/v/w; echo t/**; echo none*; shopt -u nullglob
cd d/../d/e/./..; echo "${PWD##*/}"; cd -P ..; type -t cd ls f if; hash -r; command -v sh | sed 's,.*/,,'

section errors
bash -c 'set -e; false; echo not reached'; echo $?
bash -c 'set -u; echo $unset_variable' 2>/dev/null; echo $?
bash -c 'nothing-like-this' 2>/dev/null; echo $?
bash -c 'if' 2>/dev/null; echo $?
bash -n -c 'echo fine'; echo $?
{ bash -c 'kill -SEGV $$'; } 2>/dev/null; echo $?
bash -c 'exec ./d' 2>/dev/null; echo $?
bash -xc 'echo traced' 2>&1

section getopts
parse() { local OPTIND o; while getopts ab:c o; do echo "$o ${OPTARG-}"; done; shift $((OPTIND - 1)); echo "rest $*"; }
parse -a -b value -c one two
select choice in x y; do echo "chose $choice"; break; done <<<2 2>/dev/null
printf '%s\n' "$(printf 'a\nb\n\n\n')" | wc -l
printf '%(%Y-%m-%d)T\n' 86400; printf '%b|%5s|%-5s|%+d\n' 'a\nb' r l 5
END_MARK=1; echo "$(( END_MARK ))"
section end
SCRIPT
exec bash script
