// Instructions of the machines that cores of our own execute, as their manuals write them.
#pragma once

#include "abi/abi.hpp"

#include <optional>
#include <span>
#include <string>

namespace postern {

struct InstructionText {
    unsigned size;               ///< bytes
    std::string text;            ///< "mov.l @r4,r2"
    std::optional<u64> target;   ///< of a branch to an address that the instruction names
};

/// How a core prints its machine.
struct InstructionPrinter {
    unsigned unit;               ///< bytes of the shortest instruction
    /// The instruction at the start of `code`, as it is when a program starts; nothing: there is none.
    std::optional<InstructionText> (*print)(std::span<const std::byte> code, u64 address, ByteOrder order);
};

/// Nothing: no core of our own executes the ABI.
std::optional<InstructionPrinter> instruction_printer(const Abi& abi);

}  // namespace postern
