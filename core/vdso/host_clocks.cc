#include "vdso/host_clocks.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <sched.h>
#include <algorithm>
#include <cstdlib>
#if defined(__x86_64__) || defined(__i386__)
#include <x86intrin.h>
#endif

namespace postern::vdso {

namespace {

constexpr int attempts_at_most = 5;

i64 real_now(int clock_id) {
    timespec time{};
    // Cannot fail: every Linux that Postern runs on has the clocks of the page.
    (void)clock_gettime(clock_id, &time);
    return i64{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

u32 real_coarse_resolution() {
    timespec time{};
    (void)clock_getres(CLOCK_MONOTONIC_COARSE, &time);
    return static_cast<u32>(time.tv_nsec);
}

u32 real_cpu_node() {
    unsigned cpu = 0, node = 0;
    (void)getcpu(&cpu, &node);
    return (cpu & 0xfff) | node << 12;
}

struct timezone real_timezone() {
    struct timezone zone{};
    // The system call itself: the C library's function answers zero, whatever the kernel says.
    (void)syscall(SYS_gettimeofday, nullptr, &zone);
    return zone;
}

#if defined(__x86_64__) || defined(__i386__)
u64 real_cycle_counter() { return __rdtsc(); }
constexpr u64 (*cycle_counter)() = real_cycle_counter;
#elif defined(__aarch64__)
u64 real_cycle_counter() {
    u64 count;
    asm volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(count));
    return count;
}
constexpr u64 (*cycle_counter)() = real_cycle_counter;
#else
constexpr u64 (*cycle_counter)() = nullptr;
#endif

u64 monotonic_counter() { return static_cast<u64>(real_now(CLOCK_MONOTONIC)); }

HostClocks real_clocks() {
    HostClocks clocks{.now = real_now,
                      .coarse_resolution = real_coarse_resolution,
                      .cpu_node = real_cpu_node,
                      .timezone = real_timezone,
                      .cycle_counter = cycle_counter};
    clocks.sleep_at_start = real_now(CLOCK_BOOTTIME) - real_now(CLOCK_MONOTONIC);
    u64 width = 0;
    clocks.monotonic_at_start = take_readings(clocks, monotonic_counter, ~u64{0}, width);
    width = 0;
    if (clocks.cycle_counter) clocks.cycles_at_start = take_readings(clocks, cycle_counter, ~u64{0}, width);
    return clocks;
}

// Taken when the program starts, so that by the time a guest is loaded there is a baseline
// long enough for a rate, without waiting for one.
const HostClocks clocks_of_this_process = real_clocks();

Readings read_once(const HostClocks& host, const CounterReader& counter, u64 mask) {
    u64 before = counter();
    i64 monotonic = host.now(CLOCK_MONOTONIC);
    u64 between = counter();
    i64 raw = host.now(CLOCK_MONOTONIC_RAW);
    u64 after = counter();
    u64 first = (between - before) & mask;
    u64 second = (after - between) & mask;
    return {{(before + first / 2) & mask, monotonic, first}, {(between + second / 2) & mask, raw, second}};
}

u64 total_width(const Readings& readings) { return readings.monotonic.width + readings.raw.width; }

/// True if `counter` counts what the host CPU's counter counts.
bool is_cycle_counter(const HostClocks& host, const CounterReader& counter) {
    u64 before = host.cycle_counter();
    u64 value = counter();
    u64 after = host.cycle_counter();
    return before <= value && value <= after;
}

/// How many nanoseconds of CLOCK_MONOTONIC one step of the counter stands for, if the counter
/// is nothing but that clock divided by a whole number; 0 otherwise.
u64 divisor_of_monotonic(const HostClocks& host, const CounterReader& counter) {
    constexpr i64 reading_doubt = 2'000;
    for (int attempt = 0; attempt < 3; ++attempt) {
        auto value = static_cast<i64>(counter());
        i64 monotonic = host.now(CLOCK_MONOTONIC);
        if (value <= 0) return 0;
        i64 divisor = (monotonic + value / 2) / value;
        if (divisor > 0 && std::abs(monotonic / divisor - value) <= 1 + reading_doubt / divisor)
            return static_cast<u64>(divisor);
    }
    return 0;
}

}  // namespace

const HostClocks& host_clocks() { return clocks_of_this_process; }

Readings take_readings(const HostClocks& host, const CounterReader& counter, u64 mask, u64& usual_width) {
    Readings best = read_once(host, counter, mask);
    for (int attempt = 1; attempt < attempts_at_most; ++attempt) {
        if (total_width(best) <= usual_width + usual_width / 4) break;
        Readings next = read_once(host, counter, mask);
        if (total_width(next) < total_width(best)) best = next;
    }
    // Follows a faster host at once, and a slower one (another CPU frequency) in some steps.
    usual_width = std::min(total_width(best), usual_width + usual_width / 4 + 1);
    if (usual_width <= 1) usual_width = total_width(best);
    return best;
}

std::optional<Readings> readings_at_start(const HostClocks& host, const CounterReader& counter, u64 mask) {
    constexpr i64 shortest_sleep = 1'000'000;
    i64 sleep = host.now(CLOCK_BOOTTIME) - host.now(CLOCK_MONOTONIC);
    if (mask != ~u64{0} || std::abs(sleep - host.sleep_at_start) > shortest_sleep) return std::nullopt;
    if (host.cycles_at_start.monotonic.counter && is_cycle_counter(host, counter))
        return host.cycles_at_start;
    if (!host.monotonic_at_start.monotonic.counter) return std::nullopt;
    u64 divisor = divisor_of_monotonic(host, counter);
    if (divisor == 0) return std::nullopt;
    Readings readings = host.monotonic_at_start;
    for (Reading* reading : {&readings.monotonic, &readings.raw}) {
        reading->counter /= divisor;
        reading->width = reading->width / divisor + 1;  // the fraction that the division cut off
    }
    return readings;
}

}  // namespace postern::vdso
