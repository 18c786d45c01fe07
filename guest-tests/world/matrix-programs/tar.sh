# packages: tar gzip bzip2 xz-utils zstd dash coreutils grep
section() { echo "== $*"; }
umask 022
mkdir -p tree/a/b; seq 1 1000 >tree/numbers; echo deep >tree/a/b/deep; ln -s numbers tree/soft; ln tree/numbers tree/hard; mkfifo tree/fifo; truncate -s 1M tree/sparse; chmod 750 tree/a
long=$(printf 'n%.0s' $(seq 1 120)); : >"tree/$long"
touch -h -d '2020-01-01 00:00:00' tree/* tree/a/b/deep tree/a/b tree/a tree
section create; tar --sort=name --owner=0 --group=0 -cf a.tar tree; md5sum <a.tar; tar -tvf a.tar --numeric-owner
section extract; mkdir out; tar -xf a.tar -C out; ls -R out; cmp out/tree/numbers tree/numbers && stat -c '%a %Y %h' out/tree/a out/tree/numbers; readlink out/tree/soft
section sparse; tar -cSf s.tar tree/sparse; [ "$(stat -c %s s.tar)" -lt 100000 ] && echo small; rm -r out; mkdir out; tar -xf s.tar -C out; cmp out/tree/sparse tree/sparse && echo same
section append; echo more >more; tar -rf a.tar more; tar -tf a.tar | tail -n 1; tar --delete -f a.tar more; tar -tf a.tar | grep -c more 2>/dev/null; tar -df a.tar && echo equal
section formats; for f in v7 ustar pax gnu oldgnu; do tar --format=$f --sort=name -cf f.tar tree/a && tar -tf f.tar | wc -l; done
section compressors; for c in z j J; do tar -c${c}f c.tar tree/a && tar -t${c}f c.tar | wc -l; done; tar --zstd -cf c.tar tree/a && tar -tf c.tar | wc -l
section pipes; tar -cf - tree/a | tar -xf - -C out; cat out/tree/a/b/deep; tar -xOf a.tar tree/a/b/deep; tar --exclude=numbers -cf - tree | tar -tf - | wc -l
section transform; tar -cf t.tar --transform='s,tree,renamed,' tree/a; tar -tf t.tar
section incremental; tar -g snapshot -cf i0.tar tree; echo new >tree/new; tar -g snapshot -cf i1.tar tree; tar -tf i1.tar | grep new
section end
