// Processors and priorities: the host's, for each thread, which is one of the host's.
#include "kernel/syscalls/support.hpp"

#include <algorithm>
#include <sched.h>
#include <sys/resource.h>

namespace postern::kernel {

namespace {

/// To other threads of the process by giving up the turn, to other processes by the host's own.
SysResult sys_sched_yield(Task& task) {
    Threads::Sleep sleep(task);
    return host_call(SYS_sched_yield);
}

// --- affinity: arrays of the guest's long, bit n of the whole = processor n

/// Larger than any kernel's mask (8192 processors).
constexpr u64 largest_mask = 1024;

/// Puts mask bytes from guest order to host order or back.
void convert_mask(const Abi& abi, std::span<std::byte> mask) {
    if (abi.byte_order == host_byte_order) return;
    for (std::size_t i = 0; i + abi.long_size() <= mask.size(); i += abi.long_size())
        std::reverse(mask.begin() + static_cast<std::ptrdiff_t>(i),
                     mask.begin() + static_cast<std::ptrdiff_t>(i + abi.long_size()));
}

SysResult sys_sched_getaffinity(Task& task, i32 pid, unsigned size, GuestAddr address) {
    if (size % task.abi().long_size() != 0) return -EINVAL;
    std::byte mask[largest_mask] = {};
    u64 host_size = std::min(align_up(size, sizeof(long)), largest_mask);
    i64 filled = host_call(SYS_sched_getaffinity, pid, host_size, mask);
    if (filled < 0) return filled;
    std::span bytes(mask, std::min<u64>(size, static_cast<u64>(filled)));
    convert_mask(task.abi(), bytes);
    return task.memory().write(address, bytes) ? SysResult(static_cast<i64>(bytes.size())) : SysResult(-EFAULT);
}

SysResult sys_sched_setaffinity(Task& task, i32 pid, unsigned size, GuestAddr address) {
    std::byte mask[largest_mask] = {};
    std::span bytes(mask, std::min<u64>(size, largest_mask));
    if (!task.memory().read(address, bytes)) return -EFAULT;
    convert_mask(task.abi(), bytes);
    SysResult result = host_call(SYS_sched_setaffinity, pid, largest_mask, mask);
    // The host has moved us already: the vDSO's getcpu must not tell the processor before.
    if (!result.is_error()) task.process.clock().service(vdso::ServiceReason::request);
    return result;
}

SysResult sys_getcpu(Task& task, GuestPtr<u32> cpu, GuestPtr<u32> node, GuestAddr) {
    unsigned host_cpu = 0, host_node = 0;
    if (i64 error = host_call(SYS_getcpu, &host_cpu, &host_node, nullptr); error != 0) return error;
    if (cpu && !task.memory().write(cpu, u32{host_cpu})) return -EFAULT;
    if (node && !task.memory().write(node, u32{host_node})) return -EFAULT;
    return 0;
}

// --- policies; struct sched_param is one int

SysResult sys_sched_getscheduler(Task&, i32 pid) { return host_call(SYS_sched_getscheduler, pid); }

SysResult sys_sched_setscheduler(Task& task, i32 pid, int policy, GuestPtr<i32> parameter) {
    if (policy < 0 || !parameter) return -EINVAL;
    auto priority = task.memory().read(parameter);
    if (!priority) return -EFAULT;
    return host_call(SYS_sched_setscheduler, pid, policy, &*priority);
}

SysResult sys_sched_getparam(Task& task, i32 pid, GuestPtr<i32> parameter) {
    i32 priority = 0;
    if (!parameter || pid < 0) return -EINVAL;
    if (i64 error = host_call(SYS_sched_getparam, pid, &priority); error != 0) return error;
    return task.memory().write(parameter, priority) ? 0 : -EFAULT;
}

SysResult sys_sched_setparam(Task& task, i32 pid, GuestPtr<i32> parameter) {
    if (!parameter || pid < 0) return -EINVAL;
    auto priority = task.memory().read(parameter);
    if (!priority) return -EFAULT;
    return host_call(SYS_sched_setparam, pid, &*priority);
}

SysResult sys_sched_get_priority_max(Task&, int policy) { return host_call(SYS_sched_get_priority_max, policy); }
SysResult sys_sched_get_priority_min(Task&, int policy) { return host_call(SYS_sched_get_priority_min, policy); }

template <Struct layout>
SysResult sys_sched_rr_get_interval(Task& task, i32 pid, GuestAddr address) {
    timespec interval{};
    if (i64 error = host_call(SYS_sched_rr_get_interval, pid, &interval); error != 0) return error;
    return write_time(task, address, layout, interval) ? 0 : -EFAULT;
}

// --- nice values

/// Returns 20 - nice, 1 ... 40, as the host's own call does.
SysResult sys_getpriority(Task&, int which, i32 who) { return host_call(SYS_getpriority, which, who); }

SysResult sys_setpriority(Task&, int which, i32 who, int value) {
    return host_call(SYS_setpriority, which, who, value);
}

SysResult sys_nice(Task&, int increment) {
    constexpr int range = 40;   // kernel: NICE_WIDTH
    i64 current = 20 - host_call(SYS_getpriority, int{PRIO_PROCESS}, 0);
    i64 wanted = std::clamp<i64>(current + std::clamp(increment, -range, range), -20, 19);
    i64 error = host_call(SYS_setpriority, int{PRIO_PROCESS}, 0, wanted);
    return error == -EACCES ? -EPERM : error;
}

constexpr std::string_view attributes_note = "Deadline scheduling is not offered; the sched_setscheduler family is.";

constexpr SyscallRow rows[] = {
    waits({"sched_yield", adapt<sys_sched_yield>, Support::full, ""}),
    {"sched_getaffinity", adapt<sys_sched_getaffinity>, Support::full, "pid, size, ptr"},
    {"sched_setaffinity", adapt<sys_sched_setaffinity>, Support::full, "pid, size, ptr"},
    {"getcpu", adapt<sys_getcpu>, Support::full, "int_out, int_out, ptr"},
    {"sched_getscheduler", adapt<sys_sched_getscheduler>, Support::full, "pid"},
    {"sched_setscheduler", adapt<sys_sched_setscheduler>, Support::full, "pid, sched_policy, int_in"},
    {"sched_getparam", adapt<sys_sched_getparam>, Support::full, "pid, int_out"},
    {"sched_setparam", adapt<sys_sched_setparam>, Support::full, "pid, int_in"},
    {"sched_get_priority_max", adapt<sys_sched_get_priority_max>, Support::full, "sched_policy"},
    {"sched_get_priority_min", adapt<sys_sched_get_priority_min>, Support::full, "sched_policy"},
    {"sched_rr_get_interval", adapt<sys_sched_rr_get_interval<Struct::timespec64>>, Support::full,
     "pid, timespec64_out"},
    {"sched_rr_get_interval_time32", adapt<sys_sched_rr_get_interval<Struct::old_timespec>>, Support::full,
     "pid, timespec_out"},
    {"sched_setattr", nullptr, Support::refused, "pid, ptr, hex", attributes_note, ENOSYS},
    {"sched_getattr", nullptr, Support::refused, "pid, ptr, size, hex", attributes_note, ENOSYS},
    {"getpriority", adapt<sys_getpriority>, Support::full, "int, int"},
    {"setpriority", adapt<sys_setpriority>, Support::full, "int, int, int"},
    {"nice", adapt<sys_nice>, Support::full, "int"},
};

}  // namespace

std::span<const SyscallRow> scheduling_rows() { return rows; }

}  // namespace postern::kernel
