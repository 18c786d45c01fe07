// Addresses in a placed image that the kernel side of an emulator needs.
#pragma once

#include "abi/signal_abi.hpp"
#include "vdso/image.hpp"

#include <optional>

namespace postern::vdso {

/// Where a signal handler without SA_RESTORER returns to.
struct SignalReturn {
    GuestAddr address;                 ///< bit 0 set = Thumb code
    std::optional<GuestAddr> code;     ///< of the instructions, where they are on a helper page
};

/// For a frame of the ABI (`rt` or `old` of its SignalAbi) and a handler that runs as Thumb code
/// or not. `image`: the one at placement.image, null = none. Nothing: SA_RESTORER is the only way.
std::optional<SignalReturn> signal_return(const Abi& abi, const SignalFrame& frame, const Placement& placement,
                                          const Image* image, bool thumb);

/// AT_SYSINFO: the system-call entry of the image at `start`. 0 = it has none.
u64 system_call_entry(const Image& image, GuestAddr start);

}  // namespace postern::vdso
