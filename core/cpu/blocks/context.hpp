// The guest's threads take turns on one core.
#pragma once

#include "cpu/blocks/state.hpp"

#include <memory>
#include <type_traits>
#include <utility>

namespace postern::blocks {

/// Of a state whose registers but the program counter are what `registers()` gives.
template <typename CoreState>
struct Context final : CpuContext {
    u32 pc = 0;
    std::remove_cvref_t<decltype(std::declval<CoreState&>().registers())> registers;
};

template <typename CoreState> std::unique_ptr<CpuContext> make_context(const CoreState&) {
    return std::make_unique<Context<CoreState>>();
}

template <typename CoreState> void save(CoreState& state, CpuContext& context) {
    auto& target = static_cast<Context<CoreState>&>(context);
    target.pc = state.pc;
    target.registers = state.registers();
}

template <typename CoreState> void restore(CoreState& state, const CpuContext& context) {
    auto& source = static_cast<const Context<CoreState>&>(context);
    state.pc = source.pc;
    state.registers() = source.registers;
}

}  // namespace postern::blocks
