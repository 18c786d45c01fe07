# Read by the scripts of this folder: which tests there are, and on what they run.
all_abis=(x86-64 i386 aarch64 arm s390x)

tests_file="$(dirname "${BASH_SOURCE[0]}")/programs/list.txt"

# Every test as "test program abis expectation arguments".
list_tests() { grep -Ev '^(#|$)' "$tests_file"; }

# Is there a program of this name on this ABI? Programs no test names (benchmarks) run on all.
runs_on() {
    local abis
    abis=$(list_tests | awk -v program="$1" '$2 == program { print $3; exit }')
    [ -z "$abis" ] || [ "$abis" = all ] || [[ ",$abis," == *",$2,"* ]]
}
