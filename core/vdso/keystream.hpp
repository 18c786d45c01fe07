// The host's own run of the keystream that getrandom's guest code computes.
#pragma once

#include "base/types.hpp"

#include <cstddef>
#include <span>

namespace postern::vdso {

inline constexpr std::size_t keystream_key_size = 32;     ///< bytes
inline constexpr std::size_t keystream_block_size = 64;   ///< bytes

/// Fills `out`, whole blocks, with the keystream of vdso-images/common/chacha20.h from block
/// `first_block` on: bit for bit what the guest code makes of the key. `out` may overlap `key`.
/// No copy of the key or of the stream stays behind.
void keystream(std::span<const std::byte, keystream_key_size> key, u32 first_block,
               std::span<std::byte> out) noexcept;

}  // namespace postern::vdso
