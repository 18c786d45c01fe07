// System V IPC as functions: the multiplexer `ipc` calls them as well as their own numbers do.
#pragma once

#include "abi/layouts.hpp"
#include "kernel/process.hpp"
#include "kernel/syscall.hpp"

#include <initializer_list>
#include <optional>
#include <sys/ipc.h>

namespace postern::kernel::system_v {

/// In a command of the calls that came before IPC_64: the structure is the new one.
inline constexpr int ipc_64 = 0x100;

/// The command without the flag, of a call that has the flag; nothing: it is one of `with_structure` and wants one
/// with 16-bit ids, which is not supported (kernel: ipc_parse_version).
std::optional<int> new_command(int command, std::initializer_list<int> with_structure);

/// A permission structure's fields, under the names that it has in each of the three.
struct PermissionFields {
    Field key, uid, gid, cuid, cgid, mode, sequence;
};
void put_permissions(StructView& view, const PermissionFields& fields, const ::ipc_perm& permissions);
/// What IPC_SET takes: owner and mode.
void get_permissions(const StructView& view, const PermissionFields& fields, ::ipc_perm& permissions);

/// A time in two fields, of which 64-bit ABIs have the first alone.
void put_time(StructView& view, Field low, Field high, time_t time);

/// Numbers of 32 bits one after the other (struct msginfo, struct seminfo). False: EFAULT.
bool write_ints(Task& task, GuestAddr address, std::span<const int> numbers);

// --- the calls. `command` is without ipc_64.

SysResult message_queue_send(Task& task, int queue, GuestAddr message, u64 size, int flags);
SysResult message_queue_receive(Task& task, int queue, GuestAddr message, u64 size, i64 type, int flags);
SysResult message_queue_get(int key, int flags);
SysResult message_queue_control(Task& task, int queue, int command, GuestAddr buffer);

/// `timeout` 0 = none; of the layout `time`.
SysResult semaphore_operate(Task& task, int set, GuestAddr operations, u64 count, GuestAddr timeout, Struct time);
SysResult semaphore_get(int key, int count, int flags);
/// `argument` is union semun as a long.
SysResult semaphore_control(Task& task, int set, int number, int command, u64 argument);

/// The address or -errno.
SysResult shared_memory_attach(Task& task, int segment, GuestAddr address, int flags);
SysResult shared_memory_detach(Task& task, GuestAddr address);
SysResult shared_memory_get(int key, u64 size, int flags);
SysResult shared_memory_control(Task& task, int segment, int command, GuestAddr buffer);

}  // namespace postern::kernel::system_v
