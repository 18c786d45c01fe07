// What there is to say about a vDSO image, as text and as JSON.
#pragma once

#include "kernel/elf.hpp"
#include "tools/elf_parts.hpp"
#include "tools/frame_descriptions.hpp"
#include "tools/table.hpp"
#include "vdso/image.hpp"

#include <optional>
#include <string>
#include <vector>

namespace postern::tools {

struct ImageFacts {
    const Abi& abi;
    const vdso::Image& image;
    kernel::elf::Header header;
    std::vector<kernel::elf::Segment> segments;
    std::vector<Note> notes;
    std::optional<FrameDescriptions> frames;   ///< nothing: no .eh_frame
};

/// Reads an ABI's image. Error: a header of it is broken.
Result<ImageFacts> image_facts(const Abi& abi, const vdso::Image& image);

/// Symbols by address.
std::string symbol_table(const vdso::Image& image, TableStyle style);
std::string as_text(const ImageFacts& facts);
std::string as_json(const ImageFacts& facts);

}  // namespace postern::tools
