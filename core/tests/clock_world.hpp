// A simulated host whose clocks a test controls, and a guest that reads its time page.
#pragma once

#include "time_page.h"
#include "vdso/clock.hpp"
#include "vdso/time_source.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <limits>
#include <memory>
#include <random>
#include <vector>

namespace postern::clock_test {

using namespace postern::vdso;

inline constexpr i64 second = 1'000'000'000;
inline constexpr i64 tick_length = 4'000'000;
inline constexpr std::array fine_clocks{CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_BOOTTIME,
                                        CLOCK_TAI};
inline constexpr std::array all_clocks{CLOCK_REALTIME,        CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW,
                                       CLOCK_BOOTTIME,        CLOCK_TAI,       CLOCK_REALTIME_COARSE,
                                       CLOCK_MONOTONIC_COARSE};

/// A host whose time passes only when a test, or a read of a clock, lets it. Its clocks are
/// kept as the kernel keeps them: one fine line, constants between clocks, coarse = last tick.
struct World {
    double physical = 3'000 * 1e9;  // nanoseconds
    double monotonic_value = 2'000 * 1e9;
    double rate = 1.0;  // of MONOTONIC against physical time
    double raw_rate = 1.000013;
    double raw_value = 1'999 * 1e9;
    i64 realtime_offset = 1'700'000'000 * second + 123'456'789;
    i64 boottime_offset = 0;
    i64 tai_seconds = 37;
    i64 coarse = 2'000 * second;
    bool ticks_exist = true;  // false: coarse clocks are fine clocks (some sandboxes)
    double cycles_per_nanosecond = 2.494;
    double counter_value = 5e12;
    u64 counter_mask = ~u64{0};
    i64 counter_divisor = 0;  // not 0: the counter is MONOTONIC / divisor
    double read_cost = 9;     // nanoseconds per read of anything, plus as much at random
    unsigned preemption = 0;  // one read in so many takes 300 us; 0 = never
    u64 reads = 0;
    std::minstd_rand random{1};
    std::function<void()> during_clock_read;
    std::function<void()> before_counter_read, after_counter_read;

    void advance(double nanoseconds) {
        physical += nanoseconds;
        monotonic_value += nanoseconds * rate;
        raw_value += nanoseconds * raw_rate;
        counter_value += nanoseconds * cycles_per_nanosecond;
        auto tick = static_cast<i64>(monotonic_value) / tick_length * tick_length;
        coarse = std::max(coarse, tick);
    }
    void pay() {
        ++reads;
        advance(read_cost * (1 + (random() % 1024) / 1024.0));
        if (preemption && random() % preemption == 0) advance(300'000);
    }
    i64 monotonic() const { return static_cast<i64>(monotonic_value); }
    u64 counter() const {
        if (counter_divisor) return static_cast<u64>(monotonic() / counter_divisor);
        return static_cast<u64>(counter_value) & counter_mask;
    }
    i64 value(int clock_id) const {
        i64 coarse_now = ticks_exist ? coarse : monotonic();
        switch (clock_id) {
            case CLOCK_REALTIME: return monotonic() + realtime_offset;
            case CLOCK_MONOTONIC: return monotonic();
            case CLOCK_MONOTONIC_RAW: return static_cast<i64>(raw_value);
            case CLOCK_BOOTTIME: return monotonic() + boottime_offset;
            case CLOCK_TAI: return monotonic() + realtime_offset + tai_seconds * second;
            case CLOCK_REALTIME_COARSE: return coarse_now + realtime_offset;
            case CLOCK_MONOTONIC_COARSE: return coarse_now;
        }
        std::abort();
    }
};

inline World world;

inline u64 fake_counter() {
    if (world.before_counter_read) world.before_counter_read();
    world.pay();
    u64 value = world.counter();
    if (world.after_counter_read) world.after_counter_read();
    return value;
}

inline i64 fake_now(int clock_id) {
    world.pay();
    i64 value = world.value(clock_id);
    if (world.during_clock_read) world.during_clock_read();
    return value;
}

inline const HostClocks fake_host{
    .now = fake_now,
    .coarse_resolution = [] { return u32{tick_length}; },
    .cpu_node = [] { return u32{3 | 1 << 12}; },
    .timezone =
        [] {
            struct timezone zone{};
            zone.tz_minuteswest = -60;
            zone.tz_dsttime = 1;
            return zone;
        },
};

inline Abi abi_of(ByteOrder order) {
    Abi abi{};
    abi.byte_order = order;
    return abi;
}
inline const Abi little = abi_of(ByteOrder::little);
inline const Abi big = abi_of(ByteOrder::big);

struct alignas(4096) Page {
    std::array<std::byte, POSTERN_TIME_PAGE_SIZE> bytes{};
    operator std::span<std::byte>() { return bytes; }
};

/// What guest code does, written down again from time_page.h: byte by byte in the guest's
/// order, with wide arithmetic. Nothing: the guest would make the system call.
class GuestReader {
public:
    GuestReader(const Page& page, ByteOrder order) : page_(page), order_(order) {}

