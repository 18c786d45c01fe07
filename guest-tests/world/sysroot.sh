# Read by the scripts that run dynamic programs of cross-libraries.txt.

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
