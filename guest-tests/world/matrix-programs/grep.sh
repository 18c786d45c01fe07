# packages: grep dash coreutils
section() { echo "== $*"; }
printf 'banana 3 yellow\napple 10 red\ncherry 2 red\n' >text
section plain; grep red text; grep -v red text; grep -c a text; grep -n -i APPLE text; grep -o 'a[np]' text
section extended; grep -E '^(a|b)' text; grep -E '(an){2}' text; grep -E '[[:digit:]]{2}' text; egrep 'r+' text 2>/dev/null
section fixed; grep -F '3 y' text; printf 'red\nyellow\n' >patterns; grep -F -f patterns text; grep -w 1 text; echo "status $?"
section perl; grep -P '\d+(?= red)' -o text; grep -P '(?<!b)an' text; grep -P '^(\w)\w+ (\d)(?!\d)' text
section context; seq 1 20 | grep -A 2 -B 1 10; grep -m 1 r text; grep -L red text patterns; grep -l red text patterns
section recursive; mkdir -p d/e; cp text d/e/f; printf 'a\0red\n' >d/binary; grep -r red d | sort; grep -r --include=f -c red d | sort; grep -c red - <text
section back-references; printf 'abab\nabba\n' | grep '\(ab\)\1'; printf 'level\nother\n' | grep -E '^(.)(.).\2\1$'
section big; seq 1 200000 | grep -c 7; seq 1 200000 | grep -E '^1.*9$' | tail -n 1; yes xyz | head -n 100000 | grep -c -v xyz
section colours; echo one two | grep --color=always two | od -c | head -n 3
section end
