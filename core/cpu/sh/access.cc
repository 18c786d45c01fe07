#include "cpu/sh/access.hpp"

namespace postern::sh::detail {

namespace {

bool is_address_error(u32 address, unsigned size, Misaligned rule) {
    return address >= first_privileged_address || (address % size != 0 && rule == Misaligned::refused);
}

}  // namespace

bool load_slowly(State& state, u32 address, unsigned size, Misaligned rule) {
    std::span bytes{state.slow.data(), size};
    if (is_address_error(address, size, rule)) return state.raise(Trap::Kind::misaligned, address);
    if (address % size != 0) return state.space.read(GuestAddr{address}, bytes) || state.raise(Trap::Kind::misaligned, address);
    const std::byte* host = state.tlb.fill(address, Access::read);
    if (host) std::memcpy(bytes.data(), host, size);
    return host != nullptr;
}

bool store_slowly(State& state, u32 address, u64 value, unsigned size, Misaligned rule) {
    std::byte bytes[8];
    store_unsigned(bytes, value, size, host_byte_order);
    std::span<const std::byte> in{bytes, size};
    if (is_address_error(address, size, rule)) return state.raise(Trap::Kind::misaligned, address);
    if (address % size != 0) return state.space.write(GuestAddr{address}, in) || state.raise(Trap::Kind::misaligned, address);
    std::byte* host = state.tlb.fill(address, Access::write);
    if (host) std::memcpy(host, bytes, size);
    return host != nullptr;
}

}  // namespace postern::sh::detail
