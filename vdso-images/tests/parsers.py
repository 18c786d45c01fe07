"""Who finds the functions of the images, by whose rules: a table for `check --parsers`.

glibc   a program of each ABI's C library, static and dynamic, calls clock_gettime under Postern, and the
        trace of vDSO calls shows the image's function
Linux   the reference parser of the kernel's tests: DT_HASH (or the GNU table), name and version. Its code
        itself runs in guest-tests/world/vdso-selftests
Go      its runtime: the GNU table if there is one, a version definition whose hash and name are the
        architecture's, functions that are global or weak
readelf, elfutils, gdb   their own programs list the function, or say at which address it is
"""

import re
import subprocess
from pathlib import Path

from elf_image import DT, lookup_gnu, lookup_sysv, sysv_hash

WORLD = Path(__file__).resolve().parents[2] / "guest-tests" / "world"
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
NONE = {
    ("glibc", "riscv32"): "Debian has no C library of this ABI",
    ("glibc", "sh4"): "its C library looks for nothing",
    ("glibc", "parisc"): "there is no engine yet",
    **dict.fromkeys((("Go", abi) for abi in ("x32", "mips-n32", "mipsel-n32", "ppc32", "riscv32", "s390", "sh4", "parisc")),
                    "Go has not this architecture"),
    **dict.fromkeys((("Go", abi) for abi in ("mips-o32", "mipsel-o32")), "Go makes system calls there"),
}
COLUMNS = ("glibc", "Linux", "Go", "readelf", "elfutils", "gdb")


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


def glibc_libraries():
    """The first C library of each ABI."""
    rows = {}
    for line in (WORLD / "cross-libraries.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            _, abi, compiler, library, interpreter = line.split()
            rows.setdefault(abi, (compiler.split(","), library, interpreter))
    return rows


def calls_through_glibc(abi, image, postern, work):
    compiler, library, interpreter = glibc_libraries()[abi]
    source = work / "clock.c"
    source.write_text("#include <time.h>\nint main(void) { struct timespec now; return clock_gettime(CLOCK_REALTIME, &now); }\n")
    sysroot = work / abi
    subprocess.run(["bash", "-c", '. "$0/sysroot.sh"; make_sysroot "$@"', WORLD, sysroot, library, interpreter, "libc.so.6"],
                   check=True)
    for flags in (["-static"], []):
        program, trace = work / "clock", work / "trace"
        subprocess.run([*compiler, "-O1", *flags, "-o", program, source], check=True)
        result = subprocess.run([postern, "run", "--vdso", image, "--trace", "vdso", "--trace-file", trace,
                                 "--sysroot", sysroot, "--env", f"LD_LIBRARY_PATH={Path(interpreter).parent}", program],
                                timeout=60)
        text = trace.read_text()
        by_image = re.search(r"vdso: \w+clock_gettime(64)?\(CLOCK_REALTIME", text)
        if result.returncode or not by_image:   # which itself may make the system call, on a busy machine
            return False
    return True


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
    if ("glibc", abi) not in NONE:
        result["glibc"] = calls_through_glibc(abi, image, postern, work)
    return result


def show(rows):
    """The table as text, with the reasons below."""
    reasons = list(dict.fromkeys(NONE.values()))
    lines = [f"{'':12}" + "".join(f"{column:>10}" for column in COLUMNS)]
    for abi, cells in rows.items():
        words = ["yes" if cells.get(c) else "NO" if c in cells else f"({reasons.index(NONE[c, abi]) + 1})" for c in COLUMNS]
        lines.append(f"{abi:12}" + "".join(f"{word:>10}" for word in words))
    return "\n".join([*lines, *(f"({i}) {reason}" for i, reason in enumerate(reasons, 1))])
