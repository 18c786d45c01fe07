#include "tools/elf_parts.hpp"
#include "vdso/elf_view.hpp"

#include <elf.h>

namespace postern::tools {

namespace {

using vdso::ElfField;
using vdso::ElfView;

/// What elf_view.hpp does not hold (System V ABI, chapters 4 and 5).
struct SectionLayout {
    ElfField e_shoff, e_shentsize, e_shnum, e_shstrndx;
    ElfField sh_name, sh_type, sh_flags, sh_address, sh_offset, sh_size;
};
constexpr SectionLayout layout_32{
    .e_shoff = {32, 4}, .e_shentsize = {46, 2}, .e_shnum = {48, 2}, .e_shstrndx = {50, 2},
    .sh_name = {0, 4}, .sh_type = {4, 4}, .sh_flags = {8, 4}, .sh_address = {12, 4}, .sh_offset = {16, 4},
    .sh_size = {20, 4}};
constexpr SectionLayout layout_64{
    .e_shoff = {40, 8}, .e_shentsize = {58, 2}, .e_shnum = {60, 2}, .e_shstrndx = {62, 2},
    .sh_name = {0, 4}, .sh_type = {4, 4}, .sh_flags = {8, 8}, .sh_address = {16, 8}, .sh_offset = {24, 8},
    .sh_size = {32, 8}};

struct OpenFile {
    ElfView view;
    bool is_64bit;
};

OpenFile open_file(std::span<const std::byte> file) {
    if (file.size() < EI_NIDENT) return {};
    auto order = file[EI_DATA] == std::byte{ELFDATA2MSB} ? ByteOrder::big : ByteOrder::little;
    return {ElfView(file, order), file[EI_CLASS] == std::byte{ELFCLASS64}};
}

void read_notes(const ElfView& bytes, std::span<const std::byte> raw, std::vector<Note>& notes) {
    constexpr u64 header_size = 12;
    for (u64 at = 0; bytes.slice(at, header_size);) {
        u64 owner_size = *bytes.get(at, 4), size = *bytes.get(at + 4, 4);
        u64 description = at + header_size + align_up(owner_size, 4);
        auto owner = bytes.string(at + header_size);
        if (!owner || !bytes.slice(description, size)) return;
        notes.push_back({*owner, static_cast<u32>(*bytes.get(at + 8, 4)), raw.subspan(description, size)});
        at = description + align_up(size, 4);
    }
}

}  // namespace

std::vector<Section> sections_of(std::span<const std::byte> file) {
    auto [view, is_64bit] = open_file(file);
    const SectionLayout& layout = is_64bit ? layout_64 : layout_32;
    u64 start = view.get(layout.e_shoff).value_or(0), step = view.get(layout.e_shentsize).value_or(0);
    u64 count = view.get(layout.e_shnum).value_or(0), names_index = view.get(layout.e_shstrndx).value_or(0);
    auto header = [&](u64 index) { return view.slice(start + index * step, step); };
    auto names_header = count ? header(names_index) : std::nullopt;
    if (!names_header) return {};
    auto names = view.from(names_header->get(layout.sh_offset).value_or(0));

    std::vector<Section> sections;
    for (u64 index = 1; index < count; ++index) {
        auto row = header(index);
        if (!row || !row->get(layout.sh_size) || !names) break;
        Section section{.name = names->string(row->at(layout.sh_name)).value_or(""),
                        .address = row->at(layout.sh_address), .offset = row->at(layout.sh_offset),
                        .size = row->at(layout.sh_size),
                        .executable = (row->at(layout.sh_flags) & SHF_EXECINSTR) != 0};
        if (row->at(layout.sh_type) != SHT_NOBITS && view.slice(section.offset, section.size))
            sections.push_back(section);
    }
    return sections;
}

std::vector<Note> notes_of(std::span<const std::byte> file) {
    auto [view, is_64bit] = open_file(file);
    const vdso::ElfLayout& layout = is_64bit ? vdso::elf64_layout : vdso::elf32_layout;
    u64 start = view.get(layout.e_phoff).value_or(0), step = view.get(layout.e_phentsize).value_or(0);
    std::vector<Note> notes;
    for (u64 index = 0; index < view.get(layout.e_phnum).value_or(0); ++index) {
        auto row = view.slice(start + index * step, layout.program_header_size);
        if (!row || row->at(layout.p_type) != PT_NOTE) continue;
        u64 offset = row->at(layout.p_offset), size = row->at(layout.p_filesz);
        if (auto bytes = view.slice(offset, size)) read_notes(*bytes, file.subspan(offset, size), notes);
    }
    return notes;
}

}  // namespace postern::tools
