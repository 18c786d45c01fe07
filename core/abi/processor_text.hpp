// What a Linux of the ABI prints in /proc/cpuinfo.
#pragma once

#include "abi/abi.hpp"

#include <span>
#include <string>

namespace postern {

/// The text of /proc/cpuinfo with the processors of these numbers, ascending. Features are those of AT_HWCAP (x86: of CPUID
/// as the engine answers it). An emulated processor has no frequency: where one is printed, it is 1 GHz, and BogoMIPS
/// follow from that or from the ABI's time base.
std::string processor_text(const Abi& abi, std::span<const unsigned> processors);

}  // namespace postern
