// Loads and stores of handlers. All return false where the access cannot be had at once: it is asked
// for then (see Request), and neither memory nor a register has changed.
#pragma once

#include "cpu/blocks/state.hpp"

#include <atomic>

namespace postern::blocks {

namespace detail {

/// Whether the slow path has just served this access, else asks for it.
[[gnu::always_inline]] inline bool is_answered(State& state, Access access, u32 address, u8 size, Misaligned rule, u64 value) {
    Request& request = state.request;
    if (request.phase == Request::Phase::answered && request.access == access) {
        request.phase = Request::Phase::none;
        return true;
    }
    request = {Request::Phase::asked, access, rule, size, address, value};
    return false;
}

}  // namespace detail

/// Reads an integer of the guest's byte order: `swap` of the core's state, which may be a constant there.
template <std::integral T, std::derived_from<State> CoreState>
[[gnu::always_inline]] inline bool load(CoreState& state, u32 address, T& value, Misaligned rule = Misaligned::refused) {
    T raw;
    if (const std::byte* host; state.tlb.template find_readable<sizeof(T)>(address, host)) [[likely]] std::memcpy(&raw, host, sizeof raw);
    else if (detail::is_answered(state, Access::read, address, sizeof raw, rule, 0)) raw = static_cast<T>(state.request.value);
    else return false;
    value = state.swap ? swap_bytes(raw) : raw;
    return true;
}

template <std::integral T, std::derived_from<State> CoreState>
[[gnu::always_inline]] inline bool store(CoreState& state, u32 address, T value, Misaligned rule = Misaligned::refused) {
    if (state.swap) value = swap_bytes(value);
    if (std::byte* host; state.tlb.template find_writable<sizeof(T)>(address, host)) [[likely]] {
        std::memcpy(host, &value, sizeof value);
        return true;
    }
    return detail::is_answered(state, Access::write, address, sizeof value, rule, static_cast<std::make_unsigned_t<T>>(value));
}

/// Whether the guest may read (write) here; for instructions on the cache.
inline bool probe(State& state, u32 address, Access access) {
    const std::byte* readable;
    std::byte* writable;
    if (access == Access::write ? state.tlb.find_writable<1>(address, writable) : state.tlb.find_readable<1>(address, readable)) return true;
    state.request = {Request::Phase::asked, access, Misaligned::refused, 1, address, 0};
    return false;
}

/// Reads an integer and puts `next(value)` in its place, in one step for whoever else sees the memory.
template <std::unsigned_integral T, std::derived_from<State> CoreState, typename Next>
inline bool update(CoreState& state, u32 address, T& value, Next next) {
    if (!load(state, address, value) || !probe(state, address, Access::write)) return false;
    std::byte* host = nullptr;
    POSTERN_ASSERT(state.tlb.template find_writable<sizeof(T)>(address, host));   // load() has refused misaligned ones
    std::atomic_ref<T> place(*reinterpret_cast<T*>(host));
    auto swapped = [&](T number) { return state.swap ? swap_bytes(number) : number; };
    T expected = swapped(value);
    while (!place.compare_exchange_weak(expected, swapped(next(swapped(expected))))) {}
    value = swapped(expected);
    return true;
}

}  // namespace postern::blocks
