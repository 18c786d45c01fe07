// The registers of an SH-4 in user mode, and what executes a decoded instruction.
#pragma once

#include "base/endian.hpp"
#include "cpu/tlb.hpp"

#include <algorithm>
#include <array>

namespace postern::sh {

/// Bits of FPSCR.
namespace fpscr {
inline constexpr u32 rounding_mode = 0x3;        ///< 0 = to nearest, 1 = to zero
inline constexpr u32 flag_shift = 2, enable_shift = 7, cause_shift = 12;
inline constexpr u32 inexact = 1, underflow = 2, overflow = 4, divide = 8, invalid = 16;   ///< of each of the three fields
inline constexpr u32 exceptions = 0x1f;
inline constexpr u32 all_causes = 0x3f000;       ///< with E, which only hardware without denormals raises
inline constexpr u32 denormals_zero = 1 << 18;   ///< DN
inline constexpr u32 double_precision = 1 << 19; ///< PR
inline constexpr u32 pair_size = 1 << 20;        ///< SZ
inline constexpr u32 other_bank = 1 << 21;       ///< FR
inline constexpr u32 writable = 0x003f'ffff;
inline constexpr u32 at_start = double_precision;   ///< Linux: FPSCR_INIT
}  // namespace fpscr

/// How a block was left. The first two index its successors.
enum class Exit : u32 {
    next,           ///< behind its last instruction
    taken,          ///< at the target of its branch
    elsewhere,      ///< at State::pc
    system_call,    ///< State::pc is behind the instruction
    fault,          ///< Tlb::fault(); State::pc is the instruction's
    trap,           ///< State::trap; State::pc is the instruction's
    stale,          ///< it was not executed: its instructions have changed
};

struct State;
struct Instruction;

/// Executes an instruction and those behind it in its block.
using Execute = Exit (*)(State&, const Instruction*);

/// A decoded instruction. Blocks are arrays of these.
struct Instruction {
    Execute execute;
    u32 address;                     ///< of the branch, for an instruction in its slot
    std::array<i32, 3> operands;     ///< as Operand types decode them, in the handler's order
};

/// What an instruction other than an access raised.
struct Trap {
    enum class Kind : u8 { illegal, privileged, breakpoint, floating_point, misaligned } kind;
    u32 address;   ///< misaligned: of the data
};

/// What Linux does about an address that is no multiple of the access (arch/sh/kernel/traps_32.c,
/// handle_unaligned_ins): the mov instructions on general registers, but for those relative to GBR, are
/// carried out byte by byte; all others raise SIGBUS.
enum class Misaligned : u8 { carried_out, refused };

/// An access that the TLB does not serve. The handler asks for it and fails, having changed nothing; the
/// slow path fetches the page, and the instruction executes again. So handlers call nothing, and the
/// compiler has no registers to save in them. An access that no TLB can serve is answered here.
struct Request {
    enum class Phase : u8 { none, asked, answered } phase = Phase::none;
    Access access = Access::read;
    Misaligned rule = Misaligned::refused;
    u8 size = 0;       ///< bytes
    u32 address = 0;
    u64 value = 0;     ///< to store, or loaded; its bytes are in guest order
};

class Core;

struct State {
    State(memory::AddressSpace& memory, CodeHolder& holder, Core& owner, bool swapped)
        : tlb(memory, holder), core(owner), space(memory), swap(swapped) {}

    std::array<u32, 16> r{};
    u32 t = 0, s = 0, m = 0, q = 0;   ///< bits of SR, 0 or 1 each
    u32 gbr = 0, mach = 0, macl = 0, pr = 0, pc = 0;
    u32 fpul = 0;
    u32 fpscr = fpscr::at_start;
    /// The bank that FR names, and the other one behind it; they change places when FPSCR.FR changes.
    std::array<u32, 32> fr{};
    /// What the delayed branch under way decided, for the end of its slot.
    u32 delayed_target = 0;
    bool delayed_taken = false;
    Trap trap{};

    Request request;

    Tlb tlb;
    Core& core;
    memory::AddressSpace& space;
    bool swap;   ///< the guest's byte order is not the host's

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

    /// Raises a trap; for handlers to return.
    bool raise(Trap::Kind kind, u32 address = 0) {
        trap = {kind, address};
        trapped = true;
        return false;
    }
    bool trapped = false;   ///< a handler that failed did so by a trap, not by an access
};

}  // namespace postern::sh
