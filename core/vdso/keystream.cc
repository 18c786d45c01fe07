#include "vdso/keystream.hpp"

#include "base/endian.hpp"
#include "base/result.hpp"
#include "chacha20.h"

#include <algorithm>
#include <array>
#include <string.h>

namespace postern::vdso {

static_assert(keystream_key_size == CHACHA20_KEY_SIZE && keystream_block_size == CHACHA20_BLOCK_SIZE);

namespace {

using Key = std::array<u32, 8>;

/// The 16 words of `lanes` consecutive blocks, one block per lane.
template <std::size_t lanes>
struct Blocks {
    using Words [[gnu::vector_size(lanes * sizeof(u32))]] = u32;
    Words words[16];
};

#define ROTATE_LEFT(words, bits) ((words) << (bits) | (words) >> (32 - (bits)))

template <std::size_t lanes>
[[gnu::always_inline]] inline void compute(const Key& key, u32 first_block, Blocks<lanes>& result) {
    using Words = typename Blocks<lanes>::Words;
    const u32 words[16] = {CHACHA20_CONSTANT_0, CHACHA20_CONSTANT_1, CHACHA20_CONSTANT_2, CHACHA20_CONSTANT_3,
                           key[0], key[1], key[2], key[3], key[4], key[5], key[6], key[7], first_block, 0, 0, 0};
    Words start[16]{}, x[16], number{};
    for (std::size_t lane = 0; lane < lanes; ++lane) number[lane] = static_cast<u32>(lane);
    for (std::size_t i = 0; i < 16; ++i) start[i] += words[i];
    start[12] += number;
    for (std::size_t i = 0; i < 16; ++i) x[i] = start[i];
    for (int round = 0; round < CHACHA20_DOUBLE_ROUNDS; ++round) CHACHA20_DOUBLE_ROUND(ROTATE_LEFT, x);
    for (std::size_t i = 0; i < 16; ++i) result.words[i] = x[i] + start[i];
}

/// As many whole blocks as `out` has, at most `lanes`.
template <std::size_t lanes>
[[gnu::always_inline]] inline void fill(const Key& key, u32 first_block, std::span<std::byte> out) {
    Blocks<lanes> blocks;
    while (!out.empty()) {
        compute(key, first_block, blocks);
        std::size_t count = std::min(lanes, out.size() / keystream_block_size);
        for (std::size_t lane = 0; lane < count; ++lane) {
            std::byte* block = out.data() + lane * keystream_block_size;
            for (std::size_t i = 0; i < 16; ++i) store<u32>(block + 4 * i, blocks.words[i][lane], ByteOrder::little);
        }
        out = out.subspan(count * keystream_block_size);
        first_block += lanes;
    }
    ::explicit_bzero(&blocks, sizeof blocks);
}

void fill_by_4(const Key& key, u32 first_block, std::span<std::byte> out) { fill<4>(key, first_block, out); }

#if defined(__x86_64__)
[[gnu::target("avx2")]] void fill_by_8(const Key& key, u32 first_block, std::span<std::byte> out) {
    fill<8>(key, first_block, out);
}
/// A run of getrandom's guest code at once, with rotations that are one instruction.
[[gnu::target("avx512f")]] void fill_by_16(const Key& key, u32 first_block, std::span<std::byte> out) {
    fill<16>(key, first_block, out);
}
#endif

using Fill = void (*)(const Key&, u32, std::span<std::byte>);

Fill best_fill() {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f")) return fill_by_16;
    if (__builtin_cpu_supports("avx2")) return fill_by_8;
#endif
    return fill_by_4;
}

}  // namespace

void keystream(std::span<const std::byte, keystream_key_size> key, u32 first_block,
               std::span<std::byte> out) noexcept {
    POSTERN_ASSERT(out.size() % keystream_block_size == 0);
    static const Fill fill = best_fill();
    Key words;
    for (std::size_t i = 0; i < words.size(); ++i) words[i] = load<u32>(key.data() + 4 * i, ByteOrder::little);
    fill(words, first_block, out);
    ::explicit_bzero(words.data(), sizeof words);
}

}  // namespace postern::vdso
