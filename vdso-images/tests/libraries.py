"""Programs of others that look into an image under Postern, for parsers.py: C libraries, Go's runtime, libunwind.

Each answers None if it found what it wanted, else what was seen instead.
"""

import os
import re
import subprocess
from pathlib import Path

WORLD = Path(__file__).resolve().parents[2] / "guest-tests" / "world"
PACKAGES = WORLD / "cache" / "packages"   # what WORLD/fetch makes of packages.txt
CLOCK = """#include <time.h>
int main(void) { struct timespec now; return clock_gettime(CLOCK_REALTIME, &now); }
"""
GO_PROGRAM = "package main\n\nfunc main() { println(\"started\") }\n"
GO_TOOL = Path("/usr/lib/go-1.19/bin/go")
# libunwind is not good at the C library's own frames there, under Linux itself neither.
LIBUNWIND_MISSES = {"i386"}
# Whose cache there forgets what is a signal frame, so that what comes next is taken for a call: it works without.
# The program that shows it needs neither signals nor a vDSO, and runs under qemu-user.
LIBUNWIND_CACHE_FORGETS = {"ppc64le": "qemu-ppc64le"}
TESTS = Path(__file__).resolve().parent


def rows_of(name):
    lines = (WORLD / name).read_text().splitlines()
    return [line.split() for line in lines if line and not line.startswith("#")]


def glibc_libraries():
    """Compiler, folder and interpreter of the first C library of each ABI."""
    found = {}
    for _, abi, compiler, library, interpreter in rows_of("cross-libraries.txt"):
        found.setdefault(abi, (compiler.split(","), library, interpreter))
    return found


def packages():
    """The packages of each ABI."""
    return {abi: names.split(",") for abi, _, _, names in rows_of("packages.txt")}


def make_sysroot(work, abi, *shared):
    _, library, interpreter = glibc_libraries()[abi]
    sysroot = work / abi
    subprocess.run(["bash", "-c", '. "$0/sysroot.sh"; make_sysroot "$@"', WORLD, sysroot, library, interpreter, "libc.so.6", *shared],
                   check=True)
    return sysroot


def in_sysroot(sysroot, abi):
    return ["--sysroot", sysroot, "--env", f"LD_LIBRARY_PATH={Path(glibc_libraries()[abi][2]).parent}"]


def calls_the_clock(postern, image, program, work, options=(), wanted=0, clock="CLOCK_REALTIME"):
    """Does the trace show that the program calls the image's clock_gettime? `wanted`: its status, None = any."""
    trace = work / "trace"
    result = subprocess.run([postern, "run", "--vdso", image, "--trace", "vdso", "--trace-file", trace, *options, program],
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=60)
    text = trace.read_text()
    by_image = re.search(rf"vdso: \w+clock_gettime(64)?\({clock}", text)   # which itself may make the system call
    if by_image and wanted in (None, result.returncode):
        return None
    return f"{program.name}: status {result.returncode}, {result.stderr.strip()[-200:]!r}, traced {text[:200]!r}"


def glibc(abi, image, postern, work):
    """Static and dynamic."""
    source, program = work / "clock.c", work / "clock"
    source.write_text(CLOCK)
    options = in_sysroot(make_sysroot(work, abi), abi)
    for flags in (["-static"], []):
        subprocess.run([*glibc_libraries()[abi][0], "-O1", *flags, "-o", program, source], check=True)
        if wrong := calls_the_clock(postern, image, program, work, options):
            return wrong
    return None


def musl(abi, image, postern, work):
    """Debian's, linked statically; its shared library is the same code."""
    source, program = work / "clock.c", work / "musl-clock"
    source.write_text(CLOCK)
    library, = (PACKAGES / abi / "usr" / "lib").glob("*-linux-musl*")
    headers = PACKAGES / abi / "usr" / "include" / library.name
    subprocess.run([*glibc_libraries()[abi][0], "-O1", "-fno-stack-protector", "-fno-pie", "-no-pie", "-static", "-nostdinc",
                    "-isystem", headers, "-nostdlib", "-nostartfiles", "-o", program, library / "crt1.o", library / "crti.o",
                    source, library / "libc.a", "-lgcc", library / "libc.a", library / "crtn.o"], check=True)
    return calls_the_clock(postern, image, program, work)


