// Random bytes: the keystream against RFC 8439, seeded sources, and the generation that tells
// guests when their keys are void.
#include "../../guest-tests/runtime/chacha20_vectors.h"
#include "clock_world.hpp"
#include "kernel/random.hpp"
#include "random_state.h"
#include "vdso/keystream.hpp"

#include <set>
#include <vector>

using namespace postern;
using kernel::RandomSource;

namespace {

using Key = std::array<std::byte, vdso::keystream_key_size>;

std::vector<std::byte> stream(const Key& key, u32 first_block, std::size_t blocks) {
    std::vector<std::byte> out(blocks * vdso::keystream_block_size);
    vdso::keystream(key, first_block, out);
    return out;
}

std::vector<std::byte> drawn(RandomSource& source, std::size_t size) {
    std::vector<std::byte> bytes(size);
    REQUIRE(source.fill(bytes, 0) == static_cast<i64>(size));
    return bytes;
}

u64 first_word(std::span<const std::byte> bytes) { return load<u64>(bytes.data(), ByteOrder::little); }

}  // namespace

TEST_CASE("keystream: the vectors of RFC 8439") {
    for (const auto& row : chacha20_vectors) {
        CAPTURE(row.counter);
        Key key;
        std::memcpy(key.data(), row.key, sizeof row.key);
        // Alone, and as the first and last of several.
        for (std::size_t blocks = 1; blocks < 20; ++blocks) {
            CHECK(std::memcmp(stream(key, row.counter, blocks).data(), row.block, sizeof row.block) == 0);
            u32 first = row.counter - static_cast<u32>(blocks - 1);
            auto bytes = stream(key, first, blocks);
            CHECK(std::memcmp(bytes.data() + bytes.size() - sizeof row.block, row.block, sizeof row.block) == 0);
        }
    }
}

TEST_CASE("keystream: over its own key, as a guest's state asks for it") {
    random_state state{};
    for (std::size_t i = 0; i < sizeof state.key; ++i) state.key[i] = static_cast<u8>(3 * i + 1);
    Key key;
    std::memcpy(key.data(), state.key, sizeof state.key);
    auto expected = stream(key, 0, RANDOM_BLOCKS);
    auto whole = std::as_writable_bytes(std::span(&state, 1)).first(expected.size());
    vdso::keystream(std::span(whole).last<vdso::keystream_key_size>(), 0, whole);
    CHECK(std::ranges::equal(whole, expected));
    CHECK(offsetof(random_state, counter) == offsetof(random_state, key) + sizeof state.key);
}

TEST_CASE("seeded random bytes: equal for equal seeds, and no piece twice") {
    std::set<u64> pieces;   // the first eight bytes of each
    for (u64 seed : {u64{0}, u64{7}, ~u64{0}}) {
        RandomSource source(seed), again(seed);
        for (std::size_t size : {8, 16, 32, 33, 96, 100, 5000}) {
            auto bytes = drawn(source, size);
            CHECK(bytes == drawn(again, size));
            CHECK(pieces.insert(first_word(bytes)).second);
        }
        RandomSource child = source.split(), second_child = source.split(), child_again = again.split();
        CHECK(pieces.insert(first_word(drawn(source, 8))).second);
        CHECK(pieces.insert(first_word(drawn(second_child, 8))).second);
        auto bytes = drawn(child, 8);
        CHECK(pieces.insert(first_word(bytes)).second);
        CHECK(bytes == drawn(child_again, 8));
        CHECK(source.take<16>() != child.take<16>());
    }
}

TEST_CASE("random bytes of the host differ") {
    RandomSource source;
    auto bytes = drawn(source, 32);
    CHECK(bytes != drawn(source, 32));
    CHECK(source.split().take<32>() != source.take<32>());
}

TEST_CASE("clock: the generation of random keys changes with each start, fork and reseed") {
    clock_test::world = {};
    alignas(8) std::array<std::byte, POSTERN_TIME_PAGE_SIZE> first{}, second{};
    vdso::Clock clock(clock_test::big, {.mode = ClockMode::page, .read = nullptr}, clock_test::fake_host);
    auto generation = [](std::span<const std::byte> page) {
        return load<u64>(page.data() + offsetof(postern_time_page, random_generation), ByteOrder::big);
    };
    std::set<u64> seen{0};
    clock.bind(first);
    CHECK(seen.insert(generation(first)).second);
    for (auto reason : {vdso::ServiceReason::tick, vdso::ServiceReason::stale, vdso::ServiceReason::request,
                        vdso::ServiceReason::wake}) {
        clock.service(reason);
        CHECK(seen.contains(generation(first)));
    }
    clock.reseed();
    CHECK(seen.insert(generation(first)).second);
    clock.service(vdso::ServiceReason::fork);
    CHECK(seen.insert(generation(first)).second);
    clock.bind(second);
    CHECK(seen.insert(generation(second)).second);
}
