// Socket calls as functions: the multiplexer calls them as well as their own numbers do.
#pragma once

#include "kernel/process.hpp"
#include "kernel/syscall.hpp"

namespace postern::kernel::network {

SysResult getsockopt(Task& task, int fd, int level, int option, GuestAddr value, GuestPtr<i32> size_address);
SysResult setsockopt(Task& task, int fd, int level, int option, GuestAddr value, int size);

}  // namespace postern::kernel::network
