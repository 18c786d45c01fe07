// The registers that frame descriptions speak of, by machine: the DWARF numbering of its processor's ABI.
#pragma once

#include "abi/abi.hpp"

#include <span>
#include <string_view>

namespace postern::unwinding {

/// `count` registers whose DWARF numbers count up from `number` and whose names, as the Abi has
/// them, count up from `name` ("r0", "r1", ...).
struct NumberedRun {
    u8 number;
    std::string_view name;
    u8 count = 1;
};

struct MachineRegisters {
    Machine machine;
    std::span<const NumberedRun> runs;
    std::string_view preserved;          ///< what a call preserves, names between spaces
    u8 stack_pointer;                    ///< DWARF number
    /// The caller's stack pointer is its CFA less so many bytes, on 64-bit and on 32-bit ABIs.
    u8 frame_bias = 0, frame_bias_32 = 0;
    /// The CFA of a signal's frame is the saved context, and not the interrupted stack pointer, which is in it.
    bool signal_cfa_is_context = false;
};

/// The table of a machine; asserts that there is one.
const MachineRegisters& registers_of(Machine machine);

/// s390x: the floating-point register behind DWARF number 16 + index.
inline constexpr u8 s390_floating_point[16] = {0, 2, 4, 6, 1, 3, 5, 7, 8, 10, 12, 14, 9, 11, 13, 15};

}  // namespace postern::unwinding
