"""Who finds the functions of the images, by whose rules: a table for `check --parsers`.

glibc   a program of each ABI's C library, static and dynamic, calls clock_gettime under Postern, and the
        trace of vDSO calls shows the image's function
musl    the same with Debian's musl of the ABI
Linux   the reference parser of the kernel's tests: DT_HASH (or the GNU table), name and version. Its code
        itself runs in guest-tests/world/vdso-selftests
Go      its runtime's rules: the GNU table if there is one, a version definition whose hash and name are the
        architecture's, functions that are global or weak. Of GO_ITSELF the runtime too, in a program
readelf, elfutils, gdb   their own programs list the function, or say at which address it is
unwind  Debian's libunwind finds the way from signal handlers through the trampoline, out of the image's clock too
"""

import re
import subprocess

import libraries
from elf_image import DT, lookup_gnu, lookup_sysv, sysv_hash

STT_NOTYPE, STT_FUNC, STB_GLOBAL, STB_WEAK, BASE_VERSION = 0, 2, 1, 2, 1
# What Go's runtime looks up: the version, and the functions.
GO = {
    "x86-64": ("LINUX_2.6", "__vdso_gettimeofday __vdso_clock_gettime __vdso_getrandom"),
    **dict.fromkeys(("i386", "arm", "mips-n64", "mipsel-n64"), ("LINUX_2.6", "__vdso_clock_gettime")),
    "aarch64": ("LINUX_2.6.39", "__kernel_clock_gettime __kernel_getrandom"),
    **dict.fromkeys(("ppc64", "ppc64le"), ("LINUX_2.6.15", "__kernel_clock_gettime __kernel_getrandom")),
    "riscv64": ("LINUX_4.15", "__vdso_clock_gettime __vdso_getrandom"),
    "s390x": ("LINUX_2.6.29", "__kernel_clock_gettime __kernel_getrandom"),
}
# Where a Go program is started: the release of Debian 12 takes aarch64's names for others' (its hash values
# are those of __vdso_clock_gettime), and finds them on no kernel with a GNU table.
GO_ITSELF = {"x86-64": "amd64", "i386": "386", "arm": "arm", "ppc64le": "ppc64le", "s390x": "s390x"}
ABIS = ("x86-64 i386 x32 aarch64 arm mips-o32 mips-n32 mips-n64 mipsel-o32 mipsel-n32 mipsel-n64 ppc32 ppc64 ppc64le riscv64 "
        "riscv32 s390x s390 sh4 sh4eb parisc").split()
PACKAGES = libraries.packages()
MUSL_LOOKS_NOT = {"arm", "ppc64le", "riscv64", "s390x"}
NONE = {
    **{("musl", abi): "Debian's musl of this ABI makes system calls" if abi in MUSL_LOOKS_NOT else "Debian has no musl of this ABI"
       for abi in ABIS if "musl-dev" not in PACKAGES.get(abi, ())},
    **{("unwind", abi): "Debian has no libunwind of this ABI" for abi in ABIS if "libunwind8" not in PACKAGES.get(abi, ())},
    ("glibc", "riscv32"): "Debian has no C library of this ABI",
    ("glibc", "sh4"): "its C library looks for nothing",
    ("glibc", "sh4eb"): "Debian has no C library of this ABI",
    ("glibc", "parisc"): "its C library looks for nothing",
    **dict.fromkeys((("Go", abi) for abi in ("x32", "mips-n32", "mipsel-n32", "ppc32", "riscv32", "s390", "sh4", "sh4eb", "parisc")),
                    "Go has not this architecture"),
    **dict.fromkeys((("Go", abi) for abi in ("mips-o32", "mipsel-o32")), "Go makes system calls there"),
}
# Cells that say yes of less than all.
NOTES = {
    ("unwind", "ppc64le"): "with libunwind's cache switched off: it forgets which frames are signals', which unwind_cache.c shows under "
                           "qemu-user without any vDSO",
    ("unwind", "i386"): "in the image's clock half of all walks are enough: libunwind loses its way in the C library, under Linux itself too",
}
COLUMNS = ("glibc", "musl", "Linux", "Go", "readelf", "elfutils", "gdb", "unwind")


