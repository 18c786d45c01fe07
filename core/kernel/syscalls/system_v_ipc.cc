// The system calls of System V IPC: each by its own number, and all by the one of `ipc`.
#include "kernel/syscalls/support.hpp"
#include "kernel/syscalls/system_v.hpp"

#include <algorithm>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

namespace postern::kernel {

using namespace system_v;

namespace system_v {

std::optional<int> new_command(int command, std::initializer_list<int> with_structure) {
    if (!(command & ipc_64) && std::ranges::find(with_structure, command) != with_structure.end()) return std::nullopt;
    return command & ~ipc_64;
}

void put_permissions(StructView& view, const PermissionFields& fields, const ::ipc_perm& permissions) {
    view.set(fields.key, static_cast<u64>(i64{permissions.__key}));
    view.set(fields.uid, permissions.uid);
    view.set(fields.gid, permissions.gid);
    view.set(fields.cuid, permissions.cuid);
    view.set(fields.cgid, permissions.cgid);
    view.set(fields.mode, permissions.mode);
    view.set(fields.sequence, permissions.__seq);
}

void get_permissions(const StructView& view, const PermissionFields& fields, ::ipc_perm& permissions) {
    permissions.uid = static_cast<uid_t>(view.get(fields.uid));
    permissions.gid = static_cast<gid_t>(view.get(fields.gid));
    permissions.mode = static_cast<decltype(permissions.mode)>(view.get(fields.mode));
}

void put_time(StructView& view, Field low, Field high, time_t time) {
    view.set(low, static_cast<u64>(time));
    view.set(high, static_cast<u64>(time) >> 32);
}

bool write_ints(Task& task, GuestAddr address, std::span<const int> numbers) {
    std::vector<std::byte> bytes(numbers.size() * 4);
    for (std::size_t i = 0; i < numbers.size(); ++i)
        store_unsigned(bytes.data() + 4 * i, static_cast<u32>(numbers[i]), 4, task.abi().byte_order);
    return task.memory().write(address, bytes);
}

}  // namespace system_v

namespace {

SysResult sys_msgget(Task&, int key, int flags) { return message_queue_get(key, flags); }
SysResult sys_msgsnd(Task& task, int queue, GuestAddr message, GuestSize size, int flags) {
    return message_queue_send(task, queue, message, size.value, flags);
}
SysResult sys_msgrcv(Task& task, int queue, GuestAddr message, GuestSize size, GuestLong type, int flags) {
    return message_queue_receive(task, queue, message, size.value, type.value, flags);
}
SysResult sys_msgctl(Task& task, int queue, int command, GuestAddr buffer) {
    return message_queue_control(task, queue, command, buffer);
}
SysResult sys_old_msgctl(Task& task, int queue, int command, GuestAddr buffer) {
    auto known = new_command(command, {IPC_SET, IPC_STAT, MSG_STAT});
    return known ? message_queue_control(task, queue, *known, buffer) : SysResult(-EINVAL);
}

SysResult sys_semget(Task&, int key, int count, int flags) { return semaphore_get(key, count, flags); }
SysResult sys_semop(Task& task, int set, GuestAddr operations, unsigned count) {
    return semaphore_operate(task, set, operations, count, {}, Struct::old_timespec);
}
template <Struct time>
SysResult sys_semtimedop(Task& task, int set, GuestAddr operations, unsigned count, GuestAddr timeout) {
    return semaphore_operate(task, set, operations, count, timeout, time);
}
SysResult sys_semctl(Task& task, int set, int number, int command, GuestWord argument) {
    return semaphore_control(task, set, number, command, argument.value);
}
SysResult sys_old_semctl(Task& task, int set, int number, int command, GuestWord argument) {
    auto known = new_command(command, {IPC_SET, IPC_STAT, SEM_STAT});
    return known ? semaphore_control(task, set, number, *known, argument.value) : SysResult(-EINVAL);
}

SysResult sys_shmget(Task&, int key, GuestSize size, int flags) { return shared_memory_get(key, size.value, flags); }
SysResult sys_shmat(Task& task, int segment, GuestAddr address, int flags) {
    return shared_memory_attach(task, segment, address, flags);
}
SysResult sys_shmdt(Task& task, GuestAddr address) { return shared_memory_detach(task, address); }
SysResult sys_shmctl(Task& task, int segment, int command, GuestAddr buffer) {
    return shared_memory_control(task, segment, command, buffer);
}
SysResult sys_old_shmctl(Task& task, int segment, int command, GuestAddr buffer) {
    auto known = new_command(command, {IPC_SET, IPC_STAT, IPC_INFO, SHM_STAT});
    return known ? shared_memory_control(task, segment, *known, buffer) : SysResult(-EINVAL);
}

// --- all of them by one number (kernel: ksys_ipc)

enum IpcCall : unsigned {
    semop = 1, semget = 2, semctl = 3, semtimedop = 4, msgsnd = 11, msgrcv = 12, msgget = 13, msgctl = 14,
    shmat = 21, shmdt = 22, shmget = 23, shmctl = 24,
};

struct IpcArguments {
    int first;
    u64 second, third;
    GuestAddr pointer;
    i64 fifth;