def go_runtime(abi, architecture, image, postern, work):
    """It reads the clock while it starts, before its first thread; what becomes of it then is not asked here."""
    source, program = work / "main.go", work / f"go-{architecture}"
    source.write_text(GO_PROGRAM)
    environment = dict(os.environ, GO111MODULE="off", CGO_ENABLED="0", GOOS="linux", GOARCH=architecture, GOCACHE=str(work / "go-cache"),
                       GOFLAGS="")
    subprocess.run([GO_TOOL, "build", "-ldflags=-s", "-o", program, source], check=True, env=environment)
    return calls_the_clock(postern, image, program, work, wanted=None, clock="CLOCK_MONOTONIC")


def put_libunwind(abi, sysroot):
    """With what it needs itself."""
    for name in ("libunwind.so.8", "liblzma.so.5"):
        found = next((PACKAGES / abi).rglob(name)).resolve()
        (sysroot / Path(glibc_libraries()[abi][2]).parent.relative_to("/") / name).write_bytes(found.read_bytes())


def cache_forgets(compile_program, qemu, sysroot, folder):
    """Shows libunwind's defect; what was seen if it is not there (any more)."""
    seen = {}
    for case, sources in (("with", ["unwind_cache.c"]), ("without", ["unwind_cache.c", "unwind_without_cache.c"])):
        program = compile_program(case, [TESTS / source for source in sources])
        seen[case] = subprocess.run([qemu, "-L", sysroot, "-E", f"LD_LIBRARY_PATH={folder}", "-E", "LD_PRELOAD=libunwind.so.8", program],
                                    capture_output=True, text=True, timeout=60).stdout.split()
    if seen["without"] == ["him"] * 3 and seen["with"][:1] == ["him"] and seen["with"] != seen["without"]:
        return None
    return f"libunwind's cache no longer has the defect that LIBUNWIND_CACHE_FORGETS is about: {seen}"


def libunwind(abi, image, postern, work):
    """In place of the compiler's unwinder, through the trampoline, from a fault, a loop and the image's clock."""
    compiler, _, interpreter = glibc_libraries()[abi]
    sysroot = make_sysroot(work, abi, "libgcc_s.so.1")
    put_libunwind(abi, sysroot)

    def compile_program(name, sources):
        subprocess.run([*compiler, "-O2", "-fasynchronous-unwind-tables", "-o", work / name, *sources], check=True)
        return work / name

    sources = [WORLD / "cross-programs" / "backtrace.c"]
    if qemu := LIBUNWIND_CACHE_FORGETS.get(abi):
        if wrong := cache_forgets(compile_program, qemu, sysroot, Path(interpreter).parent):
            return wrong
        sources.append(TESTS / "unwind_without_cache.c")
    program = compile_program("backtrace", sources)
    result = subprocess.run([postern, "run", "--vdso", image, *in_sysroot(sysroot, abi), "--env", "LD_PRELOAD=libunwind.so.8", program],
                            capture_output=True, text=True, timeout=120)
    counts = [(what, int(good), int(all_)) for what, good, all_ in re.findall(r"^(\w+): (\d+) of (\d+)", result.stdout, re.M)]
    least = 0.5 if abi in LIBUNWIND_MISSES else 1
    enough = all(good >= all_ * (least if what == "clock" else 1) for what, good, all_ in counts)
    if len(counts) == 6 and enough and "ld.so" not in result.stderr:   # which goes on if it cannot preload
        return None
    return f"libunwind: status {result.returncode}, {result.stdout!r} {result.stderr[-200:]!r}"
