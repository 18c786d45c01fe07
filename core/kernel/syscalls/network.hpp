// Socket calls as functions: the multiplexer calls them as well as their own numbers do.
#pragma once

#include "abi/layouts.hpp"
#include "kernel/process.hpp"
#include "kernel/syscall.hpp"

#include <sys/socket.h>

namespace postern::kernel::network {

SysResult getsockopt(Task& task, int fd, int level, int option, GuestAddr value, GuestPtr<i32> size_address);
SysResult setsockopt(Task& task, int fd, int level, int option, GuestAddr value, int size);

SysResult sendmsg(Task& task, int fd, GuestAddr header, int flags);
SysResult recvmsg(Task& task, int fd, GuestAddr header, int flags);
SysResult sendmmsg(Task& task, int fd, GuestAddr vector, unsigned count, int flags);
/// `time_form`: Struct::timespec64 or Struct::old_timespec.
template <Struct time_form>
SysResult recvmmsg(Task& task, int fd, GuestAddr vector, unsigned count, int flags, GuestAddr limit);

/// Host calls with a host message whose buffers are the guest's memory: what they hold is put into the form of the
/// other side where a protocol's messages have numbers.
SysResult send_message(Task& task, int fd, msghdr& message, int flags);
SysResult receive_message(Task& task, int fd, msghdr& message, int flags);

}  // namespace postern::kernel::network
