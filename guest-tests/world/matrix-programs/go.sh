# packages: age fzf restic dash coreutils grep findutils diffutils
# Three programs in Go: goroutines, channels, timers, files, cryptography.
section() { echo "== $*"; }
export GOMAXPROCS=4
seq 1 20000 >numbers
section filter; fzf --filter 777 <numbers | sort -n | cksum; fzf --filter "^1 9$" <numbers | wc -l; fzf --filter nothing <numbers; echo "status $?"
section keys; age-keygen -o key 2>&1 | cut -c1-16; grep -c AGE-SECRET-KEY key
recipient=$(age-keygen -y key)
section encryption; age -r "$recipient" -o sealed numbers && age -d -i key sealed | cmp - numbers && echo same; head -n 1 sealed
printf x >>sealed; age -d -i key sealed 2>&1 >/dev/null | grep -c error
section repository; export RESTIC_PASSWORD=secret RESTIC_REPOSITORY=repository
restic init -q && mkdir data && cp numbers data/a && seq 5 500000 >data/b && restic backup -q data && restic snapshots -q --json | grep -o '"paths":\[[^]]*data"\]' | grep -c data
echo more >>data/a; restic backup -q data; restic snapshots -q --json | grep -o '"short_id"' | wc -l
section restore; restic restore latest -q --target restored; find restored -name a -exec cmp {} data/a \; -exec echo same \; ; find restored -name b -exec cmp {} data/b \; -exec echo same \;
section check; restic check 2>&1 | tail -n 1; restic forget -q --keep-last 1 --prune; restic snapshots -q --json | grep -o '"short_id"' | wc -l; RESTIC_PASSWORD=wrong restic snapshots >/dev/null 2>&1; echo "status $?"
section end
