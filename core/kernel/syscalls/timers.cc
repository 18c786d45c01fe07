// Guest timers are host timers: their signals arrive as host signals, their files are host files.
#include "kernel/syscalls/timers.hpp"

#include "kernel/signals_host.hpp"
#include "kernel/syscalls/support.hpp"

#include <array>
#include <cerrno>
#include <signal.h>
#include <sys/time.h>

namespace postern::kernel {
namespace {

// --- the two shapes of interval and first expiration

std::optional<itimerval> read_interval(Task& task, GuestAddr address) {
    std::array<std::byte, 32> bytes{};
    StructView view(task.abi(), Struct::old_itimerval, bytes);
    if (!task.memory().read(address, view.bytes())) return std::nullopt;
    auto number = [&](Field field) { return static_cast<long>(view.get(field)); };
    return itimerval{{number(Field::it_interval_tv_sec), number(Field::it_interval_tv_usec)},
                     {number(Field::it_value_tv_sec), number(Field::it_value_tv_usec)}};
}

bool write_interval(Task& task, GuestAddr address, const itimerval& value) {
    std::array<std::byte, 32> bytes{};
    StructView view(task.abi(), Struct::old_itimerval, bytes);
    view.set(Field::it_interval_tv_sec, static_cast<u64>(value.it_interval.tv_sec));
    view.set(Field::it_interval_tv_usec, static_cast<u64>(value.it_interval.tv_usec));
    view.set(Field::it_value_tv_sec, static_cast<u64>(value.it_value.tv_sec));
    view.set(Field::it_value_tv_usec, static_cast<u64>(value.it_value.tv_usec));
    return task.memory().write(address, view.bytes());
}

std::optional<itimerspec> read_expiration(Task& task, GuestAddr address, Struct layout) {
    std::array<std::byte, 32> bytes{};
    StructView view(task.abi(), layout, bytes);
    if (!task.memory().read(address, view.bytes())) return std::nullopt;
    // 32-bit callers leave the upper half of a 64-bit nanosecond field undefined.
    u64 used = !task.abi().is_64bit() && layout == Struct::itimerspec64 ? 0xffffffff : ~u64{0};
    auto number = [&](Field field) { return static_cast<long>(view.get(field)); };
    auto nanoseconds = [&](Field field) { return static_cast<long>(view.get(field) & used); };
    return itimerspec{{number(Field::it_interval_tv_sec), nanoseconds(Field::it_interval_tv_nsec)},
                      {number(Field::it_value_tv_sec), nanoseconds(Field::it_value_tv_nsec)}};
}

bool write_expiration(Task& task, GuestAddr address, Struct layout, const itimerspec& value) {
    std::array<std::byte, 32> bytes{};
    StructView view(task.abi(), layout, bytes);
    view.set(Field::it_interval_tv_sec, static_cast<u64>(value.it_interval.tv_sec));
    view.set(Field::it_interval_tv_nsec, static_cast<u64>(value.it_interval.tv_nsec));
    view.set(Field::it_value_tv_sec, static_cast<u64>(value.it_value.tv_sec));
    view.set(Field::it_value_tv_nsec, static_cast<u64>(value.it_value.tv_nsec));
    return task.memory().write(address, view.bytes());
}

/// timer_settime and timerfd_settime differ in what the first argument names.
SysResult set_expiration(Task& task, long host_number, int which, int flags, GuestAddr address, GuestAddr old,
                         Struct layout) {
    auto value = read_expiration(task, address, layout);
    if (!value) return -EFAULT;
    itimerspec before{};
    if (i64 error = host_call(host_number, which, flags, &*value, &before); error < 0) return error;
    return !old || write_expiration(task, old, layout, before) ? SysResult{0} : SysResult{-EFAULT};
}

SysResult get_expiration(Task& task, long host_number, int which, GuestAddr address, Struct layout) {
    itimerspec value{};
    if (i64 error = host_call(host_number, which, &value); error < 0) return error;
    return write_expiration(task, address, layout, value) ? SysResult{0} : SysResult{-EFAULT};
}

bool is_guest_timer(int timer) { return timer != host::tick_timer(); }

std::optional<sigevent> read_event(Task& task, GuestAddr address) {
    std::array<std::byte, 64> bytes{};
    StructView view(task.abi(), Struct::sigevent, bytes);
    if (!task.memory().read(address, view.bytes())) return std::nullopt;
    sigevent event{};
    event.sigev_value.sival_ptr = reinterpret_cast<void*>(view.get(Field::sigev_value_sival_ptr));
    event.sigev_signo = signal_from_guest(task.abi(), static_cast<int>(view.get(Field::sigev_signo)));
    event.sigev_notify = static_cast<int>(view.get(Field::sigev_notify));
    event._sigev_un._tid = static_cast<pid_t>(view.get(Field::_sigev_un_tid));
    return event;
}

}  // namespace

SysResult sys_alarm(Task&, unsigned seconds) { return static_cast<i64>(::alarm(seconds)); }

SysResult sys_getitimer(Task& task, int which, GuestAddr address) {
    itimerval value{};
    if (i64 error = host_call(SYS_getitimer, which, &value); error < 0) return error;
    return write_interval(task, address, value) ? SysResult{0} : SysResult{-EFAULT};
}

SysResult sys_setitimer(Task& task, int which, GuestAddr address, GuestAddr old) {
    itimerval value{}, before{};
    if (address) {
        auto wanted = read_interval(task, address);
        if (!wanted) return -EFAULT;
        value = *wanted;
    }
    if (i64 error = host_call(SYS_setitimer, which, &value, &before); error < 0) return error;
    return !old || write_interval(task, old, before) ? SysResult{0} : SysResult{-EFAULT};
}

SysResult sys_timer_create(Task& task, int clock, GuestAddr event_address, GuestAddr id_address) {
    std::optional<sigevent> event;
    if (event_address && !(event = read_event(task, event_address))) return -EFAULT;
    int timer = -1;
    if (!event) {
        // The default event carries the timer's id, which only the host's call can fill in.
        if (i64 error = host_call(SYS_timer_create, clock, nullptr, &timer); error < 0) return error;
    } else if (i64 error = host_call(SYS_timer_create, clock, &*event, &timer); error < 0) {
        return error;
    }
    if (task.memory().write(GuestPtr<i32>{id_address}, i32{timer})) return 0;
    (void)host_call(SYS_timer_delete, timer);
    return -EFAULT;
}

SysResult sys_timer_settime(Task& task, int timer, int flags, GuestAddr value, GuestAddr old) {
    if (!is_guest_timer(timer)) return -EINVAL;
    return set_expiration(task, SYS_timer_settime, timer, flags, value, old, Struct::itimerspec64);
}
SysResult sys_timer_settime32(Task& task, int timer, int flags, GuestAddr value, GuestAddr old) {
    if (!is_guest_timer(timer)) return -EINVAL;
    return set_expiration(task, SYS_timer_settime, timer, flags, value, old, Struct::old_itimerspec);
}
SysResult sys_timer_gettime(Task& task, int timer, GuestAddr value) {
    if (!is_guest_timer(timer)) return -EINVAL;
    return get_expiration(task, SYS_timer_gettime, timer, value, Struct::itimerspec64);
}
SysResult sys_timer_gettime32(Task& task, int timer, GuestAddr value) {
    if (!is_guest_timer(timer)) return -EINVAL;
    return get_expiration(task, SYS_timer_gettime, timer, value, Struct::old_itimerspec);
}
SysResult sys_timer_getoverrun(Task&, int timer) {
    return is_guest_timer(timer) ? SysResult{host_call(SYS_timer_getoverrun, timer)} : SysResult{-EINVAL};
}
SysResult sys_timer_delete(Task&, int timer) {
    return is_guest_timer(timer) ? SysResult{host_call(SYS_timer_delete, timer)} : SysResult{-EINVAL};
}

SysResult sys_timerfd_create(Task& task, int clock, int flags) {
    task.process.files().has_event_descriptors = true;
    return host_call(SYS_timerfd_create, clock, flags);
}

SysResult sys_timerfd_settime(Task& task, int fd, int flags, GuestAddr value, GuestAddr old) {
    return set_expiration(task, SYS_timerfd_settime, host_fd(task, fd), flags, value, old, Struct::itimerspec64);
}
SysResult sys_timerfd_settime32(Task& task, int fd, int flags, GuestAddr value, GuestAddr old) {
    return set_expiration(task, SYS_timerfd_settime, host_fd(task, fd), flags, value, old, Struct::old_itimerspec);
}
SysResult sys_timerfd_gettime(Task& task, int fd, GuestAddr value) {
    return get_expiration(task, SYS_timerfd_gettime, host_fd(task, fd), value, Struct::itimerspec64);
}
SysResult sys_timerfd_gettime32(Task& task, int fd, GuestAddr value) {
    return get_expiration(task, SYS_timerfd_gettime, host_fd(task, fd), value, Struct::old_itimerspec);
}

}  // namespace postern::kernel
