// Where blocks end. No guest word stands for these.
#pragma once

#include "cpu/blocks/cache.hpp"
#include "cpu/parisc/translate.hpp"

namespace postern::parisc {

/// Behind a conditional branch and its slot.
inline Exit finish_branch(blocks::State& state, const Instruction* end) {
    return static_cast<State&>(state).taken ? leave_block(state, end, 1) : leave_block(state, end, 0);
}
/// Behind any other, and its slot.
inline Exit finish_queue(blocks::State& state, const Instruction* end) {
    auto& own = static_cast<State&>(state);
    own.advance();
    return leave_for_pc(state, end, Mode::of(own).number());
}

}  // namespace postern::parisc
