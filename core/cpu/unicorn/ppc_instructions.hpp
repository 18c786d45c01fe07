// PowerPC instruction words: what ppc.cc assembles and tells apart. Big-endian bit order of the
// architecture's books; a word here is the number whatever the byte order in memory.
#pragma once

#include "base/types.hpp"

namespace postern::unicorn::ppc {

// --- assembling

inline constexpr u32 sc = 0x44000002;
inline constexpr u32 lvx = 0x7c0000ce, stvx = 0x7c0001ce, lxvd2x = 0x7c000698, stxvd2x = 0x7c000798;
inline constexpr u32 lwz = 0x80000000, stw = 0x90000000, ld = 0xe8000000, std_ = 0xf8000000;
inline constexpr u32 stwcx = 0x7c00012d;
inline constexpr unsigned spr_xer = 1, spr_vrsave = 256, spr_pvr = 287;

constexpr u32 indexed(u32 opcode, unsigned data, unsigned first, unsigned second) {
    return opcode | data << 21 | first << 16 | second << 11;
}
constexpr u32 displaced(u32 opcode, unsigned data, unsigned first, unsigned displacement) {
    return opcode | data << 21 | first << 16 | displacement;
}
constexpr u32 load_immediate(unsigned target, unsigned value) { return displaced(0x38000000, target, 0, value); }
constexpr u32 spr_field(unsigned spr) { return (spr & 31) << 16 | spr >> 5 << 11; }
constexpr u32 mfspr(unsigned target, unsigned spr) { return 0x7c0002a6 | target << 21 | spr_field(spr); }
constexpr u32 mtspr(unsigned source, unsigned spr) { return 0x7c0003a6 | source << 21 | spr_field(spr); }
constexpr u32 mfvscr(unsigned target) { return 0x10000604 | target << 21; }
constexpr u32 mtvscr(unsigned source) { return 0x10000644 | source << 11; }

// --- telling apart

constexpr u32 primary(u32 word) { return word >> 26; }
constexpr u32 extended(u32 word) { return word >> 1 & 0x3ff; }

/// tdi, twi, tw, td.
constexpr bool is_trap(u32 word) {
    return primary(word) == 2 || primary(word) == 3 ||
           (primary(word) == 31 && (extended(word) == 4 || extended(word) == 68));
}
/// Opcodes 59, 60 and 63: floating point, decimal, VSX. None of them is privileged.
constexpr bool is_floating_point(u32 word) {
    return primary(word) == 59 || primary(word) == 60 || primary(word) == 63;
}
constexpr bool is_mfspr(u32 word, unsigned spr) { return (word & 0xfc1fffff) == mfspr(0, spr); }
constexpr bool is_dcba(u32 word) { return (word & 0xfc0007fe) == 0x7c0005ec; }

/// FPE_* of what FPSCR shows and enables (kernel: __parse_fpscr).
constexpr u32 exception_code(u32 status) {
    struct Rule { u32 exception, enable, code; };
    constexpr Rule rules[] = {
        {0x2000'0000, 0x80, 7},   // invalid operation: FPE_FLTINV
        {0x1000'0000, 0x40, 4},   // overflow
        {0x0800'0000, 0x20, 5},   // underflow
        {0x0400'0000, 0x10, 3},   // division by zero
        {0x0200'0000, 0x08, 6},   // inexact
    };
    for (const Rule& rule : rules)
        if ((status & rule.exception) && (status & rule.enable)) return rule.code;
    return 14;   // FPE_FLTUNK
}

}  // namespace postern::unicorn::ppc
