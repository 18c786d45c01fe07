// Functions that execute several instructions of a block at once.
#pragma once

#include "cpu/blocks/state.hpp"

#include <initializer_list>
#include <span>
#include <unordered_map>
#include <vector>

namespace postern::blocks {

/// Instructions that are executed by one function where they stand one behind the other. The function stands in the first
/// one's place and takes the operands from where they are, so that the others stay what they are: to go on there, when one
/// of them has failed or is reached otherwise.
struct Fusion {
    static constexpr std::size_t max_parts = 6;

    std::array<Execute, max_parts> parts{};   ///< null behind the last
    /// The function: one of several, by which registers are the same.
    Execute (*choose)(const Instruction* first) = nullptr;

    std::size_t part_count() const { return static_cast<std::size_t>(std::ranges::find(parts, nullptr) - parts.begin()); }
};

/// All fusions of a core.
class FusionTable {
public:
    /// Of lists that a core has. Among equally good ones in a block, the one that stands first is taken.
    explicit FusionTable(std::initializer_list<std::span<const Fusion>> lists);

    /// Puts functions of several instructions into a block, so that as few functions as possible execute it.
    void apply(std::span<Instruction> code) const;
    /// Every fusion, in no particular order.
    std::vector<Fusion> all() const;

private:
    std::unordered_map<Execute, std::vector<Fusion>> by_first_;
};

}  // namespace postern::blocks
