// The host's counter, which guests without one of their own are given.
#pragma once

#include "base/types.hpp"

#include <time.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace postern {

/// Async-signal-safe.
inline u64 host_counter() {
#if defined(__x86_64__)
    return __rdtsc();
#else
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<u64>(now.tv_sec) * 1'000'000'000 + static_cast<u64>(now.tv_nsec);
#endif
}

}  // namespace postern
