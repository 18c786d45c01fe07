// System V semaphores: the host's, which undoes a process's operations when it ends, a guest's process being one.
#include "kernel/syscalls/support.hpp"
#include "kernel/syscalls/system_v.hpp"
#include "kernel/syscalls/waiting.hpp"

#include <algorithm>
#include <sys/sem.h>

namespace postern::kernel::system_v {

namespace {

constexpr PermissionFields permission_fields{
    .key = Field::sem_perm_key, .uid = Field::sem_perm_uid, .gid = Field::sem_perm_gid, .cuid = Field::sem_perm_cuid,
    .cgid = Field::sem_perm_cgid, .mode = Field::sem_perm_mode, .sequence = Field::sem_perm_seq};

/// How many operations one call may make.
u64 operation_limit() {
    seminfo limits{};
    return host_call(SYS_semctl, 0, 0, IPC_INFO, &limits) < 0 ? 0 : static_cast<u64>(limits.semopm);
}

/// Nothing: EFAULT.
std::optional<std::vector<sembuf>> read_operations(Task& task, GuestAddr address, u64 count) {
    std::size_t size = layout_of(task.abi(), Struct::sembuf).size;
    std::vector<std::byte> bytes(size * count);
    if (!task.memory().read(address, bytes)) return std::nullopt;
    std::vector<sembuf> operations;
    for (u64 i = 0; i < count; ++i) {
        StructView view(task.abi(), Struct::sembuf, std::span(bytes).subspan(i * size, size));
        operations.push_back({.sem_num = static_cast<unsigned short>(view.get(Field::sem_num)),
                              .sem_op = static_cast<short>(view.get(Field::sem_op)),
                              .sem_flg = static_cast<short>(view.get(Field::sem_flg))});
    }
    return operations;
}

bool may_wait(const sembuf& operation) { return !(operation.sem_flg & IPC_NOWAIT); }

SysResult get_status(Task& task, int set, int command, GuestAddr buffer) {
    semid_ds status{};
    i64 result = host_call(SYS_semctl, set, 0, command, &status);
    if (result < 0) return result;
    std::vector<std::byte> bytes(layout_of(task.abi(), Struct::semid64_ds).size);
    StructView view(task.abi(), Struct::semid64_ds, bytes);
    put_permissions(view, permission_fields, status.sem_perm);
    put_time(view, Field::sem_otime, Field::sem_otime_high, status.sem_otime);
    put_time(view, Field::sem_ctime, Field::sem_ctime_high, status.sem_ctime);
    view.set(Field::sem_nsems, status.sem_nsems);
    return task.memory().write(buffer, bytes) ? result : -EFAULT;
}

SysResult set_status(Task& task, int set, GuestAddr buffer) {
    std::vector<std::byte> bytes(layout_of(task.abi(), Struct::semid64_ds).size);
    if (!task.memory().read(buffer, bytes)) return -EFAULT;
    StructView view(task.abi(), Struct::semid64_ds, bytes);
    semid_ds status{};
    get_permissions(view, permission_fields, status.sem_perm);
    return host_call(SYS_semctl, set, 0, IPC_SET, &status);
}

SysResult get_info(Task& task, int set, int command, GuestAddr buffer) {
    seminfo info{};
    i64 result = host_call(SYS_semctl, set, 0, command, &info);
    if (result < 0) return result;
    const int numbers[] = {info.semmap, info.semmni, info.semmns, info.semmnu, info.semmsl,
                           info.semopm, info.semume, info.semusz, info.semvmx, info.semaem};
    return write_ints(task, buffer, numbers) ? result : -EFAULT;
}

/// How many semaphores a set has, or -errno. Who may not read the set finds it by its index, the lower bits of the
/// identifier: 15 or, on a host that was started so, 24 (kernel: IPCMNI_SHIFT, IPCMNI_EXTEND_SHIFT).
i64 size_of(int set) {
    semid_ds status{};
    i64 error = host_call(SYS_semctl, set, 0, IPC_STAT, &status);
    for (int bits : {15, 24}) {
        if (error != -EACCES) break;
        if (host_call(SYS_semctl, set & ((1 << bits) - 1), 0, SEM_STAT_ANY, &status) == set) error = 0;
    }
    return error < 0 ? error : static_cast<i64>(status.sem_nsems);
}

SysResult get_all(Task& task, int set, GuestAddr array) {
    i64 count = size_of(set);
    if (count < 0) return count;
    std::vector<unsigned short> values(static_cast<std::size_t>(count));
    if (i64 error = host_call(SYS_semctl, set, 0, GETALL, values.data()); error < 0) return error;
    std::vector<std::byte> bytes(values.size() * 2);
    for (std::size_t i = 0; i < values.size(); ++i)
        store_unsigned(bytes.data() + 2 * i, values[i], 2, task.abi().byte_order);
    return task.memory().write(array, bytes) ? 0 : -EFAULT;
}

SysResult set_all(Task& task, int set, GuestAddr array) {
    i64 count = size_of(set);
    if (count < 0) return count;
    std::vector<std::byte> bytes(static_cast<std::size_t>(count) * 2);
    // Without the right to write, EACCES comes first: the host says which it is.
    if (!task.memory().read(array, bytes)) return host_call(SYS_semctl, set, 0, SETALL, nullptr);
    std::vector<unsigned short> values;
    for (std::size_t i = 0; i < bytes.size(); i += 2)
        values.push_back(static_cast<unsigned short>(load_unsigned(bytes.data() + i, 2, task.abi().byte_order)));
    return host_call(SYS_semctl, set, 0, SETALL, values.data());
}

/// The int of union semun: its first bytes, which in a big-endian register of 64 bits are the upper ones.
int value_of(const Abi& abi, u64 argument) {
    bool is_upper = abi.word_size == 8 && abi.byte_order == ByteOrder::big;
    return static_cast<int>(is_upper ? argument >> 32 : argument);
}

}  // namespace

SysResult semaphore_get(int key, int count, int flags) { return host_call(SYS_semget, key, count, flags); }

SysResult semaphore_operate(Task& task, int set, GuestAddr address, u64 count, GuestAddr timeout, Struct time) {
    std::optional<timespec> length;
    if (timeout) {
        length = read_time(task, timeout, time);
        if (!length) return -EFAULT;
    }
    if (count < 1 || set < 0) return -EINVAL;
    if (count > operation_limit()) return -E2BIG;
    auto operations = read_operations(task, address, count);
    if (!operations) return -EFAULT;
    if (length && !is_valid(*length)) return -EINVAL;
    TimeLimit limit(task, length);
    i64 result = interruptible_call(task, SYS_semtimedop, static_cast<u64>(i64{set}), reinterpret_cast<u64>(operations->data()),
                                    count, reinterpret_cast<u64>(limit.host()));
    if (result == -EAGAIN && std::ranges::all_of(*operations, may_wait)) limit.reached();
    return result;   // EINTR is final here
}

SysResult semaphore_control(Task& task, int set, int number, int command, u64 argument) {
    switch (command) {
        case IPC_STAT:
        case SEM_STAT:
        case SEM_STAT_ANY: return get_status(task, set, command, {argument});
        case IPC_INFO:
        case SEM_INFO: return get_info(task, set, command, {argument});
        case IPC_SET: return set_status(task, set, {argument});
        case IPC_RMID: return host_call(SYS_semctl, set, 0, IPC_RMID, 0);
        case GETALL: return get_all(task, set, {argument});
        case SETALL: return set_all(task, set, {argument});
        case SETVAL: return host_call(SYS_semctl, set, number, SETVAL, value_of(task.abi(), argument));
        case GETVAL:
        case GETPID:
        case GETNCNT:
        case GETZCNT: return host_call(SYS_semctl, set, number, command, 0);
        default: return -EINVAL;
    }
}

}  // namespace postern::kernel::system_v
