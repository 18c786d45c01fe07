# packages: findutils grep sed dash coreutils
section() { echo "== $*"; }
umask 022
mkdir -p tree/a/b tree/c; echo deep >tree/a/b/deep; : >tree/empty; seq 1 2000 >tree/numbers; ln -s numbers tree/soft; ln -s nowhere tree/broken; mkfifo tree/fifo; chmod 640 tree/numbers
touch -h -d '2020-01-01' tree/empty; touch -d '2021-01-01' tree/numbers
section names; find tree -name 'n*' | sort; find tree -iname 'DEEP'; find tree -path '*/b/*'; find tree -regex '.*/[ab]' | sort
section types; for t in f d l p; do find tree -type $t | sort; done; find -L tree -type l; find tree -xtype l
section sizes; find tree -empty | sort; find tree -size +8k; find tree -type f -size -2 | sort
section times; find tree -newer tree/empty -type f | sort; find tree -newermt 2020-06-01 ! -newermt 2022-01-01 -type f
section permissions; find tree -perm 640; find tree -perm -100 -type d | wc -l; find tree -user "$(id -u)" | wc -l
section depth; find tree -maxdepth 1 | sort; find tree -mindepth 2 | sort; find tree -depth -name b; find tree -name a -prune -o -print | sort
section actions; find tree -type f -exec basename {} \; | sort; find tree -type f -exec echo {} + | wc -w; find tree/a -execdir echo in {} \; | sort; find tree -name deep -printf '%f %s %m %y %h %d\n'; find tree -name empty -print0 | od -c | tail -n 2
section delete; mkdir -p gone/x; : >gone/x/f; find gone -delete; [ -e gone ] || echo gone; find tree -name c -ok true \; </dev/null 2>/dev/null; find nothing 2>/dev/null; echo "status $?"
section xargs; seq 1 10 | xargs -n 3 echo; printf 'a b\0c\0' | xargs -0 -n 1 echo; seq 1 6 | xargs -P 3 -n 1 sh -c 'echo $((2 * $0))' | sort -n; echo x | xargs -I{} echo '{}-{}'; seq 1 3 | xargs -n 1 false; echo "status $?"; seq 1 50000 | xargs echo | wc -w; echo | xargs -r echo nothing
section logic; find tree \( -name a -o -name c \) -a -type d | sort; find tree -type f -not -name 'n*' | sort; find tree -samefile tree/numbers; find tree -links 1 -type f | sort
section locate; updatedb --version >/dev/null 2>&1; echo ran
section end
