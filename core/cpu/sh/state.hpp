// The registers of an SH-4 in user mode.
#pragma once

#include "cpu/blocks/state.hpp"

#include <algorithm>
#include <array>

namespace postern::sh {

/// Bits of FPSCR.
namespace fpscr {
inline constexpr u32 rounding_mode = 0x3;        ///< 0 = to nearest, 1 = to zero
inline constexpr u32 flag_shift = 2, enable_shift = 7, cause_shift = 12;
inline constexpr u32 exceptions = 0x1f;          ///< of each of the three fields: float_exception
inline constexpr u32 all_causes = 0x3f000;       ///< with E, which only hardware without denormals raises
inline constexpr u32 denormals_zero = 1 << 18;   ///< DN
inline constexpr u32 double_precision = 1 << 19; ///< PR
inline constexpr u32 pair_size = 1 << 20;        ///< SZ
inline constexpr u32 other_bank = 1 << 21;       ///< FR
inline constexpr u32 writable = 0x003f'ffff;
inline constexpr u32 at_start = double_precision;   ///< Linux: FPSCR_INIT
}  // namespace fpscr

using blocks::Execute;
using blocks::Exit;
using blocks::go_on;
using blocks::Instruction;
using blocks::end_block;
using blocks::leave_block;
using blocks::Misaligned;

/// User mode may not even name what lies above.
inline constexpr u32 first_privileged_address = 0x8000'0000;

/// All but the program counter.
struct Registers {
    std::array<u32, 16> r{};
    u32 t = 0, s = 0, m = 0, q = 0;   ///< bits of SR, 0 or 1 each
    u32 gbr = 0, mach = 0, macl = 0, pr = 0;
    u32 fpul = 0;
    u32 fpscr = fpscr::at_start;
    /// The bank that FR names, and the other one behind it; they change places when FPSCR.FR changes.
    std::array<u32, 32> fr{};
    /// What the delayed branch under way decided, for the end of its slot.
    u32 delayed_target = 0;
    bool delayed_taken = false;

    bool operator==(const Registers&) const = default;
};

struct State final : blocks::State, Registers {
    State(memory::AddressSpace& memory, CodeHolder& holder, blocks::Watcher& watched_by, bool swapped)
        : blocks::State(memory, holder, watched_by, swapped, first_privileged_address) {}

    Registers& registers() { return *this; }

    u64 mac() const { return u64{mach} << 32 | macl; }
    void set_mac(u64 value) {
        mach = static_cast<u32>(value >> 32);
        macl = static_cast<u32>(value);
    }

    u32 sr() const { return t | s << 1 | q << 8 | m << 9; }
    void set_sr(u32 value) {
        t = value & 1;
        s = value >> 1 & 1;
        q = value >> 8 & 1;
        m = value >> 9 & 1;
    }

    void set_fpscr(u32 value) {
        if ((value ^ fpscr) & fpscr::other_bank) std::swap_ranges(fr.begin(), fr.begin() + 16, fr.begin() + 16);
        fpscr = value & fpscr::writable;
    }
};

}  // namespace postern::sh
