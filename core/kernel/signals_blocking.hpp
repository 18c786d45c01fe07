// Host system calls that a signal handler can turn back before they sleep.
#pragma once

#include "base/types.hpp"

#include <ucontext.h>

namespace postern::kernel::host {

/// Makes the call unless `*stop` is set before it starts: then -EINTR. A handler that sets
/// `*stop` must also call turn_back, or the call may sleep in between. -errno on failure.
///
/// Hosts without the assembly below have a window of a few instructions between the check and
/// the call: a signal that falls into it interrupts only the next call.
i64 guarded_system_call(const volatile int* stop, long number, const u64 (&arguments)[6]);

/// From a signal handler: if the interrupted code stands between the check and the system
/// call of guarded_system_call, makes it return -EINTR.
void turn_back(ucontext_t& context);

}  // namespace postern::kernel::host
