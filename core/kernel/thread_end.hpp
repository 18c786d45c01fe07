// What a thread leaves behind in guest memory.
#pragma once

namespace postern::kernel {

struct Task;

/// The calling thread takes no more signals, the locks on its robust list are marked as orphaned, and who waits for its
/// thread id to be cleared is woken (kernel: exit_mm, exit_robust_list).
void end_thread(Task& task);

}  // namespace postern::kernel