    int second_int() const { return static_cast<int>(second); }
    int third_int() const { return static_cast<int>(third); }
};

/// Version 0 of msgrcv puts two of its arguments into a structure.
SysResult receive(Task& task, unsigned version, const IpcArguments& in) {
    if (version != 0) return message_queue_receive(task, in.first, in.pointer, in.second, in.fifth, in.third_int());
    if (!in.pointer) return -EINVAL;
    auto message = read_long(task, in.pointer);
    auto type = read_long(task, in.pointer + task.abi().long_size());
    if (!message || !type) return -EFAULT;
    i64 signed_type = task.abi().long_size() == 8 ? static_cast<i64>(*type) : static_cast<i32>(*type);
    return message_queue_receive(task, in.first, {*message}, in.second, signed_type, in.third_int());
}

/// The address goes to memory, since not every result could be told from an error.
SysResult attach(Task& task, unsigned version, const IpcArguments& in) {
    if (version == 1) return -EINVAL;
    SysResult attached = shared_memory_attach(task, in.first, in.pointer, in.second_int());
    if (attached.is_error()) return attached;
    return write_long(task, {in.third}, static_cast<u64>(attached.value)) ? 0 : -EFAULT;
}

SysResult control_semaphores(Task& task, const IpcArguments& in) {
    if (!in.pointer) return -EINVAL;
    auto argument = read_long(task, in.pointer);
    if (!argument) return -EFAULT;
    return sys_old_semctl(task, in.first, in.second_int(), in.third_int(), {*argument});
}

SysResult call_ipc(Task& task, unsigned call, const IpcArguments& in) {
    constexpr unsigned number_mask = 0xffff;
    unsigned version = call >> 16;
    GuestAddr timeout{static_cast<u64>(in.fifth) & task.abi().word_mask()};
    switch (call & number_mask) {
        case semop: return semaphore_operate(task, in.first, in.pointer, static_cast<u32>(in.second), {}, Struct::old_timespec);
        case semtimedop:
            return semaphore_operate(task, in.first, in.pointer, static_cast<u32>(in.second), timeout, Struct::old_timespec);
        case semget: return semaphore_get(in.first, in.second_int(), in.third_int());
        case semctl: return control_semaphores(task, in);
        case msgsnd: return message_queue_send(task, in.first, in.pointer, in.second, in.third_int());
        case msgrcv: return receive(task, version, in);
        case msgget: return message_queue_get(in.first, in.second_int());
        case msgctl: return sys_old_msgctl(task, in.first, in.second_int(), in.pointer);
        case shmat: return attach(task, version, in);
        case shmdt: return shared_memory_detach(task, in.pointer);
        case shmget: return shared_memory_get(in.first, in.second, in.third_int());
        case shmctl: return sys_old_shmctl(task, in.first, in.second_int(), in.pointer);
        default: return -ENOSYS;
    }
}

SysResult sys_ipc(Task& task, unsigned call, int first, GuestWord second, GuestWord third, GuestAddr pointer, GuestLong fifth) {
    return call_ipc(task, call, {first, second.value, third.value, pointer, fifth.value});
}

/// Five arguments: there is no version, and the timeout is the third.
SysResult sys_s390_ipc(Task& task, unsigned call, int first, GuestWord second, GuestWord third, GuestAddr pointer) {
    if (call >> 16) return -EINVAL;
    return call_ipc(task, call, {first, second.value, third.value, pointer, static_cast<i64>(third.value)});
}

constexpr std::string_view old_note = "commands with a structure have IPC_64: those with 16-bit ids answer EINVAL";
constexpr std::string_view attach_note = "SHMLBA is a page";

constexpr SyscallRow rows[] = {
    {"msgget", adapt<sys_msgget>, Support::full, "int, hex"},
    waits({"msgsnd", adapt<sys_msgsnd>, Support::full, "int, ptr, size, hex"}),
    waits({"msgrcv", adapt<sys_msgrcv>, Support::full, "int, ptr, size, long, hex"}),
    {"msgctl", adapt<sys_msgctl>, Support::full, "int, int, ptr"},
    {"old_msgctl", adapt<sys_old_msgctl>, Support::partial, "int, hex, ptr", old_note},
    {"semget", adapt<sys_semget>, Support::full, "int, int, hex"},
    waits({"semop", adapt<sys_semop>, Support::full, "int, ptr, uint"}),
    waits({"semtimedop", adapt<sys_semtimedop<Struct::timespec64>>, Support::full, "int, ptr, uint, timespec64_in"}),
    waits({"semtimedop_time32", adapt<sys_semtimedop<Struct::old_timespec>>, Support::full, "int, ptr, uint, timespec_in"}),
    {"semctl", adapt<sys_semctl>, Support::full, "int, int, int, hex"},
    {"old_semctl", adapt<sys_old_semctl>, Support::partial, "int, int, hex, hex", old_note},
    {"shmget", adapt<sys_shmget>, Support::full, "int, size, hex"},
    {"shmat", adapt<sys_shmat>, Support::partial, "int, ptr, hex", attach_note},
    {"shmdt", adapt<sys_shmdt>, Support::full, "ptr"},
    {"shmctl", adapt<sys_shmctl>, Support::full, "int, int, ptr"},
    {"old_shmctl", adapt<sys_old_shmctl>, Support::partial, "int, hex, ptr", old_note},
    waits({"ipc", adapt<sys_ipc>, Support::partial, "uint, int, hex, hex, ptr, hex", old_note}),
    waits({"s390_ipc", adapt<sys_s390_ipc>, Support::partial, "uint, int, hex, hex, ptr", old_note}),
};

}  // namespace

std::span<const SyscallRow> system_v_rows() { return rows; }

}  // namespace postern::kernel
