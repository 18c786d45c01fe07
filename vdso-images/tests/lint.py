"""What eu-elflint says of an image, and that it says the same of files which nobody doubts."""

import ctypes
import re
import subprocess
from pathlib import Path

import libraries

AT_SYSINFO_EHDR = 33
KERNEL_REMARKS = Path(__file__).with_name("kernel-remarks.tsv")   # kernel_images.py writes it
NOTE = re.compile(r"unknown object file note type N with owner name '(\w+)'")
NOTES_OF_OURS = ("Postern",)
# Of ABIs of which Debian's archive has no kernel: what is said of its C library there (`check --parsers` looks).
ONLY_LIBRARIES_SHARE = {"parisc": {"invalid machine flags: 0x210"}}   # PA-RISC 1.1, which elfutils does not know


def remarks(path):
    """The kinds of them, without the places: numbers of entries, sections and notes, and offsets, are N."""
    output = subprocess.run(["eu-elflint", path], capture_output=True, text=True).stdout
    places = r"(?<=entry )\d+|(?<=offset )\d+|(?<=note type )\d+|(?<=phdr\[)\d+|(?<=section \[) *\d+"
    return {re.sub(places, "N", line) for line in output.splitlines() or ["eu-elflint said nothing"]} - {"No errors"}


def of_kernels():
    """What it says of the vDSO images of Debian's kernels, by ABI."""
    found = {}
    for line in KERNEL_REMARKS.read_text().splitlines()[2:]:
        abi, _, _, remark = line.split("\t")
        found.setdefault(abi, set()).add(remark)
    return found


def only_libraries_share(abi):
    return ONLY_LIBRARIES_SHARE.get(abi, set())


def not_shared_by_library(abi):
    """Remarks that are only excused because it makes them of Debian's C library of the ABI, too, and does not."""
    excused = only_libraries_share(abi)
    if not excused:
        return set()
    _, library, _ = libraries.glibc_libraries()[abi]
    return excused - remarks(f"{library}/libc.so.6")


def unexplained(abi, image):
    """Remarks on an image that no real image shares: one about notes of a name of ours is one about notes."""
    kernels = of_kernels()
    any_notes = {NOTE.sub("note", remark) for found in kernels.values() for remark in found if NOTE.search(remark)}

    def is_note(remark):
        match = NOTE.search(remark)
        return match and match[1] in NOTES_OF_OURS and NOTE.sub("note", remark) in any_notes

    shared = kernels.get(abi, set()) | only_libraries_share(abi)
    return {remark for remark in remarks(image) - shared if not is_note(remark)}


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
