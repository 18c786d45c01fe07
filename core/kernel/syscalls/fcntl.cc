// fcntl and flock.
#include "kernel/files.hpp"
#include "kernel/syscalls/support.hpp"

#include <fcntl.h>

namespace postern::kernel {

namespace {

// Commands that libc's header gives other numbers or hides. Generic numbers.
constexpr int get_lock = 5, set_lock = 6, set_lock_wait = 7;
constexpr int get_lock64 = 12, set_lock64 = 13, set_lock_wait64 = 14;   // 32-bit ABIs only
constexpr int set_owner_ex = 15, get_owner_ex = 16, get_owner_uids = 17;

struct LockCommand {
    int guest;
    int host;
    Struct layout;
    bool writes_back;
    bool only_fcntl64;    ///< unknown to the plain fcntl of 32-bit ABIs
};

constexpr LockCommand lock_commands[] = {
    {get_lock, get_lock, Struct::flock, true, false},
    {set_lock, set_lock, Struct::flock, false, false},
    {set_lock_wait, set_lock_wait, Struct::flock, false, false},
    {get_lock64, get_lock, Struct::flock64, true, true},
    {set_lock64, set_lock, Struct::flock64, false, true},
    {set_lock_wait64, set_lock_wait, Struct::flock64, false, true},
    {F_OFD_GETLK, F_OFD_GETLK, Struct::flock64, true, true},
    {F_OFD_SETLK, F_OFD_SETLK, Struct::flock64, false, true},
    {F_OFD_SETLKW, F_OFD_SETLKW, Struct::flock64, false, true},
};

SysResult lock(Task& task, int fd, const LockCommand& command, GuestAddr address) {
    std::byte bytes[64];
    // Where a long has 64 bits there is one struct, and the OFD commands take it too.
    Struct layout = task.abi().long_size() == 8 ? Struct::flock : command.layout;
    std::span buffer(bytes, layout_of(task.abi(), layout).size);
    if (!task.memory().read(address, buffer)) return -EFAULT;
    StructView view(task.abi(), layout, buffer);
    struct flock request{};
    const NumberTables& numbers = task.abi().numbers;
    auto type = static_cast<i16>(view.get(Field::l_type));
    request.l_type = static_cast<short>(numbers.from_guest(NumberSet::lock_type, type).value_or(-1));
    request.l_whence = static_cast<short>(view.get(Field::l_whence));
    request.l_start = static_cast<off_t>(view.get(Field::l_start));
    request.l_len = static_cast<off_t>(view.get(Field::l_len));
    request.l_pid = static_cast<pid_t>(view.get(Field::l_pid));
    SysResult result = restartable_call(task, restart_sys, SYS_fcntl, fd, command.host, &request);
    if (result.is_error() || result.value < 0 || !command.writes_back) return result;
    unsigned width = layout_of(task.abi(), layout).find(Field::l_start)->width;
    if (width == 4 && (request.l_start > INT32_MAX || request.l_len > INT32_MAX)) return -EOVERFLOW;
    view.set(Field::l_type, static_cast<u64>(numbers.to_guest(NumberSet::lock_type, request.l_type)));
    view.set(Field::l_whence, static_cast<u64>(request.l_whence));
    view.set(Field::l_start, static_cast<u64>(request.l_start));
    view.set(Field::l_len, static_cast<u64>(request.l_len));
    view.set(Field::l_pid, static_cast<u64>(request.l_pid));
    return task.memory().write(address, buffer) ? result : SysResult(-EFAULT);
}

/// struct f_owner_ex { int type; pid_t pid; }, the same everywhere but for byte order.
SysResult owner(Task& task, int fd, int command, GuestAddr address) {
    ByteOrder order = task.abi().byte_order;
    std::byte bytes[8];
    f_owner_ex host{};
    if (command == set_owner_ex) {
        if (!task.memory().read(address, bytes)) return -EFAULT;
        host.type = static_cast<decltype(host.type)>(load<i32>(bytes, order));
        host.pid = load<i32>(bytes + 4, order);
        return host_call(SYS_fcntl, fd, command, &host);
    }
    i64 result = host_call(SYS_fcntl, fd, command, &host);
    if (result < 0) return result;
    store(bytes, static_cast<i32>(host.type), order);
    store(bytes + 4, host.pid, order);
    return task.memory().write(address, bytes) ? result : -EFAULT;
}

/// Two 32-bit ids, or one 64-bit hint.
template <typename T, std::size_t count>
SysResult number_array(Task& task, int fd, int command, GuestAddr address, bool reads) {
    T values[count] = {};
    if (reads) {
        for (std::size_t i = 0; i < count; ++i) {
            auto value = task.memory().read(GuestPtr<T>{address + i * sizeof(T)});
            if (!value) return -EFAULT;
            values[i] = *value;
        }
    }
    i64 result = host_call(SYS_fcntl, fd, command, values);
    if (result < 0 || reads) return result;
    for (std::size_t i = 0; i < count; ++i) {
        if (!task.memory().write(GuestPtr<T>{address + i * sizeof(T)}, values[i])) return -EFAULT;
    }
    return result;
}

SysResult control(Task& task, int fd, int guest_command, GuestWord argument, bool is_fcntl64) {
    fd = host_fd(task, fd);
    auto known_command = task.abi().numbers.from_guest(NumberSet::fcntl_command, guest_command);
    int command = static_cast<int>(known_command.value_or(-1));
    for (const LockCommand& row : lock_commands) {
        if (row.guest != command) continue;
        bool is_ofd = row.guest == row.host && row.only_fcntl64;
        bool known = task.abi().long_size() == 8 ? !row.only_fcntl64 || is_ofd : is_fcntl64 || !row.only_fcntl64;
        if (!known) return -EINVAL;
        return lock(task, fd, row, {argument.value});
    }
    auto number = static_cast<int>(argument.value);
    switch (command) {
        case F_GETFL: {
            i64 flags = host_call(SYS_fcntl, fd, command);
            return flags < 0 ? flags : static_cast<i64>(open_flags_to_guest(task.abi(), static_cast<int>(flags)));
        }
        case F_SETFL:
            return host_call(SYS_fcntl, fd, command,
                             open_flags_from_guest(task.abi(), static_cast<unsigned>(argument.value)));
        case F_SETSIG: return host_call(SYS_fcntl, fd, command, number ? signal_from_guest(task.abi(), number) : 0);
        case F_GETSIG: {
            i64 signal = host_call(SYS_fcntl, fd, command);
            return signal <= 0 ? signal : signal_to_guest(task.abi(), static_cast<int>(signal));
        }
        case set_owner_ex:
        case get_owner_ex: return owner(task, fd, command, {argument.value});
        case get_owner_uids: return number_array<u32, 2>(task, fd, command, {argument.value}, false);
        case F_GET_RW_HINT:
        case F_GET_FILE_RW_HINT: return number_array<u64, 1>(task, fd, command, {argument.value}, false);
        case F_SET_RW_HINT:
        case F_SET_FILE_RW_HINT: return number_array<u64, 1>(task, fd, command, {argument.value}, true);
        case F_DUPFD:
        case F_DUPFD_CLOEXEC:
        case F_GETFD:
        case F_SETFD:
        case F_GETOWN:
        case F_SETOWN:
        case F_SETLEASE:
        case F_GETLEASE:
        case F_NOTIFY:
        case F_SETPIPE_SZ:
        case F_GETPIPE_SZ:
        case F_ADD_SEALS:
        case F_GET_SEALS: return host_call(SYS_fcntl, fd, command, number);
        default: {
            i64 exists = host_call(SYS_fcntl, fd, F_GETFD);
            return exists < 0 ? exists : -EINVAL;
        }
    }
}

SysResult sys_fcntl(Task& task, int fd, int command, GuestWord argument) {
    return control(task, fd, command, argument, false);
}
SysResult sys_fcntl64(Task& task, int fd, int command, GuestWord argument) {
    return control(task, fd, command, argument, true);
}

SysResult sys_flock(Task& task, int fd, int operation) {
    return restartable_call(task, restart_sys, SYS_flock, host_fd(task, fd), operation);
}

constexpr SyscallRow rows[] = {
    waits({"fcntl", adapt<sys_fcntl>, Support::full, "fd, cmd, hex"}),
    waits({"fcntl64", adapt<sys_fcntl64>, Support::full, "fd, cmd, hex"}),
    waits({"flock", adapt<sys_flock>, Support::full, "fd, flock_op"}),
};

}  // namespace

std::span<const SyscallRow> lock_rows() { return rows; }

}  // namespace postern::kernel
