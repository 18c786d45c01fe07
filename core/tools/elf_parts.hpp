// Sections and notes of an ELF image, for listing: what the loader has no use for.
#pragma once

#include "base/endian.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postern::tools {

struct Section {
    std::string_view name;
    u64 address = 0;      ///< as linked
    u64 offset = 0;       ///< in the file, bytes
    u64 size = 0;         ///< bytes, inside the file
    bool executable = false;
};

struct Note {
    std::string_view owner;   ///< "GNU", "Linux"
    u32 type = 0;
    std::span<const std::byte> description;
};

/// Sections with bytes of their own, in file order. What lies outside the file is left out.
std::vector<Section> sections_of(std::span<const std::byte> file);

/// Notes of all PT_NOTE segments.
std::vector<Note> notes_of(std::span<const std::byte> file);

}  // namespace postern::tools
