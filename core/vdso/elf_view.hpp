// Bounds-checked reading of an ELF file of either class and byte order.
#pragma once

#include "base/endian.hpp"

#include <optional>
#include <span>
#include <string_view>

namespace postern::vdso {

/// One integer field of an ELF structure: offset and width in bytes.
struct ElfField {
    u8 offset;
    u8 width;
};

/// Where one class of ELF (32 or 64 bits) keeps the fields that a vDSO's reader needs
/// (System V ABI, chapters 4 and 5). Version structures are the same in both.
struct ElfLayout {
    u8 header_size, program_header_size, symbol_size, dynamic_size, bloom_word_size;
    ElfField e_type, e_machine, e_entry, e_phoff, e_phentsize, e_phnum;
    ElfField p_type, p_offset, p_vaddr, p_filesz, p_memsz;
    ElfField d_tag, d_value;
    ElfField st_name, st_info, st_shndx, st_value, st_size;
};

// clang-format off
inline constexpr ElfLayout elf32_layout{
    .header_size = 52, .program_header_size = 32, .symbol_size = 16, .dynamic_size = 8, .bloom_word_size = 4,
    .e_type = {16, 2}, .e_machine = {18, 2}, .e_entry = {24, 4}, .e_phoff = {28, 4}, .e_phentsize = {42, 2},
    .e_phnum = {44, 2},
    .p_type = {0, 4}, .p_offset = {4, 4}, .p_vaddr = {8, 4}, .p_filesz = {16, 4}, .p_memsz = {20, 4},
    .d_tag = {0, 4}, .d_value = {4, 4},
    .st_name = {0, 4}, .st_info = {12, 1}, .st_shndx = {14, 2}, .st_value = {4, 4}, .st_size = {8, 4},
};

inline constexpr ElfLayout elf64_layout{
    .header_size = 64, .program_header_size = 56, .symbol_size = 24, .dynamic_size = 16, .bloom_word_size = 8,
    .e_type = {16, 2}, .e_machine = {18, 2}, .e_entry = {24, 8}, .e_phoff = {32, 8}, .e_phentsize = {54, 2},
    .e_phnum = {56, 2},
    .p_type = {0, 4}, .p_offset = {8, 8}, .p_vaddr = {16, 8}, .p_filesz = {32, 8}, .p_memsz = {40, 8},
    .d_tag = {0, 8}, .d_value = {8, 8},
    .st_name = {0, 4}, .st_info = {4, 1}, .st_shndx = {6, 2}, .st_value = {8, 8}, .st_size = {16, 8},
};
// clang-format on

/// A range of a file's bytes in the file's byte order. Reading outside it gives nothing.
class ElfView {
public:
    ElfView() = default;
    ElfView(std::span<const std::byte> bytes, ByteOrder order) : bytes_(bytes), order_(order) {}

    u64 size() const { return bytes_.size(); }
    std::span<const std::byte> bytes() const { return bytes_; }
    std::optional<ElfView> slice(u64 offset, u64 size) const {
        if (offset > bytes_.size() || size > bytes_.size() - offset) return std::nullopt;
        return ElfView{bytes_.subspan(offset, size), order_};
    }
    std::optional<ElfView> from(u64 offset) const {
        if (offset > bytes_.size()) return std::nullopt;
        return ElfView{bytes_.subspan(offset), order_};
    }
    std::optional<u64> get(u64 offset, u8 width) const {
        if (offset > bytes_.size() || width > bytes_.size() - offset) return std::nullopt;
        return load_unsigned(bytes_.data() + offset, width, order_);
    }
    std::optional<u64> get(ElfField field) const { return get(field.offset, field.width); }
    /// A field of a structure that is known to lie inside.
    u64 at(ElfField field) const { return load_unsigned(bytes_.data() + field.offset, field.width, order_); }
    /// A NUL-terminated string that ends inside.
    std::optional<std::string_view> string(u64 offset) const {
        if (offset >= bytes_.size()) return std::nullopt;
        std::string_view rest{reinterpret_cast<const char*>(bytes_.data()) + offset, bytes_.size() - offset};
        size_t end = rest.find('\0');
        if (end == rest.npos) return std::nullopt;
        return rest.substr(0, end);
    }

private:
    std::span<const std::byte> bytes_;
    ByteOrder order_ = host_byte_order;
};

}  // namespace postern::vdso
