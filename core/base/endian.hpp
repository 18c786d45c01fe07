// Byte order: the only place in Postern that swaps bytes.
#pragma once

#include "base/types.hpp"

#include <bit>
#include <concepts>
#include <cstring>
#include <span>

namespace postern {

enum class ByteOrder : u8 { little, big };

inline constexpr ByteOrder host_byte_order =
    std::endian::native == std::endian::little ? ByteOrder::little : ByteOrder::big;

template <std::integral T>
constexpr T swap_bytes(T value) {
    if constexpr (sizeof(T) == 1) return value;
    else if constexpr (sizeof(T) == 2) return static_cast<T>(__builtin_bswap16(static_cast<u16>(value)));
    else if constexpr (sizeof(T) == 4) return static_cast<T>(__builtin_bswap32(static_cast<u32>(value)));
    else return static_cast<T>(__builtin_bswap64(static_cast<u64>(value)));
}

/// Converts between host order and `order`; its own inverse.
template <std::integral T>
constexpr T convert(T value, ByteOrder order) {
    return order == host_byte_order ? value : swap_bytes(value);
}

/// Reads / writes an integer of `sizeof(T)` bytes in `order`; the span must be large enough.
template <std::integral T>
T load(const std::byte* bytes, ByteOrder order) {
    T value;
    std::memcpy(&value, bytes, sizeof value);
    return convert(value, order);
}

template <std::integral T>
void store(std::byte* bytes, T value, ByteOrder order) {
    value = convert(value, order);
    std::memcpy(bytes, &value, sizeof value);
}

/// Reads / writes an integer of `width` bytes (1, 2, 4 or 8), zero-extended.
inline u64 load_unsigned(const std::byte* bytes, unsigned width, ByteOrder order) {
    switch (width) {
        case 1: return load<u8>(bytes, order);
        case 2: return load<u16>(bytes, order);
        case 4: return load<u32>(bytes, order);
        default: return load<u64>(bytes, order);
    }
}

inline void store_unsigned(std::byte* bytes, u64 value, unsigned width, ByteOrder order) {
    switch (width) {
        case 1: return store(bytes, static_cast<u8>(value), order);
        case 2: return store(bytes, static_cast<u16>(value), order);
        case 4: return store(bytes, static_cast<u32>(value), order);
        default: return store(bytes, value, order);
    }
}

}  // namespace postern
