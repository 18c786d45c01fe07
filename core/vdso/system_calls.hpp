// What images with get_syscall_map, get_tbfreq and riscv_hwprobe read behind the time page's clocks.
#pragma once

#include "vdso/image.hpp"

namespace postern::vdso {

/// Tells the image which system calls there are, and the rate of the time base; to be called once
/// after install, by whoever serves the calls. `numbers`: those of the ABI that do not end in
/// ENOSYS, in any order. Does nothing for an ABI whose image has neither function.
/// Error: the time page is not where `placement` says.
Result<void> publish_system_calls(const Abi& abi, GuestMemory& memory, const Placement& placement,
                                  std::span<const u32> numbers);

/// Tells the image what riscv_hwprobe answers about all harts (Abi::hardware_probe); to be called
/// once after install, by whoever answers the system call from the same table. Does nothing for an ABI
/// without that call. Error: the time page is not where `placement` says.
Result<void> publish_hardware_probe(const Abi& abi, GuestMemory& memory, const Placement& placement);

}  // namespace postern::vdso
