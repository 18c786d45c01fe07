# packages: mawk dash coreutils
exec 2>&1
section() { echo "== $*"; }
AWK=mawk
printf 'banana 3 yellow\napple 10 red\ncherry 2 red\ndate 7 brown\n' >text
section fields; $AWK '{ s += $2; n[$3]++ } END { print s; for (k in n) print k, n[k] }' text | sort; $AWK -F: '{ print $3, NF }' /etc/passwd | head -n 1
section patterns; $AWK '/red/ && $2 > 5 || NR == 1 { print NR ": " $0 }' text; $AWK '/apple/, /cherry/' text; $AWK 'END { print NR }' text
section functions; $AWK 'function f(n) { return n < 2 ? n : f(n - 1) + f(n - 2) } BEGIN { print f(18) }'; $AWK 'BEGIN { printf "%.6f %.6f %.6f %d %s\n", atan2(1, 1) * 4, exp(1), sqrt(2), 2^30, toupper("abc"); print substr("hello", 2, 3), index("hello", "l"), length("xyz"), split("a:b:c", p, ":"), p[2]; print int(-3.7), log(10), sin(1), cos(1) }'
section strings; $AWK 'BEGIN { s = "aaa"; n = gsub(/a/, "b&", s); print n, s; sub(/b/, "[&]", s); print s; if (match("foobar", /o+/)) print RSTART, RLENGTH; print sprintf("%5.2f|%-8s|%c|%x|%e", 3.14159, "left", 65, 255, 12345.678) }'
section input; $AWK 'BEGIN { while ((getline line < "text") > 0) n++; close("text"); print n; "echo from command" | getline x; print x; print "sorted" | "cat"; close("cat"); system("echo from system"); print ENVIRON["TZ"] }'
section output; $AWK '{ print $1 > ($3 ".out") }' text; cat red.out; $AWK 'BEGIN { print "to error" > "/dev/stderr"; exit 3 }' 2>&1; echo "status $?"
section variables; $AWK -v v=5 'BEGIN { OFS = "-"; $0 = "a b c"; $2 = v; print; print NF; SUBSEP = ","; a[1, 2] = 3; for (k in a) print k; print (1, 2) in a; delete a; print length(v) }'; $AWK 'BEGIN { RS = ""; FS = "\n" } { print NF }' <<EOF
a
b

c
EOF
section numbers; $AWK 'BEGIN { print 1e6, 1e300 * 10, 0.1 + 0.2, 10000 * 10000, 1 / 3; print substr("x", 0), -2 ^ 2, 7 % 3, 2 ^ 10; srand(1); r = rand(); print (r >= 0 && r < 1) }'
section big; seq 1 100000 | $AWK '{ s += $1; a[$1 % 1000] += $1 } END { printf "%.0f\n", s; for (k in a) n++; print n, a[7] }'; yes word | head -n 20000 | $AWK '{ s = s substr($0, 1, 1) } END { print length(s) }'
section end
