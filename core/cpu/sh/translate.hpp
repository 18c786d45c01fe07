// From guest memory to a decoded block.
#pragma once

#include "cpu/sh/blocks.hpp"

namespace postern::sh {

/// Whom a block calls before it executes an instruction.
class Watcher {
public:
    virtual ~Watcher() = default;
    /// Something is to be called before the instruction at `address`.
    virtual bool watches(u32 address) const = 0;
    /// The guest is about to execute it. The program counter may be changed.
    virtual void reached(u32 address) = 0;
};

/// Decodes the block at `address` for `mode`. Null: its first instruction cannot be fetched; a fault
/// (State::tlb) or, if State::trapped, a trap is raised.
Block* translate(State& state, BlockCache& cache, const Watcher& watcher, u32 address, Mode mode);

}  // namespace postern::sh
