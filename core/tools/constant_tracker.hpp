// What can be known of registers by reading code in order: enough to name the fields of the time
// page that an image reads, and its system calls.
#pragma once

#include "base/types.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::tools {

/// One instruction as the disassembler prints it.
struct PrintedInstruction {
    u64 address;
    u64 size;                       ///< bytes
    std::string_view mnemonic;
    std::string_view operands;
    /// Registers that it writes, by name; nothing: the disassembler cannot tell.
    std::optional<std::vector<std::string>> written;
    std::optional<u64> target;      ///< of a branch
};

/// Follows one function from its first instruction to its last. Registers keep the constants that
/// moves, address computations and additions give them. Where paths meet only what all earlier
/// paths agree on stays; a loop is read once. Knows nothing of an instruction it has no row for,
/// except that what it writes is unknown afterwards.
class ConstantTracker {
public:
    /// `pc_ahead`: what a program counter operand reads beyond the instruction's address (ARM: 8
    /// or 4); `read_literal` gives a 32-bit word of the code.
    ConstantTracker(u64 pc_ahead, u64 word_mask, std::function<std::optional<u32>(u64 address)> read_literal)
        : pc_ahead_(pc_ahead), word_mask_(word_mask), read_literal_(std::move(read_literal)) {}

    void start_function(u64 pc_ahead);
    /// Before step: the address of the instruction's memory operand, a register's value.
    std::optional<u64> memory_operand(const PrintedInstruction& instruction) const;
    std::optional<u64> value_of(std::string_view register_name) const;
    /// What it will leave in its first operand.
    std::optional<u64> computed(const PrintedInstruction& instruction) const;
    void step(const PrintedInstruction& instruction);

private:
    using State = std::map<std::string, u64>;

    void arrive(u64 address);
    void leave_to(u64 target);
    std::optional<u64> operand(std::string_view text, const PrintedInstruction& instruction) const;
    std::optional<u64> sum(std::string_view terms, const PrintedInstruction& instruction) const;
    std::optional<u64> inserted_half(const std::vector<std::string_view>& operands) const;
    std::optional<u64> result(const PrintedInstruction& instruction,
                              const std::vector<std::string_view>& operands) const;
    void forget_written(const PrintedInstruction& instruction, const std::vector<std::string_view>& operands);

    u64 pc_ahead_;
    u64 word_mask_;
    std::function<std::optional<u32>(u64)> read_literal_;
    State state_;
    bool reachable_ = true;
    std::map<u64, State> waiting_;   // at targets of branches further down
};

}  // namespace postern::tools
