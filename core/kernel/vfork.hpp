// vfork and CLONE_VM | CLONE_VFORK: the child is a fork with a copy of the memory, and what it writes there gets to
// its suspended parent when it has called execve or ended.
#pragma once

#include "kernel/process.hpp"

namespace postern::kernel {

/// The two ends of a connection from a child to the parent that waits for it: what the child has changed, and the
/// end of file, when the last copy of `child_end` is closed.
struct VforkConnection {
    int parent_end = -1;
    int child_end = -1;   ///< in the reserved range: the guest's code runs with it open
};

/// 0 or -errno.
i64 open_vfork_connection(FileState& files, VforkConnection& ends);

/// In the parent: sleeps until the child lets go, and takes over what it has written. Other threads run meanwhile;
/// what they write to other bytes stays.
void await_vfork_child(Task& task, int parent_end);

/// In the child: sends the record of changes of its memory (AddressSpace::begin_change_record).
void send_changes(const memory::AddressSpace& memory, int child_end);

}  // namespace postern::kernel
