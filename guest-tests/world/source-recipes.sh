# Read by the scripts that build programs of Debian's source packages. Each recipe is
#   build_PROGRAM SOURCE OUTPUT LINKS COMPILER: from SOURCE, the folder of a source package, which it leaves as it is,
# the programs OUTPUT/PROGRAM-LINK, LINKS of which are `static`, `dynamic` or both. OUTPUT is there.

# Debian's own configuration, less what applets.sh does not use: whole sections go, but for a few applets.
configure_busybox() {
    awk '/^# [A-Z].* (Utilities|FS Progs)$/ || /^# Shells$/ {
            drop = /Console|klibc|Init|Login|Linux|Networking|Mail|Runit|System Logging|Print/
        }
        /^CONFIG_/ && drop && !/^CONFIG_(CAL|HEXDUMP|XXD|REV|SETSID|IPCALC|FEATURE_IPCALC_[A-Z_]*)=/ {
            sub(/=.*/, " is not set")
            $0 = "# " $0
        }
        /^CONFIG_EXTRA_CFLAGS=/ { $0 = "CONFIG_EXTRA_CFLAGS=\"-O1 -w\"" }   # quicker to build
        /CONFIG_STATIC[ =]/ { $0 = link == "static" ? "CONFIG_STATIC=y" : "# CONFIG_STATIC is not set" }
        { print }' link="$1"
}

# A C library has all that it needs: there are no trials without each. The second link compiles again only what asks
# how it is linked.
build_busybox() {
    local source=$1 output=$2 links=$3 compiler=$4 link
    local make=(make -s -C "$source" "O=$output" "CC=$compiler" "CROSS_COMPILE=${compiler%gcc-*}" LDLIBS= SKIP_STRIP=y)
    for link in $links; do
        configure_busybox "$link" <"$source/debian/config/pkg/static" >"$output/.config"
        # The answer to whatever is left to ask: no.
        { yes n || true; } 2>/dev/null | "${make[@]}" oldconfig && "${make[@]}" -j2 &&
            cp "$output/busybox" "$output/busybox-$link" || return 1
    done
}

# compile_and_link PROGRAM OUTPUT LINKS COMPILER FLAGS SOURCE...: a program of C sources and its libm.
compile_and_link() {
    local program=$1 output=$2 links=$3 compiler=$4 flags=$5 link object
    shift 5
    local source objects=()
    for source in "$@"; do
        object=$output/$(basename "$source").o
        # shellcheck disable=SC2086
        "$compiler" -O2 -w -ffp-contract=off $flags -c -o "$object" "$source" || return 1
        objects+=("$object")
    done
    for link in $links; do
        "$compiler" "$(link_flag "$link")" -o "$output/$program-$link" "${objects[@]}" -lm || return 1
    done
}
# Functions of libraries are bound when they are first called.
link_flag() { if [ "$1" = static ]; then echo -static; else echo -Wl,-z,lazy; fi; }

# Debian's package writes that header, with the folder where modules are looked for.
build_lua() {
    local source=$1 output=$2 sources
    shift
    mapfile -t sources < <(printf '%s\n' "$source"/src/*.c | grep -v /luac.c)
    echo '#define DEB_HOST_MULTIARCH "none"' >"$output/lua5.4-deb-multiarch.h"
    compile_and_link lua "$@" "-DLUA_USE_POSIX -I$output" "${sources[@]}"
}

# Its one large file is made of the package's sources, by Tcl and by programs that are built on the way. It prints
# with more digits where long double has more. And without sections of their own, gcc 12 of hppa calls functions that are
# far away through %r1, which it loads from a plabel only; a static program has addresses in their place.
build_sqlite3() {
    local source=$1 output=$2 links=$3 compiler=$4
    command -v tclsh >/dev/null || { echo "tclsh is missing"; return 1; }
    make -s -C "$output" -f "$source/main.mk" "TOP=$source" BCC=gcc-12 TCC=gcc-12 NAWK=awk sqlite3.c shell.c &&
        compile_and_link sqlite3 "$output" "$links" "$compiler" \
            "-ffunction-sections -DLONGDOUBLE_TYPE=double -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_ENABLE_FTS5 -DSQLITE_ENABLE_RTREE -DSQLITE_ENABLE_MATH_FUNCTIONS" \
            "$output"/{sqlite3,shell}.c
}

# Programs of our own, which look for what they load in their folder.
build_libraries() {
    local source=$1 output=$2 compiler=$4
    "$compiler" -O2 -Wall -Werror -shared -fPIC -o "$output/libplugin.so" "$source/plugin.c" &&
        "$compiler" -O2 -Wall -Werror -rdynamic -o "$output/libraries-dynamic" "$source/libraries.c"
}
build_exceptions() {
    local source=$1 output=$2 links=$3 compiler=${4%gcc-*}g++-${4##*gcc-} link
    for link in $links; do
        "$compiler" -O2 -Wall -Werror -fnon-call-exceptions -fasynchronous-unwind-tables -ffp-contract=off -pthread \
            "$(link_flag "$link")" -o "$output/exceptions-$link" "$source/exceptions.cc" || return 1
    done
}
