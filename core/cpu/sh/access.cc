#include "cpu/sh/access.hpp"

namespace postern::sh::detail {

namespace {

/// User mode may not even name what lies above.
constexpr u32 first_privileged_address = 0x8000'0000;

/// What a misaligned access comes to. True: it is to be carried out byte by byte.
bool may_be_misaligned(State& state, u32 address, Misaligned rule) {
    if (rule == Misaligned::carried_out && address < first_privileged_address) return true;
    return state.raise(Trap::Kind::misaligned, address);
}

}  // namespace

bool load_slowly(State& state, u32 address, unsigned size, Misaligned rule) {
    std::span bytes{state.slow.data(), size};
    if (address % size != 0) {
        if (!may_be_misaligned(state, address, rule)) return false;
        return state.space.read(GuestAddr{address}, bytes) || state.raise(Trap::Kind::misaligned, address);
    }
    const std::byte* host = state.tlb.fill(address, Access::read);
    if (host) std::memcpy(bytes.data(), host, size);
    return host != nullptr;
}

bool store_slowly(State& state, u32 address, u64 value, unsigned size, Misaligned rule) {
    std::byte bytes[8];
    store_unsigned(bytes, value, size, host_byte_order);
    if (address % size != 0) {
        if (!may_be_misaligned(state, address, rule)) return false;
        return state.space.write(GuestAddr{address}, std::span<const std::byte>{bytes, size}) ||
               state.raise(Trap::Kind::misaligned, address);
    }
    std::byte* host = state.tlb.fill(address, Access::write);
    if (host) std::memcpy(host, bytes, size);
    return host != nullptr;
}

}  // namespace postern::sh::detail
