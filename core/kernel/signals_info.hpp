// siginfo between the host, Postern and the guest.
#pragma once

#include "kernel/signals.hpp"

#include <signal.h>
#include <span>

namespace postern::kernel {

/// What a host handler was told.
SignalInfo signal_info_from_host(const siginfo_t& info);
/// For the host's rt_sigqueueinfo.
siginfo_t signal_info_to_host(const SignalInfo& info);

/// Fills a guest siginfo, all its bytes (128).
void write_signal_info(const Abi& abi, const SignalInfo& info, std::span<std::byte> bytes);
/// Reads one that a guest passes to rt_sigqueueinfo.
SignalInfo read_signal_info(const Abi& abi, std::span<std::byte> bytes);

}  // namespace postern::kernel
