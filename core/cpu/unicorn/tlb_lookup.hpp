// How Unicorn's translated code looks an access up in its TLB, in host instructions (x86-64).
#pragma once

#include "base/types.hpp"

#include <cstddef>
#include <optional>
#include <span>

namespace postern::unicorn {

/// Host registers and instructions that lookups are made of.
namespace host {
inline constexpr u8 operand_64bit = 0x48, extends_rm = 1;   // REX prefix, its bits
inline constexpr u8 edi = 7, esi = 6;
inline constexpr u8 load_address = 0x8d, move = 0x8b;
/// The upper bits of a modrm byte.
enum Mode : u8 { byte_displacement = 1, plain_register = 3 };
/// A modrm byte with this register is followed by another.
inline constexpr u8 needs_index_byte = 4, no_index = 0x24;
}  // namespace host

inline constexpr u32 page_mask = 0xffff'f000;

/// A, M and the names of the instructions: flat_access.hpp.
struct TlbLookup {
    std::size_t start, size;     ///< of its bytes
    std::size_t jump_end;        ///< from `start`
    u8 address_register;         ///< A
    u8 last_byte;                ///< size of the access less 1; 0 where only its start counts
    bool is_store;
    u32 mask;                    ///< M
    u32 slow_path;               ///< relative to jump_end
};

/// The lookup whose shift, `shr $6, %edi` less what may stand before it, is at `shift`, if it is one
/// with pages of 4 KiB.
std::optional<TlbLookup> read_tlb_lookup(std::span<const u8> code, std::size_t shift);

}  // namespace postern::unicorn
