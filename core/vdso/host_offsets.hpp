// The distances between the host's clocks that share one rate, and the coarse clock.
#pragma once

#include "vdso/host_clocks.hpp"

namespace postern::vdso {

/// REALTIME, BOOTTIME and TAI are MONOTONIC plus a constant that changes only when somebody
/// sets the clock, the host wakes from sleep, or a leap second comes. A distance once found is
/// kept as long as a new measurement allows it, so that noise never moves a guest's clock.
class HostOffsets {
public:
    /// Measures all of them; async-signal-safe.
    void measure(const HostClocks& host);

    /// Nanoseconds to add to MONOTONIC.
    i64 realtime() const { return realtime_; }
    i64 boottime() const { return boottime_; }
    i64 tai() const { return realtime_ + tai_seconds_ * 1'000'000'000; }
    /// CLOCK_MONOTONIC_COARSE, nanoseconds, read before anything else.
    i64 monotonic_coarse() const { return monotonic_coarse_; }

private:
    bool measure_coarse(const HostClocks& host);

    i64 realtime_ = 0;
    i64 boottime_ = 0;
    i64 tai_seconds_ = 0;
    i64 monotonic_coarse_ = 0;
    bool measured_ = false;
};

}  // namespace postern::vdso
