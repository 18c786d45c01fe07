// From guest memory to a decoded block.
#pragma once

#include "cpu/blocks/cache.hpp"
#include "cpu/sh/isa.hpp"

namespace postern::sh {

/// Decodes the block at State::pc for `mode`. Null: its first instruction cannot be fetched; a fault
/// (State::tlb) or, if State::trapped, a trap is raised.
blocks::Block* translate(State& state, blocks::BlockCache& cache, Mode mode);

}  // namespace postern::sh