def versions_by_name(elf, tags):
    """Index by name of every version but the base, if its stored hash is that of its name."""
    found, offset = {}, tags[DT["VERDEF"]]
    while True:
        _, flags, index, _, stored, aux, following = elf.fields("HHHHIII", offset)
        name, _ = elf.fields("II", offset + aux)
        name = elf.string(tags[DT["STRTAB"]] + name)
        if not flags & BASE_VERSION and stored == sysv_hash(name):
            found[name] = index
        if following == 0:
            return found
        offset += following


def finds(elf, tags, name, version, entry_size, kinds, prefer_gnu):
    """A lookup as both parsers do it, of symbols of these types."""
    symbols = elf.symbols(tags)
    if DT["GNU_HASH"] in tags and prefer_gnu:
        index = lookup_gnu(elf, tags[DT["GNU_HASH"]], symbols, name, version)
    else:
        index = lookup_sysv(elf, tags[DT["HASH"]], symbols, name, entry_size, version)
    symbol = symbols[index]
    return (index != 0 and symbol["kind"] in kinds and symbol["binding"] in (STB_GLOBAL, STB_WEAK)
            and symbol["section"] != 0 and symbol["version"] == version and version in versions_by_name(elf, tags))


def output_of(*command):
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    return result.stdout if result.returncode == 0 and "warning" not in result.stderr.lower() else ""


def told(abi, wrong):
    """Prints what was seen instead of what was wanted."""
    if wrong:
        print(f"{abi}: {wrong}")
    return not wrong


def row(abi, image, elf, exports, expected, prefix, postern, work):
    """Does it find them? By column; those that NONE explains are left out."""
    tags = elf.dynamic()
    functions = [(symbol, version) for symbol, version, function in exports if function != "datapage_offset"]
    listing = output_of(f"{prefix}-readelf", "-W", "--dyn-syms", "--version-info", image)
    other = output_of("eu-readelf", "--symbols=.dynsym", image)
    asked = [f"-ex=info address {symbol}" for symbol, _ in functions]
    answers = output_of("gdb-multiarch", "-nx", "-batch", *asked, image)
    result = {
        "Linux": all(finds(elf, tags, symbol, version, expected["hash_entry"], {STT_FUNC, STT_NOTYPE}, False)
                     for symbol, version in functions),
        "readelf": all(re.search(rf" {symbol}@@?{re.escape(version)}$", listing, re.M) for symbol, version in functions),
        "elfutils": all(re.search(rf" {symbol}@@?{re.escape(version)}$", other, re.M) for symbol, version in functions),
        "gdb": all(re.search(rf'Symbol "{symbol}" is at 0x', answers) for symbol, _ in functions),
    }
    if abi in GO:
        version, names = GO[abi]
        result["Go"] = all(finds(elf, tags, name, version, 4, {STT_FUNC}, True) for name in names.split())
    if abi in GO_ITSELF:
        result["Go"] &= told(abi, libraries.go_runtime(abi, GO_ITSELF[abi], image, postern, work))
    for column, look in (("glibc", libraries.glibc), ("musl", libraries.musl), ("unwind", libraries.libunwind)):
        if (column, abi) not in NONE:
            result[column] = told(abi, look(abi, image, postern, work))
    return result


def show(rows):
    """The table as text, with the reasons below."""
    reasons = list(dict.fromkeys((*NONE.values(), *NOTES.values())))

    def cell(abi, cells, column):
        if column not in cells:
            return f"({reasons.index(NONE[column, abi]) + 1})"
        note = f"({reasons.index(NOTES[column, abi]) + 1})" if (column, abi) in NOTES else ""
        return ("yes" if cells[column] else "NO") + note

    lines = [f"{'':12}" + "".join(f"{column:>10}" for column in COLUMNS)]
    for abi, cells in rows.items():
        lines.append(f"{abi:12}" + "".join(f"{cell(abi, cells, column):>10}" for column in COLUMNS))
    return "\n".join([*lines, *(f"({i}) {reason}" for i, reason in enumerate(reasons, 1))])
