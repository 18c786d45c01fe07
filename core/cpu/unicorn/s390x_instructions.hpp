// What instructions of IBM Z are, where their bytes have to tell what the engine does not.
#pragma once

#include "cpu/cpu.hpp"

#include <array>
#include <optional>
#include <span>

namespace postern::unicorn::s390x {

/// What Linux tells from a program interruption; Unicorn keeps the code to itself, so the
/// instruction has to say it. Compare-and-trap raises data exceptions, as floating point does.
inline TrapKind classify(const std::array<std::byte, 6>& instruction) {
    auto code = [&](unsigned i) { return static_cast<u8>(instruction[i]); };
    switch (code(0)) {
        case 0x1d: case 0x5d: return TrapKind::integer_divide;   // dr, d
        case 0x80: case 0x82: case 0x83: case 0xac: case 0xad: case 0xae: case 0xb6: case 0xb7: case 0xda: case 0xdb:
            return TrapKind::privileged_instruction;             // ssm lpsw diag stnsm stosm sigp stctl lctl ...
        case 0xb2:
            if (code(1) < 0x22 || (code(1) > 0x24 && code(1) < 0x49) || code(1) == 0xb2) {
                return code(1) == 0x05 || code(1) == 0x08 ? TrapKind::illegal_instruction
                                                          : TrapKind::privileged_instruction;
            }
            return TrapKind::illegal_instruction;
        case 0xb9:
            if (code(1) == 0x0d || code(1) == 0x1d || code(1) == 0x87 || code(1) == 0x97) return TrapKind::integer_divide;
            if (code(1) == 0x60 || code(1) == 0x61 || code(1) == 0x72 || code(1) == 0x73) return TrapKind::floating_point;
            return TrapKind::illegal_instruction;
        case 0xe3:
            if (code(5) == 0x0d || code(5) == 0x1d || code(5) == 0x87 || code(5) == 0x97) return TrapKind::integer_divide;
            return TrapKind::illegal_instruction;
        case 0xe5: return code(1) < 3 ? TrapKind::privileged_instruction : TrapKind::illegal_instruction;
        case 0xeb:
            if (code(5) == 0x23 || code(5) == 0x2b) return TrapKind::floating_point;
            return code(5) == 0x2f || code(5) == 0x25 ? TrapKind::privileged_instruction : TrapKind::illegal_instruction;
        case 0xec:
            return code(5) >= 0x70 && code(5) <= 0x73 ? TrapKind::floating_point : TrapKind::illegal_instruction;
        case 0xb3: case 0xed: return TrapKind::floating_point;
        default: return TrapKind::illegal_instruction;
    }
}

/// FPE_* code for the reason that a data exception leaves in the floating-point control register;
/// 0 for those that are not of IEEE arithmetic, as compare-and-trap.
inline u32 floating_point_code(u8 reason) {
    constexpr u32 divided = 3, overflowed = 4, underflowed = 5, inexact = 6, invalid = 7;
    if (reason & 3) return 0;
    return reason & 0x80 ? invalid : reason & 0x40 ? divided : reason & 0x20 ? overflowed : reason & 0x10 ? underflowed
           : reason & 8 ? inexact : 0;
}

/// `csst` by its first two bytes.
inline bool is_compare_swap_and_store(std::span<const std::byte> code) {
    return code[0] == std::byte{0xc8} && (code[1] & std::byte{0x0f}) == std::byte{2};
}

/// Numbers of registers; 0 = none.
struct ModeBranch {
    unsigned link, target;
    bool saves_address;   ///< of the next instruction, beside the mode
};

/// `bsm` and `bassm`.
inline std::optional<ModeBranch> mode_branch(std::span<const std::byte> code) {
    bool saves_address = code[0] == std::byte{0x0c};
    if (!saves_address && code[0] != std::byte{0x0b}) return std::nullopt;
    auto registers = static_cast<unsigned>(code[1]);
    return ModeBranch{registers >> 4, registers & 15, saves_address};
}

}  // namespace postern::unicorn::s390x