    u64 word(size_t offset, size_t width) const {
        u64 value = 0;
        for (size_t index = 0; index < width; ++index) {
            size_t position = order_ == ByteOrder::little ? offset + width - 1 - index : offset + index;
            value = value << 8 | std::to_integer<u64>(page_.bytes[position]);
        }
        return value;
    }
    u32 sequence() const { return static_cast<u32>(word(4, 4)); }

    std::optional<i64> read(int clock_id, u64 counter) const {
        CHECK(word(0, 4) == POSTERN_TIME_PAGE_VERSION);
        CHECK(sequence() % 2 == 0);
        u64 mode = word(8, 4);
        if (mode == POSTERN_CLOCK_NONE) return std::nullopt;
        size_t base = base_offset(clock_id);
        u64 seconds = word(base, 8), nanoseconds = word(base + 8, 8);
        if (clock_id == CLOCK_REALTIME_COARSE || clock_id == CLOCK_MONOTONIC_COARSE) {
            CHECK(nanoseconds < u64{second});
            return static_cast<i64>(seconds) * second + static_cast<i64>(nanoseconds);
        }
        size_t line = clock_id == CLOCK_MONOTONIC_RAW ? 72 : 40;
        u64 anchor = word(line, 8), mask = word(line + 8, 8), max_cycles = word(line + 16, 8);
        u64 mult = word(line + 24, 4), shift = word(line + 28, 4);
        u64 delta = mode == POSTERN_CLOCK_PAGE ? 0 : (counter - anchor) & mask;
        if (line == 40) check_quick_cycles(mode, mask, max_cycles, shift);
        if (delta > max_cycles) return std::nullopt;
        unsigned __int128 shifted = static_cast<unsigned __int128>(delta) * mult + nanoseconds;
        CHECK(shifted <= std::numeric_limits<u64>::max());  // guest code has 64 bits
        return static_cast<i64>(seconds) * second + static_cast<i64>(shifted >> shift);
    }

private:
    /// The promise to guest code without choice: time_page.h.
    void check_quick_cycles(u64 mode, u64 mask, u64 max_cycles, u64 shift) const {
        u64 quick_cycles = word(216, 8);
        CHECK(quick_cycles <= max_cycles);
        CHECK(quick_cycles <= std::numeric_limits<u32>::max());
        bool flows = mode == POSTERN_CLOCK_COUNTER || mode == POSTERN_CLOCK_TRAP;
        if (!flows || mask != ~u64{0} || shift != POSTERN_QUICK_SHIFT)
            CHECK(quick_cycles == 0);
    }

    static size_t base_offset(int clock_id) {
        switch (clock_id) {
            case CLOCK_REALTIME: return 104;
            case CLOCK_MONOTONIC: return 104 + 16;
            case CLOCK_BOOTTIME: return 104 + 32;
            case CLOCK_TAI: return 104 + 48;
            case CLOCK_MONOTONIC_RAW: return 104 + 64;
            case CLOCK_REALTIME_COARSE: return 104 + 80;
            case CLOCK_MONOTONIC_COARSE: return 104 + 96;
        }
        std::abort();
    }
    const Page& page_;
    ByteOrder order_;
};

inline i64 nanoseconds_of(std::optional<GuestTime> time) {
    REQUIRE(time.has_value());
    CHECK(time->nanoseconds >= 0);
    CHECK(time->nanoseconds < second);
    return time->seconds * second + time->nanoseconds;
}

/// A guest on the simulated host: reads by vDSO and by system call, as a program would.
struct Guest {
    explicit Guest(ByteOrder order = ByteOrder::little, ClockMode mode = ClockMode::counter,
                   std::shared_ptr<TimeSource> source = nullptr)
        : clock(order == ByteOrder::little ? little : big,
                {.mode = mode, .read = fake_counter, .mask = world.counter_mask}, fake_host, std::move(source)),
          reader(page, order) {}

    void start(double loading_time = 400'000) {
        world.advance(loading_time);
        clock.bind(page);
    }
    i64 system_call(int clock_id) { return nanoseconds_of(clock.read(clock_id)); }
    i64 vdso_call(int clock_id) {
        world.pay();
        if (auto time = reader.read(clock_id, world.counter())) return *time;
        ++fallbacks;
        return system_call(clock_id);
    }

    Page page;
    Clock clock;
    GuestReader reader;
    u64 fallbacks = 0;
};

}  // namespace postern::clock_test
