#include "vdso/host_offsets.hpp"

#include <cstdlib>

namespace postern::vdso {

namespace {

constexpr i64 second = 1'000'000'000;
/// A distance is kept while it lies this near to what a measurement allows.
constexpr i64 measuring_noise = 2'000;
constexpr i64 tight = 500;  // nanoseconds between two readings around others: no need to repeat
constexpr int attempts_at_most = 3;

/// A distance lies somewhere between `low` and `high`.
struct Bracket {
    i64 low;
    i64 high;

    i64 middle() const { return low + (high - low) / 2; }
    bool allows(i64 distance) const {
        return distance >= low - measuring_noise && distance <= high + measuring_noise;
    }
    Bracket operator-(i64 distance) const { return {low - distance, high - distance}; }
};

/// All clocks, read between two readings of MONOTONIC.
struct Sandwich {
    i64 before, realtime, tai, boottime, after;

    i64 width() const { return after - before; }
    Bracket distance_of(i64 reading) const { return {reading - after, reading - before}; }
};

Sandwich read_sandwich(const HostClocks& host) {
    Sandwich best{};
    for (int attempt = 0; attempt < attempts_at_most; ++attempt) {
        Sandwich next{};
        next.before = host.now(CLOCK_MONOTONIC);
        next.realtime = host.now(CLOCK_REALTIME);
        next.tai = host.now(CLOCK_TAI);
        next.boottime = host.now(CLOCK_BOOTTIME);
        next.after = host.now(CLOCK_MONOTONIC);
        if (attempt == 0 || next.width() < best.width()) best = next;
        if (best.width() <= tight) break;
    }
    return best;
}

}  // namespace

/// REALTIME's distance can be read without any doubt: the two coarse clocks hold the values of
/// the same timer tick, and their difference is the kernel's own constant. False: the coarse
/// clock moved at each attempt (a host whose coarse clocks are not ticks).
bool HostOffsets::measure_coarse(const HostClocks& host) {
    for (int attempt = 0; attempt < attempts_at_most; ++attempt) {
        i64 before = host.now(CLOCK_MONOTONIC_COARSE);
        i64 realtime = host.now(CLOCK_REALTIME_COARSE);
        monotonic_coarse_ = host.now(CLOCK_MONOTONIC_COARSE);
        if (before != monotonic_coarse_) continue;
        realtime_ = realtime - before;
        return true;
    }
    return false;
}

void HostOffsets::measure(const HostClocks& host) {
    bool exact = measure_coarse(host);
    Sandwich sandwich = read_sandwich(host);

    Bracket realtime = sandwich.distance_of(sandwich.realtime);
    if (!exact && !(measured_ && realtime.allows(realtime_))) realtime_ = realtime.middle();

    // Zero, the distance of a host that never slept, before any other.
    Bracket boottime = sandwich.distance_of(sandwich.boottime);
    if (!(measured_ && boottime.allows(boottime_))) {
        boottime_ = boottime.low <= 0 && boottime.high >= 0 ? 0 : boottime.middle();
    }

    // Whole seconds. A measurement that allows none (REALTIME was set in the middle of it)
    // changes nothing.
    Bracket tai = sandwich.distance_of(sandwich.tai) - realtime_;
    if (!tai.allows(tai_seconds_ * second)) {
        i64 middle = tai.middle();
        i64 nearest = (middle + (middle < 0 ? -second / 2 : second / 2)) / second;
        if (tai.allows(nearest * second)) tai_seconds_ = nearest;
    }
    measured_ = true;
}

}  // namespace postern::vdso
