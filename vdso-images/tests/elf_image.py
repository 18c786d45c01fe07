"""Reading an image as a guest's own dynamic linker would: ELF headers, notes, symbol tables."""

import struct

PT_LOAD, PT_DYNAMIC, PT_NOTE, PT_EH_FRAME, PT_EXIDX = 1, 2, 4, 0x6474E550, 0x70000001
SHT_SYMTAB, SHT_RELA, SHT_REL, SHT_NOBITS = 2, 4, 9, 8
DT = {"NEEDED": 1, "HASH": 4, "STRTAB": 5, "SYMTAB": 6, "RELA": 7, "STRSZ": 10, "SYMENT": 11, "SONAME": 14,
      "SYMBOLIC": 16, "REL": 17, "TEXTREL": 22, "JMPREL": 23, "FLAGS": 30, "GNU_HASH": 0x6FFFFEF5,
      "VERSYM": 0x6FFFFFF0, "VERDEF": 0x6FFFFFFC, "VERDEFNUM": 0x6FFFFFFD}


class Elf:
    """An ELF file, read field by field."""

    def __init__(self, data):
        self.data = data
        self.wide = data[4] == 2
        self.order = "<" if data[5] == 1 else ">"
        word = "Q" if self.wide else "I"
        (self.type, self.machine, _, self.entry, phoff, shoff, self.flags, _, phentsize, phnum, shentsize,
         shnum, shstrndx) = self.fields(f"HHI{word}{word}{word}IHHHHHH", 16)
        self.segments = [self.segment(phoff + i * phentsize) for i in range(phnum)]
        self.sections = [self.section(shoff + i * shentsize) for i in range(shnum)]
        names = self.sections[shstrndx]
        for section in self.sections:
            section["name"] = self.string(names["offset"] + section["name_offset"])

    def fields(self, layout, offset):
        return struct.unpack_from(self.order + layout, self.data, offset)

    def string(self, offset):
        return self.data[offset:self.data.index(b"\0", offset)].decode()

    def segment(self, offset):
        if self.wide:
            kind, flags, file, address, _, size, memory, align = self.fields("IIQQQQQQ", offset)
        else:
            kind, file, address, _, size, memory, flags, align = self.fields("IIIIIIII", offset)
        return dict(kind=kind, flags=flags, offset=file, address=address, size=size, memory=memory,
                align=align)

    def section(self, offset):
        word = "Q" if self.wide else "I"
        name, kind, flags, address, file, size, link, info, align, entry = self.fields(
            f"II{word}{word}{word}{word}II{word}{word}", offset)
        return dict(name_offset=name, kind=kind, flags=flags, address=address, offset=file, size=size,
                link=link)

    def segments_of(self, kind):
        return [segment for segment in self.segments if segment["kind"] == kind]

    def dynamic(self):
        segment, = self.segments_of(PT_DYNAMIC)
        step, layout = (16, "QQ") if self.wide else (8, "II")
        tags = {}
        for offset in range(segment["offset"], segment["offset"] + segment["size"], step):
            tag, value = self.fields(layout, offset)
            if tag == 0:
                break
            tags[tag] = value
        return tags

    def symbols(self, tags):
        """Dynamic symbols with their version's name, in table order."""
        symtab, strtab, versym = tags[DT["SYMTAB"]], tags[DT["STRTAB"]], tags[DT["VERSYM"]]
        size = 24 if self.wide else 16
        versions = self.versions(tags)
        count = (min(strtab, *[v for v in (versym, tags[DT["VERDEF"]]) if v > symtab]) - symtab) // size
        result = []
        for i in range(count):
            if self.wide:
                name, info, other, section, value, length = self.fields("IBBHQQ", symtab + i * size)
            else:
                name, value, length, info, other, section = self.fields("IIIBBH", symtab + i * size)
            version, = self.fields("H", versym + 2 * i)
            result.append(dict(name=self.string(strtab + name), value=value, size=length, kind=info & 15,
                               binding=info >> 4, section=section, version=versions.get(version & 0x7FFF)))
        return result

    def versions(self, tags):
        names, offset = {}, tags[DT["VERDEF"]]
        for _ in range(tags[DT["VERDEFNUM"]]):
            _, _, index, _, _, aux, following = self.fields("HHHHIII", offset)
            name, _ = self.fields("II", offset + aux)
            names[index] = self.string(tags[DT["STRTAB"]] + name)
            offset += following
        return names

    def notes(self):
        """(owner, type, descriptor, offset of the descriptor) of each note."""
        segment, = self.segments_of(PT_NOTE)
        offset, end, result = segment["offset"], segment["offset"] + segment["size"], []
        while offset < end:
            owner_size, size, kind = self.fields("III", offset)
            owner = self.data[offset + 12:offset + 12 + owner_size].rstrip(b"\0").decode()
            start = offset + 12 + (owner_size + 3 & ~3)
            result.append((owner, kind, self.data[start:start + size], start))
            offset = start + (size + 3 & ~3)
        return result


def sysv_hash(name):
    value = 0
    for byte in name.encode():
        value = (value << 4) + byte
        value = (value ^ (value >> 24 & 0xF0)) & 0x0FFFFFFF
    return value


def gnu_hash(name):
    value = 5381
    for byte in name.encode():
        value = (value * 33 + byte) & 0xFFFFFFFF
    return value


def is_it(symbol, name, version):
    return symbol["name"] == name and version in (None, symbol["version"])


def lookup_sysv(elf, table, symbols, name, entry_size, version=None):
    """Index of the symbol, 0 if there is none; of this version, if one is asked for."""
    kind = "Q" if entry_size == 8 else "I"
    buckets, chains = elf.fields(kind * 2, table)
    first = table + 2 * entry_size
    index, = elf.fields(kind, first + sysv_hash(name) % buckets * entry_size)
    while index and not is_it(symbols[index], name, version):
        index, = elf.fields(kind, first + (buckets + index) * entry_size)
    return index if chains == len(symbols) else 0


def lookup_gnu(elf, table, symbols, name, version=None):
    """As lookup_sysv, by the GNU table."""
    buckets, first_symbol, bloom_size, _ = elf.fields("IIII", table)
    chain_base = table + 16 + bloom_size * (8 if elf.wide else 4) + 4 * buckets
    wanted = gnu_hash(name)
    index, = elf.fields("I", chain_base - 4 * buckets + 4 * (wanted % buckets))
    while index:
        value, = elf.fields("I", chain_base + 4 * (index - first_symbol))
        if value | 1 == wanted | 1 and is_it(symbols[index], name, version):
            return index
        if value & 1:
            return 0
        index += 1
    return 0
