# Read by the scripts of this folder: which tests there are, on what they run, and how to use every processor.
lists_folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tests_file=$lists_folder/programs/list.txt

# One column of abis.txt and abis-without-engine.txt: the line of ABI $1, column $2.
abi_fact() {
    awk -v abi="$1" -v column="$2" '$1 == abi { print $column }' "$lists_folder/abis.txt" "$lists_folder/abis-without-engine.txt"
}
# The qemu-user program of an ABI; `-` = there is none.
qemu_of() { abi_fact "$1" 2; }
# Is the machine itself a reference for an ABI? A kernel of x86-64 may run no 32-bit programs: that is said once, on
# standard output.
runs_natively() {
    case $1 in x86-64 | i386) ;; *) return 1 ;; esac
    [ "$(uname -m)" = x86_64 ] || return 1
    "$lists_folder/prebuilt/$1/hello" >/dev/null 2>&1
    [ $? -ne 126 ] && return
    echo "$1: this machine's kernel runs no programs of it, so there is nothing native to compare with"
    return 1
}
mapfile -t all_abis < <(awk '!/^(#|$)/ { print $1 }' "$lists_folder/abis.txt")
# These, and the ABIs whose programs only qemu-user runs so far.
mapfile -t built_abis < <(awk '!/^(#|$)/ { print $1 }' "$lists_folder/abis.txt" "$lists_folder/abis-without-engine.txt")

# Every test as "test program abis expectation arguments".
list_tests() { grep -Ev '^(#|$)' "$tests_file"; }

# Is there a program of this name on this ABI? Programs no test names (benchmarks) run on all.
runs_on() {
    local abis
    abis=$(list_tests | awk -v program="$1" '$2 == program { print $3; exit }')
    [ -z "$abis" ] || [ "$abis" = all ] || [[ ",$abis," == *",$2,"* ]]
}

# in_parallel FUNCTION ITEM...: calls FUNCTION ITEM for each, in a subshell, as many at a time as there
# are processors, and prints what each has printed in the order of the items. Fails when one of them does.
# Like every function, it is not left at an error where its own result is asked for (`||`, `if`).
in_parallel() {
    local function=$1 folder item started=0 shown=0 failed=0 option
    shift
    [[ $- == *e* ]] && option=-e || option=+e
    folder=$(mktemp -d)
    show_next() {   # waits for the next one in order
        until [ -e "$folder/$shown.status" ]; do wait -n || true; done
        cat "$folder/$shown"
        [ "$(cat "$folder/$shown.status")" = 0 ] || failed=1
        shown=$((shown + 1))
    }
    for item in "$@"; do
        while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do wait -n || true; done
        {
            set +e
            (set $option; "$function" "$item")
            echo $? >"$folder/$started.status"
        } >"$folder/$started" 2>&1 &
        started=$((started + 1))
        while [ -e "$folder/$shown.status" ]; do show_next; done
    done
    while [ "$shown" -lt "$started" ]; do show_next; done
    rm -rf "$folder"
    return "$failed"
}
