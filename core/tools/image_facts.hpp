// What there is to say about a vDSO image, as text and as JSON.
#pragma once

#include "kernel/elf.hpp"
#include "tools/elf_parts.hpp"
#include "tools/frame_descriptions.hpp"
#include "tools/table.hpp"
#include "time_page.h"
#include "vdso/image.hpp"

#include <optional>
#include <string>
#include <vector>

namespace postern::tools {

struct ImageFacts {
    const Abi& abi;
    const vdso::Image& image;
    std::string file;                          ///< empty: Postern's own
    kernel::elf::Header header;
    std::vector<kernel::elf::Segment> segments;
    std::vector<Note> notes;
    std::optional<FrameDescriptions> frames;   ///< nothing: no .eh_frame

    bool is_own() const { return file.empty(); }
    /// Whether its functions read the time page as this Postern lays it out.
    bool has_time_page() const { return image.time_page_version() == POSTERN_TIME_PAGE_VERSION; }
};

/// Reads an ABI's image, Postern's own or what is in the file of this name. Error: a header of it is broken.
Result<ImageFacts> image_facts(const Abi& abi, const vdso::Image& image, std::string_view file = {});

/// Symbols by address.
std::string symbol_table(const vdso::Image& image, TableStyle style);
std::string as_text(const ImageFacts& facts);
std::string as_json(const ImageFacts& facts);

}  // namespace postern::tools
