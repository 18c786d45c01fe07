// What .eh_frame says of an image, counted: for listings.
#pragma once

#include "base/endian.hpp"

#include <span>
#include <vector>

namespace postern::tools {

struct FrameDescriptions {
    struct Range {
        u64 start;
        u64 size;             ///< bytes of code
        bool signal_frame;    ///< of a trampoline: the caller is what a signal interrupted
    };
    unsigned common_entries = 0;    ///< CIEs
    std::vector<Range> ranges;      ///< one per FDE, in file order
    bool complete = true;           ///< false: an entry could not be read, and none after it was

    bool describes(u64 address) const;
};

/// Reads the bytes of a .eh_frame section that is linked at `address` (Linux Standard Base:
/// the formats of DWARF's .debug_frame with augmentations). Bounds-checked.
FrameDescriptions read_frame_descriptions(std::span<const std::byte> section, u64 address, ByteOrder order,
                                          unsigned word_size);

}  // namespace postern::tools
