// Loads and stores of SH-4 handlers. All return false where the access is refused: the fault or trap
// is raised then, and neither memory nor a register has changed.
#pragma once

#include "cpu/sh/state.hpp"

namespace postern::sh {

/// What Linux does about an address that is no multiple of the access (arch/sh/kernel/traps_32.c,
/// handle_unaligned_ins): the mov instructions on general registers, but for those relative to GBR, are
/// carried out byte by byte; all others raise SIGBUS.
enum class Misaligned : u8 { carried_out, refused };

/// User mode may not even name what lies above: an address error, which is the same to Linux as a
/// misaligned address.
inline constexpr u32 first_privileged_address = 0x8000'0000;

namespace detail {

/// The page is not cached, or the address is misaligned. The bytes of a load go to State::slow, the
/// value of a store is in host order. (Through the state: a local variable whose address is known
/// elsewhere would make the jump at the end of a handler a call.)
[[gnu::noinline]] bool load_slowly(State& state, u32 address, unsigned size, Misaligned rule);
[[gnu::noinline]] bool store_slowly(State& state, u32 address, u64 value, unsigned size, Misaligned rule);

}  // namespace detail

/// Reads an integer of the guest's byte order.
template <std::integral T>
[[gnu::always_inline]] inline bool load(State& state, u32 address, T& value, Misaligned rule = Misaligned::refused) {
    T raw;
    if (const std::byte* host = state.tlb.find_readable<sizeof(T)>(address)) [[likely]] std::memcpy(&raw, host, sizeof raw);
    else if (detail::load_slowly(state, address, sizeof raw, rule)) std::memcpy(&raw, state.slow.data(), sizeof raw);
    else return false;
    value = state.swap ? swap_bytes(raw) : raw;
    return true;
}

template <std::integral T>
[[gnu::always_inline]] inline bool store(State& state, u32 address, T value, Misaligned rule = Misaligned::refused) {
    if (state.swap) value = swap_bytes(value);
    if (std::byte* host = state.tlb.find_writable<sizeof(T)>(address)) [[likely]] {
        std::memcpy(host, &value, sizeof value);
        return true;
    }
    return detail::store_slowly(state, address, static_cast<std::make_unsigned_t<T>>(value), sizeof value, rule);
}

/// Whether the guest may read (write) here; for instructions on the cache.
inline bool probe(State& state, u32 address, Access access) {
    if (access == Access::write ? state.tlb.find_writable<1>(address) : state.tlb.find_readable<1>(address)) return true;
    if (address >= first_privileged_address) return state.raise(Trap::Kind::misaligned, address);
    return state.tlb.fill(address, access) != nullptr;
}

}  // namespace postern::sh
