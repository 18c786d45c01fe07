// Fixed-width names and the guest address type used everywhere in Postern.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

namespace postern {

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using i8 = std::int8_t;
using i16 = std::int16_t;
using i32 = std::int32_t;
using i64 = std::int64_t;

/// An address in the guest's virtual address space, zero-extended to 64 bits.
/// It cannot be dereferenced: only `memory` turns it into host memory.
struct GuestAddr {
    u64 value = 0;

    constexpr auto operator<=>(const GuestAddr&) const = default;
    constexpr explicit operator bool() const { return value != 0; }

    constexpr GuestAddr operator+(u64 bytes) const { return {value + bytes}; }
    constexpr GuestAddr operator-(u64 bytes) const { return {value - bytes}; }
    constexpr u64 operator-(GuestAddr other) const { return value - other.value; }
    constexpr GuestAddr& operator+=(u64 bytes) { value += bytes; return *this; }
    constexpr GuestAddr& operator-=(u64 bytes) { value -= bytes; return *this; }

    /// Rounds down / up to `alignment`, a power of two. align_up wraps to 0 at the very top.
    constexpr GuestAddr align_down(u64 alignment) const { return {value & ~(alignment - 1)}; }
    constexpr GuestAddr align_up(u64 alignment) const {
        return {(value + alignment - 1) & ~(alignment - 1)};
    }
    constexpr bool is_aligned(u64 alignment) const { return (value & (alignment - 1)) == 0; }
};

/// A guest pointer to a `T` (an integer type, or a tag type for structs read through layout
/// rows). Carries no permission to dereference; pass it to the memory accessors.
template <typename T>
struct GuestPtr {
    GuestAddr address;

    constexpr auto operator<=>(const GuestPtr&) const = default;
    constexpr explicit operator bool() const { return static_cast<bool>(address); }
};

constexpr u64 align_up(u64 value, u64 alignment) { return (value + alignment - 1) & ~(alignment - 1); }
constexpr u64 align_down(u64 value, u64 alignment) { return value & ~(alignment - 1); }

}  // namespace postern
