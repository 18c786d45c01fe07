// The registers of a PA-RISC in user mode, as 32-bit Linux programs see them.
#pragma once

#include "cpu/blocks/state.hpp"

#include <bit>
#include <cstring>

namespace postern::parisc {

using blocks::Exit;
using blocks::go_on;
using blocks::Instruction;
using blocks::end_block;
using blocks::leave_block;
using blocks::Misaligned;

/// Bits of the PSW that programs see.
namespace psw {
inline constexpr u32 nullify = 1 << 21;   ///< N
inline constexpr u32 divide = 1 << 17;    ///< V
inline constexpr u32 carry_shift = 8;     ///< C/B: the carries out of the digits, from the lowest
}  // namespace psw

/// Bits of the first word of floating-point register 0.
namespace fpsr {
inline constexpr u32 enables = 0x1f;             ///< as blocks::float_exception
inline constexpr u32 denormals_zero = 1 << 5;    ///< D
inline constexpr u32 rounding_shift = 9;
inline constexpr u32 queue_shift = 11, queue_size = 11, queue_first = 21;   ///< CQ, the newest in its upper bit
inline constexpr u32 compare = 1 << 26;          ///< C
inline constexpr u32 flag_shift = 27;
}  // namespace fpsr

/// The number that a program's own space has, and the kernel's, where the gateway page is.
inline constexpr u32 own_space = 0x1000, gateway_space = 0;
inline constexpr u32 user_privilege = 3;

/// All but the program counter.
struct Registers {
    /// General registers; the last is where results for r0 go.
    std::array<u32, 33> r{};
    u32 carries = 0;        ///< bit 4 * i + 4 is the carry out of digit i, but for the last
    u32 carry = 0;          ///< out of the last, 0 or 1
    u32 divide = 0;         ///< V of the PSW, 0 or 1
    u32 sar = 0;
    /// Of the instruction behind the one under way, where that is not what follows in memory: while a branch's slot
    /// executes, and between blocks.
    u32 next_pc = 0, next_privilege = user_privilege;
    u32 privilege = user_privilege;
    bool taken = false;     ///< what the conditional branch decided whose slot executes
    bool nullify = false;   ///< N, between blocks: the instruction at State::pc is skipped
    u32 thread_pointer = 0;
    std::array<u32, 8> spaces{};
    /// Floating-point words, two for each register, in the host's order of a double; behind them zeros, which are
    /// what register 0 is as an operand, and where results for it go.
    alignas(8) std::array<u32, 68> f{};

    bool operator==(const Registers&) const = default;
};

struct State final : blocks::State, Registers {
    /// For everybody the same as State::swap of `blocks`.
    static constexpr bool swap = host_byte_order == ByteOrder::little;

    State(memory::AddressSpace& memory, CodeHolder& holder, blocks::Watcher& watched_by)
        : blocks::State(memory, holder, watched_by, swap, u64{1} << 32) {
        reset();
    }

    Registers& registers() { return *this; }

    /// Index into `f` of a register's left (0) or right (1) word.
    static constexpr u32 float_word(u32 number, u32 right) {
        return number * 2 + (host_byte_order == ByteOrder::little ? right ^ 1 : right);
    }
    u32& fpsr() { return f[float_word(0, 0)]; }
    u32 fpsr() const { return f[float_word(0, 0)]; }

    u32 psw() const {
        u32 bits = (nullify ? psw::nullify : 0) | (divide ? psw::divide : 0) | carry << (psw::carry_shift + 7);
        for (u32 digit = 0; digit < 7; ++digit) bits |= (carries >> (4 * digit + 4) & 1) << (psw::carry_shift + digit);
        return bits;
    }
    void set_psw(u32 value) {
        nullify = (value & psw::nullify) != 0;
        divide = (value & psw::divide) != 0;
        carry = value >> (psw::carry_shift + 7) & 1;
        carries = 0;
        for (u32 digit = 0; digit < 7; ++digit) carries |= (value >> (psw::carry_shift + digit) & 1) << (4 * digit + 4);
    }

    /// As execve(2) leaves them.
    void reset() {
        r.fill(0);
        f.fill(0);
        set_psw(0);
        privilege = user_privilege;
        go_to(0);
        sar = thread_pointer = 0;
        spaces = {own_space, own_space, gateway_space, 0xffff, own_space, own_space, own_space, own_space};
    }

    void go_to(u32 address) override {
        pc = address;
        follow_on();
    }
    /// What is behind the instruction is what follows it in memory.
    void follow_on() {
        next_pc = pc + 4;
        next_privilege = privilege;
    }
    /// Goes to the next instruction in the queue.
    void advance() {
        pc = next_pc;
        privilege = next_privilege;
        next_pc += 4;
    }
    void stand_at(const Instruction& instruction) override {
        bool in_slot = instruction.address & in_slot_mark;
        pc = instruction.address & ~in_slot_mark;
        if (!in_slot) follow_on();
    }
    /// In Instruction::address: what is behind is `next_pc` already.
    static constexpr u32 in_slot_mark = 1;
};

}  // namespace postern::parisc
