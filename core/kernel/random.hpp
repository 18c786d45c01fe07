// Where a guest's random bytes come from.
#pragma once

#include "base/types.hpp"
#include "kernel/sys_result.hpp"
#include "vdso/keystream.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <span>

namespace postern::kernel {

struct Task;
class Arguments;

/// The host's random numbers, or with a seed a stream that is the same in every run on every
/// host. The stream takes a new key from itself with each draw, so that what was drawn cannot be
/// computed again from what is left.
class RandomSource {
public:
    RandomSource() = default;           ///< the host's
    explicit RandomSource(u64 seed);

    /// Fills `out`, `flags` as for getrandom(2). How many bytes it got, or -errno of the host.
    i64 fill(std::span<std::byte> out, unsigned flags);
    /// `count` bytes, however long the host takes.
    template <std::size_t count>
    std::array<std::byte, count> take() {
        std::array<std::byte, count> bytes;
        fill_completely(bytes);
        return bytes;
    }
    /// A source for a child process: its bytes are never those of this one.
    RandomSource split();

private:
    void fill_completely(std::span<std::byte> out);

    using Key = std::array<std::byte, vdso::keystream_key_size>;
    std::optional<Key> key_;   ///< nothing: the host's
};

/// The reserved call of getrandom's guest code: (out, block count, key and counter). 0, or -EFAULT
/// with nothing written.
SysResult compute_keystream(Task& task, Arguments& arguments);

}  // namespace postern::kernel
