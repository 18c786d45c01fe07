#include "vdso/image.hpp"

#include "base/text.hpp"
#include "vdso/elf_view.hpp"

#include <algorithm>

namespace postern::vdso {

namespace {

// System V ABI, and for symbol versions the Linux Standard Base.
constexpr u16 et_dyn = 3;
constexpr u32 pt_load = 1, pt_dynamic = 2, pt_note = 4;
constexpr u64 dt_null = 0, dt_needed = 1, dt_hash = 4, dt_strtab = 5, dt_symtab = 6, dt_rela = 7,
              dt_strsz = 10, dt_soname = 14, dt_rel = 17, dt_jmprel = 23, dt_gnu_hash = 0x6ffffef5,
              dt_versym = 0x6ffffff0, dt_verdef = 0x6ffffffc, dt_verdefnum = 0x6ffffffd;
constexpr u16 shn_undef = 0, shn_abs = 0xfff1;
constexpr u8 stt_notype = 0, stt_func = 2, stb_local = 0;
constexpr u16 version_index_mask = 0x7fff, version_base = 1;

// vdso-images/README.md: notes of owner "Postern".
constexpr std::string_view note_owner = "Postern";
constexpr u32 note_place = 1, note_time_page = 2;
constexpr std::string_view linux_owner = "Linux";
constexpr u32 note_linux_version = 0;

/// The entries of a SysV hash table are 64 bits wide on these machines' 64-bit ELF, 32 bits
/// everywhere else.
constexpr u16 em_alpha = 0x9026, em_s390 = 22;

std::unexpected<Error> broken(std::string_view what) {
    return fail(ErrorKind::internal, format_text("broken vDSO image: {}", what));
}

}  // namespace

/// Reads one file, step by step; each step relies on the ones before.
class ImageReader {
public:
    explicit ImageReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

    Result<Image> read() {
        POSTERN_TRY(read_header());
        POSTERN_TRY(read_program_headers());
        POSTERN_TRY(read_dynamic());
        POSTERN_TRY(read_versions());
        POSTERN_TRY(read_symbols());
        for (auto [notes, start] : notes_) POSTERN_TRY(read_notes(notes, start));
        return std::move(image_);
    }

private:
    Result<void> read_header();
    Result<void> read_program_headers();
    Result<void> read_dynamic();
    Result<void> read_versions();
    Result<u64> count_symbols() const;
    Result<u64> count_by_gnu_hash(u64 offset) const;
    Result<void> read_symbols();
    Result<void> read_symbol(const ElfView& symbol, u64 index);
    Result<void> read_notes(const ElfView& notes, u64 start);
    Result<void> read_own_note(u32 type, u64 description, u64 size);

    /// Value of a dynamic tag, or nothing.
    std::optional<u64> dynamic(u64 tag) const {
        for (auto [found, value] : dynamic_)
            if (found == tag) return value;
        return std::nullopt;
    }

