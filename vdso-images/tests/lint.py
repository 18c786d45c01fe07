"""What eu-elflint says of an image, and that it says the same of files which nobody doubts."""

import ctypes
import re
import subprocess

import libraries

AT_SYSINFO_EHDR = 33
PRIVATE_NOTES = re.compile("unknown object file note type N with owner name '(Postern|Linux)' at offset N")


def remarks(path):
    """The kinds of them: numbers are N."""
    output = subprocess.run(["eu-elflint", "--gnu-ld", path], capture_output=True, text=True).stdout
    kinds = {re.sub(r"0x[0-9a-f]+|\d+", "N", line).replace("[N]", "[ N]") for line in output.splitlines()}
    return kinds - {"No errors"}


def remarks_of_machine(work):
    """Of the running kernel's own vDSO; None: there is none."""
    get = ctypes.CDLL(None).getauxval
    get.restype = ctypes.c_ulong
    with open("/proc/self/maps", encoding="ascii") as maps:
        sizes = [int(end, 16) - int(start, 16) for start, end in (line.split()[0].split("-") for line in maps if "[vdso]" in line)]
    if not sizes:
        return None
    (work / "machine.so").write_bytes(ctypes.string_at(get(AT_SYSINFO_EHDR), sizes[0]))
    return remarks(work / "machine.so")


def alone(abi, image):
    """Remarks on an image that are not made of Debian's own C library of the ABI, if there is one, nor about
    notes of a name of its own."""
    if abi not in libraries.glibc_libraries():
        return set()   # `check` knows each remark by its words
    shared = remarks(f"{libraries.glibc_libraries()[abi][1]}/libc.so.6")
    return {kind for kind in remarks(image) - shared if not PRIVATE_NOTES.search(kind)}
