// What a thread leaves behind in guest memory.
#pragma once

namespace postern::kernel {

struct Task;

/// The locks on the thread's robust list are marked as orphaned, and who waits for them is woken (kernel: exit_robust_list).
void abandon_locks(Task& task);

/// The calling thread takes no more signals, abandons its locks, and who waits for its thread id to be cleared
/// is woken (kernel: mm_release).
void end_thread(Task& task);

}  // namespace postern::kernel