    std::span<const std::byte> bytes_;
    Image image_;
    const ElfLayout* layout_ = nullptr;
    bool wide_ = false;
    ElfView file_;
    ElfView dynamic_view_;
    std::vector<std::pair<ElfView, u64>> notes_;   // segments and their offsets
    std::vector<std::pair<u64, u64>> dynamic_;  // tag, value
    ElfView strings_;
    std::vector<std::pair<u16, std::string_view>> versions_;  // index, name
};

Result<void> ImageReader::read_header() {
    constexpr std::byte magic[] = {std::byte{0x7f}, std::byte{'E'}, std::byte{'L'}, std::byte{'F'}};
    if (bytes_.size() < elf32_layout.header_size || !std::ranges::equal(bytes_.first(4), magic)) {
        return broken("no ELF header");
    }
    auto elf_class = std::to_integer<u8>(bytes_[4]);
    auto data = std::to_integer<u8>(bytes_[5]);
    if (elf_class != 1 && elf_class != 2) return broken("unknown ELF class");
    if (data != 1 && data != 2) return broken("unknown ELF byte order");
    wide_ = elf_class == 2;
    layout_ = wide_ ? &elf64_layout : &elf32_layout;
    file_ = ElfView{bytes_, data == 1 ? ByteOrder::little : ByteOrder::big};
    if (file_.size() < layout_->header_size) return broken("truncated ELF header");
    if (file_.at(layout_->e_type) != et_dyn) return broken("not a shared object");
    image_.bytes_ = bytes_;
    image_.machine_ = static_cast<u16>(file_.at(layout_->e_machine));
    image_.entry_ = file_.at(layout_->e_entry);
    if (image_.entry_ >= file_.size()) return broken("entry point outside");
    return {};
}

Result<void> ImageReader::read_program_headers() {
    if (file_.at(layout_->e_phentsize) != layout_->program_header_size)
        return broken("size of a program header");
    u64 count = file_.at(layout_->e_phnum);
    auto table = file_.slice(file_.at(layout_->e_phoff), count * layout_->program_header_size);
    if (!table) return broken("program headers outside the file");
    unsigned loads = 0, dynamics = 0;
    for (u64 index = 0; index < count; ++index) {
        ElfView header = *table->from(index * layout_->program_header_size);
        u64 offset = header.at(layout_->p_offset);
        auto contents = file_.slice(offset, header.at(layout_->p_filesz));
        if (!contents) return broken(format_text("segment {} lies outside the file", index));
        auto type = header.at(layout_->p_type);
        if (type != pt_load && type != pt_dynamic && type != pt_note) continue;
        if (header.at(layout_->p_vaddr) != offset)
            return broken(format_text("segment {}: address is not offset", index));
        if (type == pt_load) {
            ++loads;
            if (offset != 0 || header.at(layout_->p_memsz) != contents->size()) {
                return broken("the loadable segment is not the file's image");
            }
        } else if (type == pt_dynamic) {
            ++dynamics;
            dynamic_view_ = *contents;
        } else {
            notes_.emplace_back(*contents, offset);
        }
    }
    if (loads != 1 || dynamics != 1) return broken("not one loadable and one dynamic segment");
    return {};
}

Result<void> ImageReader::read_dynamic() {
    bool ended = false;
    for (u64 offset = 0; !ended; offset += layout_->dynamic_size) {
        auto entry = dynamic_view_.slice(offset, layout_->dynamic_size);
        if (!entry) return broken("dynamic section without end");
        u64 tag = entry->at(layout_->d_tag);
        if (tag == dt_null)
            ended = true;
        else
            dynamic_.emplace_back(tag, entry->at(layout_->d_value));
    }
    if (dynamic(dt_needed)) return broken("needs another library");
    if (dynamic(dt_rel) || dynamic(dt_rela) || dynamic(dt_jmprel)) return broken("has relocations");
    auto table = dynamic(dt_strtab), size = dynamic(dt_strsz);
    if (!table || !size) return broken("no dynamic string table");
    auto strings = file_.slice(*table, *size);
    if (!strings) return broken("dynamic string table outside the file");
    strings_ = *strings;
    if (auto name = dynamic(dt_soname)) {
        auto soname = strings_.string(*name);
        if (!soname) return broken("name of the object");
        image_.soname_ = *soname;
    }
    return {};
}

Result<void> ImageReader::read_versions() {
    auto definitions = dynamic(dt_verdef);
    if (!definitions) return {};
    constexpr ElfField vd_ndx{4, 2}, vd_aux{12, 4}, vd_next{16, 4}, vda_name{0, 4};
    constexpr u64 definition_size = 20, auxiliary_size = 8;
    u64 offset = *definitions;
    u64 count = dynamic(dt_verdefnum).value_or(0);
    for (u64 index = 0; index < count; ++index) {
        auto definition = file_.slice(offset, definition_size);
        if (!definition) return broken("version definition outside the file");
        auto auxiliary = file_.from(offset);
        auxiliary = auxiliary->slice(definition->at(vd_aux), auxiliary_size);
        if (!auxiliary) return broken("name of a version outside the file");
        auto name = strings_.string(auxiliary->at(vda_name));
        if (!name) return broken("name of a version");
        versions_.emplace_back(definition->at(vd_ndx), *name);
        u64 next = definition->at(vd_next);
        if (next == 0) break;
        if (next < definition_size) return broken("version definitions overlap");
        offset += next;
    }
    return {};
}

Result<u64> ImageReader::count_symbols() const {
    if (auto hash = dynamic(dt_hash)) {
        bool wide_entries = wide_ && (image_.machine() == em_s390 || image_.machine() == em_alpha);
        u8 width = wide_entries ? 8 : 4;
        auto table = file_.from(*hash);
        auto chains = table ? table->get(width, width) : std::nullopt;  // nbucket, nchain
        if (!chains) return broken("hash table outside the file");
        return *chains;
    }
    if (auto hash = dynamic(dt_gnu_hash)) return count_by_gnu_hash(*hash);
    return broken("no hash table");
}

/// The GNU table does not say how many symbols there are: the last chain's end does.
Result<u64> ImageReader::count_by_gnu_hash(u64 offset) const {
    constexpr ElfField bucket_count{0, 4}, first_hashed{4, 4}, bloom_count{8, 4};
    constexpr u64 header_size = 16;
    auto table = file_.from(offset);
    if (!table || table->size() < header_size) return broken("GNU hash table outside the file");
    u64 buckets_offset = header_size + table->at(bloom_count) * layout_->bloom_word_size;
    auto buckets = table->slice(buckets_offset, table->at(bucket_count) * 4);
    if (!buckets) return broken("GNU hash buckets outside the file");
    u64 last = 0;
    for (u64 position = 0; position < buckets->size(); position += 4)
        last = std::max(last, *buckets->get(position, 4));
    u64 first = table->at(first_hashed);
    if (last == 0) return first;
    if (last < first) return broken("GNU hash bucket");
    u64 chains_offset = buckets_offset + buckets->size();
    for (;; ++last) {
        auto chain = table->get(chains_offset + (last - first) * 4, 4);
        if (!chain) return broken("GNU hash chain without end");
        if (*chain & 1) return last + 1;
    }
}

Result<void> ImageReader::read_symbols() {
    POSTERN_TRY_ASSIGN(count, count_symbols());
    auto table_offset = dynamic(dt_symtab);
    if (!table_offset) return broken("no dynamic symbol table");
    if (count > file_.size() / layout_->symbol_size) return broken("more symbols than fit the file");
    auto table = file_.slice(*table_offset, count * layout_->symbol_size);
    if (!table) return broken("dynamic symbols outside the file");
    for (u64 index = 1; index < count; ++index) {
        POSTERN_TRY(read_symbol(*table->from(index * layout_->symbol_size), index));
    }
    return {};
}

/// Keeps what a program can call: defined functions. (Linkers also define each version's name
/// as an absolute object.)
Result<void> ImageReader::read_symbol(const ElfView& symbol, u64 index) {
    u64 section = symbol.at(layout_->st_shndx);
    auto info = static_cast<u8>(symbol.at(layout_->st_info));
    u8 type = info & 0xf, binding = info >> 4;
    if (section == shn_undef || section == shn_abs || binding == stb_local) return {};
    if (type != stt_func && type != stt_notype) return {};
    auto name = strings_.string(symbol.at(layout_->st_name));
    if (!name) return broken(format_text("name of symbol {}", index));
    Symbol found{*name, {}, symbol.at(layout_->st_value), symbol.at(layout_->st_size)};
    if (found.value >= file_.size() || found.size > file_.size() - found.value) {
        return broken(format_text("{} lies outside the file", *name));
    }
    if (auto versions = dynamic(dt_versym)) {
        auto words = file_.from(*versions);
        auto version = words ? words->get(index * 2, 2) : std::nullopt;
        if (!version) return broken("symbol versions outside the file");
        u16 wanted = *version & version_index_mask;
        auto definition = std::ranges::find(versions_, wanted, &std::pair<u16, std::string_view>::first);
        if (definition != versions_.end() && wanted != version_base)
            found.version = definition->second;
        else if (wanted > version_base)
            return broken(format_text("{} has an unknown version", *name));
    }
    image_.symbols_.push_back(found);
    return {};
}

/// `start`: of the segment, in the file.
Result<void> ImageReader::read_notes(const ElfView& notes, u64 start) {
    constexpr ElfField name_size{0, 4}, description_size{4, 4}, type{8, 4};
    constexpr u64 header_size = 12;
    for (u64 offset = 0; offset < notes.size();) {
        auto header = notes.slice(offset, header_size);
        if (!header) return broken("truncated note");
        u64 name_offset = offset + header_size;
        u64 description_offset = name_offset + align_up(header->at(name_size), 4);
        if (!notes.slice(name_offset, header->at(name_size)) ||
            !notes.slice(description_offset, header->at(description_size))) {
            return broken("note longer than its segment");
        }
        auto owner = notes.slice(name_offset, header->at(name_size))->string(0);
        if (owner == linux_owner && header->at(type) == note_linux_version && header->at(description_size) >= 4) {
            image_.linux_version_ = static_cast<u32>(notes.get(description_offset, 4).value_or(0));
        }
        if (owner == note_owner) {
            POSTERN_TRY(read_own_note(static_cast<u32>(header->at(type)), start + description_offset,
                                      header->at(description_size)));
        }
        offset = description_offset + align_up(header->at(description_size), 4);
    }
    return {};
}

/// `description`: offset in the file. A place is a distance from the word that holds it,
/// followed by its name.
Result<void> ImageReader::read_own_note(u32 type, u64 description, u64 size) {
    auto view = *file_.slice(description, size);
    auto word = view.get(0, 4);
    if (!word) return broken("note without contents");
    if (type == note_time_page) image_.time_page_version_ = static_cast<u32>(*word);
    if (type != note_place) return {};
    auto name = view.string(4);
    u64 place = static_cast<u32>(description + *word);
    if (!name || place >= file_.size()) return broken("place in a note");
    image_.private_symbols_.push_back({*name, {}, place, 0});
    return {};
}

Result<Image> Image::parse(std::span<const std::byte> bytes) { return ImageReader{bytes}.read(); }

std::optional<Image> Image::of(const Abi& abi) {
    auto bytes = embedded_file(abi.vdso.image);
    if (bytes.empty()) return std::nullopt;
    auto image = parse(bytes);
    POSTERN_ASSERT(image.has_value());
    return std::move(*image);
}

std::optional<u64> Image::find(std::string_view symbol) const {
    auto found = std::ranges::find(symbols_, symbol, &Symbol::name);
    if (found == symbols_.end()) return std::nullopt;
    return found->value;
}

std::optional<u64> Image::private_offset(std::string_view name) const {
    auto found = std::ranges::find(private_symbols_, name, &Symbol::name);
    if (found == private_symbols_.end()) return std::nullopt;
    return found->value;
}

}  // namespace postern::vdso
