// What the PowerPC ABIs share. Only for ppc*.cc.
#pragma once

#include "abi/define.hpp"

namespace postern::ppc {

// General registers of `width` bytes and what the kernel's pt_regs adds to them, floating point,
// AltiVec.
#define POSTERN_PPC_THIRTY_TWO(prefix, width)                                                             \
    {prefix "0", width}, {prefix "1", width}, {prefix "2", width}, {prefix "3", width}, {prefix "4", width},      \
    {prefix "5", width}, {prefix "6", width}, {prefix "7", width}, {prefix "8", width}, {prefix "9", width},      \
    {prefix "10", width}, {prefix "11", width}, {prefix "12", width}, {prefix "13", width}, {prefix "14", width}, \
    {prefix "15", width}, {prefix "16", width}, {prefix "17", width}, {prefix "18", width}, {prefix "19", width}, \
    {prefix "20", width}, {prefix "21", width}, {prefix "22", width}, {prefix "23", width}, {prefix "24", width}, \
    {prefix "25", width}, {prefix "26", width}, {prefix "27", width}, {prefix "28", width}, {prefix "29", width}, \
    {prefix "30", width}, {prefix "31", width}
#define POSTERN_PPC_REGISTERS(width)                                                                      \
    POSTERN_PPC_THIRTY_TWO("r", width), {"pc", width}, {"msr", width}, {"ctr", width}, {"lr", width},     \
    {"xer", width}, {"cr", 4}, POSTERN_PPC_THIRTY_TWO("f", 8), {"fpscr", 4}, POSTERN_PPC_THIRTY_TWO("v", 16), \
    {"vscr", 4}, {"vrsave", 4}

// AT_* of the head.
inline constexpr u32 ignore = 22, data_block = 19, instruction_block = 20, unified_block = 21, minimum_stack = 51;

// CR0.SO.
inline constexpr u64 summary_overflow = 0x10000000;

/// AT_HWCAP and AT_HWCAP2 bits.
enum Feature : u64 {
    feature_32 = 0x80000000, feature_64 = 0x40000000, altivec = 0x10000000, fpu = 0x08000000, mmu = 0x04000000,
    snooping_instruction_cache = 0x2000, decimal = 0x400, arch_2_06 = 0x100, vsx = 0x80, true_little_endian = 2,
};
enum Feature2 : u64 {
    arch_2_07 = 0x80000000, integer_select = 0x08000000, target_address = 0x04000000,
    vector_crypto = 0x02000000, arch_3_00 = 0x00800000, darn = 0x00200000,
};

// POWER9 without what its engine lacks: transactions, `scv`, event-based branches, performance
// counters, the data stream control register, and of quad-precision floating point the multiply-add.
inline constexpr u64 hwcap_64 = feature_32 | feature_64 | altivec | fpu | mmu | snooping_instruction_cache |
                                decimal | arch_2_06 | vsx | true_little_endian;
inline constexpr u64 hwcap2_64 = arch_2_07 | integer_select | target_address | vector_crypto | arch_3_00 | darn;

}  // namespace postern::ppc
