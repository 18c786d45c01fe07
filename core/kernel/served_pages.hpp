// Helper pages whose functions the kernel serves itself (the x86 vsyscall page).
#pragma once

#include "cpu/cpu.hpp"

namespace postern::kernel {

struct Task;

/// Serves the call if `stop` is a fetch from the first instruction of a served function. True: it
/// was such a page; the guest goes on behind the call, or has a signal to come.
bool serve_fetch(Task& task, const Stop& stop);

}  // namespace postern::kernel
