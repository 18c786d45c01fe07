"""The vDSO images inside Debian's kernels, and what eu-elflint says of them: kernel-remarks.tsv, which lint.py reads.

The kernels have 45 to 70 MB each. So the remarks are committed with the packages' versions, and `check --kernels`
derives them anew.
"""

import lzma
import re
import struct
import subprocess
from pathlib import Path

import libraries
import lint

LIST = Path(__file__).with_name("kernel-images.txt")
XZ_MAGIC, XZ_FOOTER = b"\xfd7zXZ\0", b"YZ"
ET_DYN = 3
LARGEST_IMAGE = 1 << 17
HEADING = "# What eu-elflint says of real vDSO images. Written by `vdso-images/check --kernels --write`.\n"


def fetch(work):
    """[(package, version, its file)] of the kernels that kernel-images.txt names."""
    rows = [line.split() for line in LIST.read_text().splitlines() if line and not line.startswith("#")]
    script = """. "$0/private-apt.sh"; folder=$1; shift
        open_private_apt "$folder" "${@%/*}" >&2 || exit
        cd "$folder/archives" || exit
        for row; do
            architecture=${row%%/*} meta=${row##*/}
            kernel=$(apt-cache -c "$apt_root/apt.conf" depends "$meta:$architecture" | sed -n 's/^ *Depends: \\(linux-image-[^:]*\\).*/\\1/p')
            apt download "$kernel:$architecture" >&2 || exit
            echo "$PWD/$kernel"_*_"$architecture.deb"
        done"""
    output = subprocess.run(["bash", "-c", script, libraries.WORLD, work / "apt", *("/".join(row) for row in rows)],
                            check=True, stdout=subprocess.PIPE, text=True).stdout
    files = [Path(line) for line in output.split()]
    return [(file.name.split("_")[0], file.name.split("_")[1], file) for file in files]


def kernel(package):
    """The kernel in a package, uncompressed."""
    archive = subprocess.run(["dpkg-deb", "--fsys-tarfile", package], check=True, stdout=subprocess.PIPE).stdout
    file = subprocess.run(["tar", "-x", "-O", "--wildcards", "./boot/vmlinu*"], input=archive, check=True, stdout=subprocess.PIPE).stdout
    for start in re.finditer(re.escape(XZ_MAGIC), file):
        try:
            return lzma.LZMADecompressor(lzma.FORMAT_XZ).decompress(file[start.start():])
        except lzma.LZMAError:
            pass   # the decompressor has the magic among its constants
    raise ValueError(f"{package}: no kernel compressed by xz")


def images(data):
    """Every shared object that lies in these bytes and is no larger than a vDSO."""
    for start in re.finditer(rb"\x7fELF[\x01\x02][\x01\x02]\x01", data):
        image = data[start.start():start.start() + LARGEST_IMAGE]
        order = "<" if image[5] == 1 else ">"
        is_64_bit = image[4] == 2
        kind, = struct.unpack_from(f"{order}H", image, 16)
        table, = struct.unpack_from(order + ("Q" if is_64_bit else "I"), image, 40 if is_64_bit else 32)
        entry, count = struct.unpack_from(f"{order}HH", image, 58 if is_64_bit else 46)
        if kind == ET_DYN and 0 < table and table + entry * count <= LARGEST_IMAGE:
            yield image[:table + entry * count]


def abis_of(image, expected):
    """The ABIs of this class, machine and flags, of either byte order: nothing that is said depends on it."""
    order = "<" if image[5] == 1 else ">"
    machine, = struct.unpack_from(f"{order}H", image, 18)
    flags, = struct.unpack_from(f"{order}I", image, 48 if image[4] == 2 else 36)
    return [abi for abi, facts in expected.items() if (facts["elf_class"], facts["machine"], facts["flags"]) == (image[4], machine, flags)]


def derive(work, expected):
    """The rows of kernel-remarks.tsv: ABI, package, version, remark."""
    rows = set()
    for package, version, file in fetch(work):
        for image in images(kernel(file)):
            (work / "image.so").write_bytes(image)
            for abi in abis_of(image, expected):
                rows |= {(abi, package, version, remark) for remark in lint.remarks(work / "image.so")}
    return sorted(rows)


def write(rows):
    lint.KERNEL_REMARKS.write_text(HEADING + "abi\tpackage\tversion\tremark\n" + "".join("\t".join(row) + "\n" for row in rows))
