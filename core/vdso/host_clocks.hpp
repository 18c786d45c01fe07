// The host's clocks as the writer of the time page sees them, and readings of a counter
// against them.
#pragma once

#include "base/types.hpp"

#include <sys/time.h>
#include <time.h>
#include <optional>

namespace postern::vdso {

/// Reads a counter of cycles; async-signal-safe. Converts from a function; a second kind takes
/// a context, for emulators with a counter per guest.
class CounterReader {
public:
    CounterReader() = default;
    CounterReader(u64 (*read)()) : plain_(read) {}
    CounterReader(u64 (*read)(void* context), void* context) : with_context_(read), context_(context) {}
    explicit operator bool() const { return plain_ || with_context_; }
    u64 operator()() const { return with_context_ ? with_context_(context_) : plain_(); }

private:
    u64 (*plain_)() = nullptr;
    u64 (*with_context_)(void*) = nullptr;
    void* context_ = nullptr;
};

/// A counter and a clock read at the same moment, as far as that can be known.
struct Reading {
    u64 counter = 0;      ///< cycles
    i64 nanoseconds = 0;  ///< the clock
    u64 width = 0;        ///< cycles between the counter reads around the clock read: the doubt
};

/// One counter against both clocks that run at a rate of their own.
struct Readings {
    Reading monotonic;
    Reading raw;
};

/// Where host time comes from. Every function is async-signal-safe. Tests put clocks of
/// their own here.
struct HostClocks {
    i64 (*now)(int clock_id);       ///< nanoseconds, any Linux clock id the page serves
    u32 (*coarse_resolution)();     ///< nanoseconds: one timer tick
    u32 (*cpu_node)();              ///< as in the page: bits 0-11 CPU, the rest NUMA node
    struct timezone (*timezone)();  ///< the kernel's, not the C library's
    /// The host CPU's own counter, or null.
    u64 (*cycle_counter)() = nullptr;
    /// Taken when this process started: the host CPU's counter, and CLOCK_MONOTONIC taken as
    /// a counter of nanoseconds. They turn the first renewal's reading into a rate. Zero
    /// counters = not taken.
    Readings cycles_at_start{};
    Readings monotonic_at_start{};
    i64 sleep_at_start = 0;  ///< BOOTTIME - MONOTONIC then: since, the host may have slept
};

/// The real ones.
const HostClocks& host_clocks();

/// The tightest of a few attempts at reading counter, MONOTONIC and MONOTONIC_RAW together.
/// `usual_width` (cycles) is learned: an attempt about as tight as usual ends the search.
Readings take_readings(const HostClocks& host, const CounterReader& counter, u64 mask, u64& usual_width);

/// The reading that `counter` would have given at the start of this process, where that can
/// be told: the counter is the host CPU's own, or CLOCK_MONOTONIC divided by a whole number,
/// and the host has not slept since.
std::optional<Readings> readings_at_start(const HostClocks& host, const CounterReader& counter, u64 mask);

}  // namespace postern::vdso
