// From guest memory to a decoded block.
#pragma once

#include "cpu/blocks/cache.hpp"
#include "cpu/parisc/isa.hpp"

namespace postern::parisc {

/// What a block is decoded for.
struct Mode {
    bool alone = false;        ///< one instruction, behind which comes what State::next_pc says
    bool privileged = false;

    static Mode of(const State& state) {
        return {.alone = state.next_pc != state.pc + 4 || state.next_privilege != state.privilege, .privileged = state.privilege == 0};
    }
    /// As blocks know it.
    u32 number() const { return u32{alone} | u32{privileged} << 1; }
};

/// Decodes the block at State::pc. Null: its first instruction cannot be fetched; a fault (State::tlb) is raised.
blocks::Block* translate(State& state, blocks::BlockCache& cache, Mode mode);

}  // namespace postern::parisc
