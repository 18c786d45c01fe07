// What the guest was told about the system and must be told again, where the host's own state
// is Postern's and not the guest's.
#pragma once

#include "base/types.hpp"
#include "kernel/random.hpp"

#include <array>
#include <map>
#include <optional>
#include <sys/resource.h>

namespace postern::kernel {

/// Survives fork and execve.
struct SystemState {
    /// Limits that bind the guest's memory but must not bind Postern's: RLIMIT_AS, RLIMIT_DATA,
    /// RLIMIT_STACK. Nothing: as the host's.
    std::array<std::optional<rlimit>, RLIM_NLIMITS> limits{};
    /// personality(2): remembered, without effect of its own.
    u32 personality = 0;
    /// PR_SET_DUMPABLE: applied to the host it would lock Postern out of its own /proc/self.
    int dumpable = 1;
    /// What getrandom and AT_RANDOM draw from. A forked child gets one of its own.
    RandomSource random;
    /// The clocks that the guest's POSIX timers were made with, by timer id. An entry may outlive
    /// its timer; the next timer of that id replaces it.
    std::map<int, int> timer_clocks;
};

}  // namespace postern::kernel
