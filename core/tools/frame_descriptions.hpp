// What .eh_frame says of an image: for listings, and for the test that unwinds with it.
#pragma once

#include "base/endian.hpp"
#include "vdso/elf_view.hpp"

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::tools {

struct FrameDescriptions {
    /// A CIE.
    struct Common {
        u64 code_alignment = 0;            ///< factor of advances, bytes
        i64 data_alignment = 0;            ///< factor of offsets, bytes
        u64 return_column = 0;             ///< the register that holds the caller's program counter
        std::span<const std::byte> instructions;   ///< DW_CFA_*
        u8 pointer_encoding = 0;           ///< DW_EH_PE_* of an FDE's start
        bool signal_frame = false;
        bool augmented = false;            ///< entries have augmentation data
    };
    struct Range {
        u64 start;
        u64 size;             ///< bytes of code
        bool signal_frame;    ///< of a trampoline: the caller is what a signal interrupted
        unsigned common;      ///< index into `commons`
        std::span<const std::byte> instructions;
    };
    std::vector<Common> commons;    ///< in file order
    std::vector<Range> ranges;      ///< one per FDE, in file order
    bool complete = true;           ///< false: an entry could not be read, and none after it was

    bool describes(u64 address) const { return find(address) != nullptr; }
    /// The range that holds the address, or null.
    const Range* find(u64 address) const;
};

/// Reads DWARF data front to back; `failed` once it would leave it.
class DwarfReader {
public:
    DwarfReader(vdso::ElfView view, u64 at = 0) : view_(view), at_(at) {}

    /// An integer of `width` bytes.
    u64 fixed(unsigned width);
    u64 leb128() { return leb128_and_bits().first; }
    i64 signed_leb128();
    std::string_view string();
    /// The next `size` bytes.
    std::span<const std::byte> bytes(u64 size);
    /// All bytes from here on.
    std::span<const std::byte> rest() { return bytes(view_.size() - std::min(at_, view_.size())); }
    bool at_end() const { return failed || at_ >= view_.size(); }
    bool failed = false;

private:
    std::pair<u64, unsigned> leb128_and_bits();
    vdso::ElfView view_;
    u64 at_;
};

/// Reads the bytes of a .eh_frame section that is linked at `address` (Linux Standard Base:
/// the formats of DWARF's .debug_frame with augmentations). Bounds-checked.
/// The result points into `section`.
FrameDescriptions read_frame_descriptions(std::span<const std::byte> section, u64 address, ByteOrder order,
                                          unsigned word_size);

}  // namespace postern::tools
