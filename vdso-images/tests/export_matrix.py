"""Symbol by ABI: what Linux offers (core/abi/vdso/linux-exports.tsv) and whether an image has it."""

import re
from pathlib import Path

from elf_image import Elf

FACTS = Path(__file__).resolve().parents[2] / "core" / "abi" / "vdso"
BEGIN, END = "<!-- matrix: begin (written by vdso-images/check --matrix --write) -->", "<!-- matrix: end -->"
# Helper pages: their table, its rows, and how a place at an offset is written.
PAGES = (("arm-kuser.def", r"^KUSER_ENTRY\((\w+), (\w+)\)", lambda offset: f"{0xFFFF0000 + offset:#x}"),
         ("x86-64-vsyscall.def", r"^VSYSCALL_ENTRY\((\w+), (\w+)\)", lambda offset: f"{0xFFFFFFFFFF600000 + offset:#x}"),
         ("parisc-gateway.def", r"^GATEWAY_ENTRY\((\w+), (\w+)\)", lambda offset: f"gateway+{offset:#x}"))


def rows(name):
    lines = (FACTS / name).read_text().splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


def facts_of(abi):
    """The ABI under which the tables have an image's: both byte orders share one."""
    return {"ppc64le": "ppc64", "parisc": "parisc32"}.get(abi, abi.replace("mipsel-", "mips-"))


def in_image(path):
    elf = Elf(path.read_bytes())
    return {(s["name"], s["version"]) for s in elf.symbols(elf.dynamic()) if s["binding"] != 0}


def on_pages():
    """Addresses at which the helper pages have a function (or word)."""
    return {written(int(offset, 16)) for name, pattern, written in PAGES
            for _, offset in re.findall(pattern, (FACTS / name).read_text(), re.M)}


def wanted(abi):
    """(symbol, version, place) that programs of the ABI may ask for; of pages without version."""
    for row_abi, symbol, kernel, page, place in rows("linux-exports.tsv"):
        if row_abi == facts_of(abi):
            for version in sorted({kernel, page} - {"-"}):
                yield symbol, version, place


def examine(abi, folder, absent, require, used):
    """{symbol: cell} of an image's column."""
    exports, pages, cells = in_image(folder / f"{abi}.so"), on_pages(), {}
    for symbol, version, place in wanted(abi):
        there = (symbol, version) in exports if place == "image" else place in pages
        key = (facts_of(abi), symbol, version)
        if there:
            require(key not in absent, f"{abi}: {symbol}@{version} is there, but linux-exports-absent.tsv says: "
                    f"{absent.get(key)}")
            cell = version.removeprefix("LINUX_") if place == "image" else place
        else:
            require(key in absent, f"{abi}: {symbol}@{version} is missing, and no row says why")
            used.setdefault(absent.get(key, "missing"), len(used) + 1)
            cell = f"{version.removeprefix('LINUX_')} ({used[absent.get(key, 'missing')]})"
        cells[symbol] = f"{cells[symbol]}, {cell}" if symbol in cells else cell
    return cells


def matrix(abis, folder, require):
    """The table as Markdown. Calls `require(condition, rule)` for each rule."""
    absent = {(abi, symbol, version): why for abi, symbol, version, why in rows("linux-exports-absent.tsv")}
    known = {row[0] for row in rows("linux-exports.tsv")}
    used = {}
    columns = {abi: examine(abi, folder, absent, require, used) for abi in abis}
    for abi in abis:
        require(facts_of(abi) in known, f"{abi}: linux-exports.tsv does not know it")
    without = sorted(known - {facts_of(abi) for abi in abis})
    for abi in without:
        require((abi, "*", "-") in absent, f"{abi}: no image, and no row says why")
    symbols = sorted({s for cells in columns.values() for s in cells}, key=lambda s: (s.lstrip("_"), s))
    lines = ["| symbol | " + " | ".join(abis) + " |", "|---" * (len(abis) + 1) + "|"]
    for symbol in symbols:
        lines.append(f"| `{symbol}` | " + " | ".join(columns[abi].get(symbol, "") for abi in abis) + " |")
    if used:
        lines += ["", "Not here:", ""] + [f"{number}. {why}" for why, number in used.items()]
    lines += ["", "No image: " + "; ".join(f"{abi} ({absent.get((abi, '*', '-'), 'missing')})" for abi in without) + "."]
    return "\n".join(lines) + "\n"


def split_readme(path):
    text = path.read_text()
    before, rest = text.split(BEGIN + "\n")
    table, after = rest.split(END)
    return before, table, after


def committed(path):
    return split_readme(path)[1]


def write(path, table):
    before, _, after = split_readme(path)
    path.write_text(f"{before}{BEGIN}\n{table}{END}{after}")
