// What the exception handling of MIPS has to know of instructions. Source: MIPS32 and MIPS64
// Architecture for Programmers, volume II, release 2.
#pragma once

#include "base/types.hpp"

#include <functional>
#include <optional>

namespace postern::unicorn::mips {

struct Instruction {
    u32 word;

    u32 opcode() const { return word >> 26; }
    u32 rs() const { return word >> 21 & 31; }
    u32 rt() const { return word >> 16 & 31; }
    u32 fs() const { return word >> 11 & 31; }
    u32 fd() const { return word >> 6 & 31; }
    u32 function() const { return word & 63; }
    i64 immediate() const { return static_cast<i16>(word); }
};

/// Value of a general register.
using RegisterReader = std::function<u64(unsigned)>;

/// A load or store.
struct MemoryAccess {
    u8 size;               ///< bytes
    bool is_store;
    bool is_signed;        ///< loads: sign-extended
    bool is_float;         ///< the data are in a floating-point register
    bool is_atomic;        ///< ll, sc: nobody carries them out when they are not aligned
    bool wants_alignment;
    unsigned data_register;
    u64 address;           ///< the sum; how many of its bits count is the machine's to say
};

/// Branches and jumps: the instruction behind them belongs to them.
bool has_delay_slot(Instruction instruction);

/// The access of a load or store.
std::optional<MemoryAccess> memory_access(Instruction instruction, const RegisterReader& registers);

/// The code of break, syscall's sibling: assemblers put it in either half of the field.
u32 break_code(Instruction instruction);

/// The code of a conditional trap; those with an immediate have none.
u32 trap_code(Instruction instruction);

}  // namespace postern::unicorn::mips
