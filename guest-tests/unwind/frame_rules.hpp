// How the caller is found from an instruction, by .eh_frame: DWARF 5, section 6.4, and the
// expressions of section 2.5 as far as images use them. Anything else is an error, not a guess.
#pragma once

#include "base/result.hpp"
#include "tools/frame_descriptions.hpp"

#include <functional>
#include <map>
#include <optional>
#include <span>

namespace postern::unwinding {

/// Where one register of the caller is.
struct RegisterRule {
    enum class Kind : u8 {
        undefined,
        same,               ///< still in the register
        offset,             ///< in memory at CFA + offset
        offset_value,       ///< is CFA + offset
        other_register,     ///< in register number `offset`
        expression,         ///< in memory at the expression's value
        expression_value,   ///< is the expression's value
    };
    Kind kind = Kind::same;
    i64 offset = 0;
    std::span<const std::byte> expression = {};
};

/// The row of the table that the description of a function stands for.
struct FrameRules {
    /// The CFA: register `cfa_register` plus `cfa.offset`, or kind expression_value.
    RegisterRule cfa = {};
    u64 cfa_register = 0;
    std::map<u64, RegisterRule> registers = {};   ///< by DWARF number; others have no rule
    u64 return_column = 0;
    bool signal_frame = false;
};

/// What a rule reads. Nothing: it cannot be read.
struct FrameReader {
    std::function<std::optional<u64>(u64 number)> get_register;
    std::function<std::optional<u64>(u64 address, unsigned width)> get_memory;
};

/// The rules at `address` (as the section is linked). Nothing: no description holds it. Error: the
/// description cannot be read.
Result<std::optional<FrameRules>> rules_at(const tools::FrameDescriptions& descriptions, u64 address,
                                           ByteOrder order);

/// The value of an expression that starts with `first` on the stack, if given. Error: an
/// operation that is not known, or a value that cannot be read.
Result<u64> evaluate(std::span<const std::byte> expression, std::optional<u64> first, const FrameReader& reader,
                     ByteOrder order, unsigned word_size);

}  // namespace postern::unwinding
