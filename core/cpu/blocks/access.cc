#include "cpu/blocks/access.hpp"

#include "cpu/host_counter.hpp"

#include <utility>

namespace postern::blocks {

namespace {

/// A misaligned access, which no page alone may hold.
bool carry_out(State& state) {
    Request& request = state.request;
    std::byte bytes[8];
    std::span access{bytes, request.size};
    store_unsigned(bytes, request.value, request.size, host_byte_order);
    bool done = request.access == Access::write ? state.space.write({request.address}, access)
                                                : state.space.read({request.address}, access);
    if (!done) return state.raise(TrapKind::alignment, request.address);
    request.value = load_unsigned(bytes, request.size, host_byte_order);
    request.phase = Request::Phase::answered;
    return true;
}

/// True: the instruction may execute again.
bool serve(State& state) {
    Request& request = state.request;
    if (std::exchange(request.phase, Request::Phase::none) != Request::Phase::asked) return false;
    bool misaligned = request.address % request.size != 0;
    if (request.address >= state.address_end || (misaligned && request.rule == Misaligned::refused)) {
        return state.raise(TrapKind::alignment, request.address);
    }
    return misaligned ? carry_out(state) : state.tlb.fill(request.address, request.access) != nullptr;
}

}  // namespace

Exit put_counter(State& state, const Instruction* instruction) {
    u64 counter = host_counter();
    if (state.swap) counter = swap_bytes(counter);
    std::memcpy(state.counter_word, &counter, sizeof counter);
    return go_on(state, instruction);
}

Exit execute_slowly(State& state, const Instruction* instruction) {
    // Of now: a write to its own page makes the block stale, and it has to go on all the same.
    Execute execute = instruction->execute;
    if (!state.trapped && serve(state)) return execute(state, instruction);
    state.stand_at(*instruction);
    return std::exchange(state.trapped, false) ? Exit::trap : Exit::fault;
}

}  // namespace postern::blocks
