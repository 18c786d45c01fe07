# Read by the scripts that use cross-libraries.txt.
world_folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# The rows of cross-libraries.txt with whole paths; what `toolchains` has is there then.
cross_libraries() {
    "$world_folder/toolchains" && grep -Ev '^(#|$)' "$world_folder/cross-libraries.txt" | sed "s# cache/# $world_folder/cache/#g"
}

# make_sysroot FOLDER LIBRARY INTERPRETER SHARED...: what they need, from a folder of cross-libraries.txt. Their
# interpreter may be beside that, and another ABI's be in it: Debian puts those where programs name them.
make_sysroot() {
    local sysroot=$1 library=$2 interpreter=$3 linker
    shift 3
    linker=${library%/*}$interpreter
    [ -e "$linker" ] || linker=$library/${interpreter##*/}
    mkdir -p "$sysroot/tmp" "$sysroot${interpreter%/*}"
    cp -L "$linker" "${@/#/$library/}" "$sysroot${interpreter%/*}"
}
