# packages: sed dash coreutils
section() { echo "== $*"; }
printf 'banana 3 yellow\napple 10 red\ncherry 2 red\n' >text
section substitute; sed -e 's/apple/APPLE/' -e '2d' text; sed 's/\([a-z]*\) \([0-9]*\)/\2 \1/' text; sed -E 's/(\w+) (\w+)/\U\2 \l\1/g' text; sed 's/a/X/2g' text
section addresses; sed -n '2,3p' text; sed -n '/apple/,/red/p' text; sed '$!d' text; seq 1 10 | sed -n '0~3p'; seq 1 10 | sed '2,4!d;=' 
section commands; sed 'y/abc/xyz/' text; sed '1i\first' text; sed '1a after' text; sed '2c changed' text; sed 5q text; seq 1 3 | sed 'G;N;P;D' | head -n 6
section hold; seq 1 5 | sed -n '1!G;h;$p'; seq 1 4 | sed 'N;s/\n/+/'
section branches; echo aaaa | sed ':a;s/^\(x*\)a/\1x/;ta'; echo 1234567 | sed -E ':a;s/^([0-9]+)([0-9]{3})/\1,\2/;ta'
section in place; cp text copy; sed -i.old 's/red/blue/' copy; cat copy copy.old; sed -n 'w written' text; cat written; sed -s -n '$p' text copy
section execute; echo 'echo executed' | sed e; sed -z 's/\n/;/g' text; echo; sed --posix -n 'l 20' text
section big; seq 1 100000 | sed 's/9/nine/g' | md5sum; seq 1 100000 | sed -n '$='
section end
