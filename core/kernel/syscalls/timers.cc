// Guest timers are host timers: their signals arrive as host signals, their files are host files.
// Lengths of guest time become lengths of host time on their way in, and the other way round on
// their way out; timers of CPU time are the host's.
#include "kernel/syscalls/timers.hpp"

#include "kernel/signals_host.hpp"
#include "kernel/syscalls/support.hpp"
#include "kernel/syscalls/waiting.hpp"

#include <array>
#include <cerrno>
#include <fmt/format.h>
#include <fstream>
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

// --- guest time

bool is_host_time(Task& task) { return task.process.clock().is_host_time(); }

bool is_zero(const timespec& time) { return time.tv_sec == 0 && time.tv_nsec == 0; }

timespec host_length(Task& task, const timespec& guest) {
    return is_valid(guest) ? to_timespec(task.process.clock().host_length(to_guest_time(guest))) : guest;
}
timespec guest_length(Task& task, const timespec& host) {
    return to_timespec(task.process.clock().guest_length(to_guest_time(host)));
}

timespec timespec_of(const timeval& time) { return {time.tv_sec, nanoseconds_of(time.tv_usec)}; }
/// Rounded up: a length that is not zero stays so.
timeval to_timeval(const timespec& time) {
    long microseconds = (time.tv_nsec + 999) / 1000;
    return {time.tv_sec + microseconds / 1'000'000, microseconds % 1'000'000};
}

/// A timer that is not over, seen by a guest whose time is slow, has something left.
timespec guest_left(Task& task, const timespec& host) {
    timespec left = guest_length(task, host);
    return is_zero(left) && !is_zero(host) ? timespec{0, 1} : left;
}

itimerspec guest_expiration(Task& task, const itimerspec& host) {
    return {guest_length(task, host.it_interval), guest_left(task, host.it_value)};
}

/// Interval timers: only ITIMER_REAL is one of guest time.
itimerval host_interval(Task& task, int which, const itimerval& guest) {
    if (which != ITIMER_REAL || is_host_time(task)) return guest;
    return {to_timeval(host_length(task, timespec_of(guest.it_interval))),
            to_timeval(host_length(task, timespec_of(guest.it_value)))};
}

itimerval guest_interval(Task& task, int which, const itimerval& host) {
    if (which != ITIMER_REAL || is_host_time(task)) return host;
    return {to_timeval(guest_length(task, timespec_of(host.it_interval))),
            to_timeval(guest_left(task, timespec_of(host.it_value)))};
}

/// A first expiration at a time of `clock`. If the host has another clock for it, that makes it
/// a length from now; and a time long past is one, not zero, which would stop the timer.
void set_first(Task& task, itimerspec& host, int& flags, int clock) {
    vdso::HostDeadline end = task.process.clock().to_host(clock, to_guest_time(host.it_value));
    if (end.clock_id == clock) {
        host.it_value = to_timespec(end.time);
    } else {
        timespec now{};
        clock_gettime(end.clock_id, &now);
        host.it_value = to_timespec(end.time) - now;
        flags &= ~TIMER_ABSTIME;
    }
    if (host.it_value.tv_sec < 0 || is_zero(host.it_value)) host.it_value = {0, 1};
}

/// What the host is told for what the guest asked, by a clock that the page serves.
itimerspec host_expiration(Task& task, const itimerspec& guest, int& flags, int clock) {
    itimerspec host{host_length(task, guest.it_interval), guest.it_value};
    if (!is_valid(guest.it_value) || is_zero(guest.it_value)) return host;
    if (flags & TIMER_ABSTIME) set_first(task, host, flags, clock);
    else host.it_value = host_length(task, guest.it_value);
    return host;
}

/// Clocks whose time is the guest's; the others count CPU time.
std::optional<int> page_clock(int clock) {
    switch (clock) {
        case CLOCK_REALTIME:
        case CLOCK_REALTIME_ALARM: return CLOCK_REALTIME;
        case CLOCK_BOOTTIME:
        case CLOCK_BOOTTIME_ALARM: return CLOCK_BOOTTIME;
        case CLOCK_MONOTONIC:
        case CLOCK_TAI: return clock;
        default: return std::nullopt;
    }
}

/// timer_settime and timerfd_settime differ in what the first argument names. `clock`: of the
/// timer; nothing: CPU time.
SysResult set_expiration(Task& task, long host_number, int which, int flags, GuestAddr address, GuestAddr old,
                         Struct layout, std::optional<int> clock) {
    auto value = read_expiration(task, address, layout);
    if (!value) return -EFAULT;
    if (clock) value = host_expiration(task, *value, flags, *clock);
    itimerspec before{};
    if (i64 error = host_call(host_number, which, flags, &*value, &before); error < 0) return error;
    if (clock) before = guest_expiration(task, before);
    return !old || write_expiration(task, old, layout, before) ? SysResult{0} : SysResult{-EFAULT};
}

SysResult get_expiration(Task& task, long host_number, int which, GuestAddr address, Struct layout,
                         std::optional<int> clock) {
    itimerspec value{};
    if (i64 error = host_call(host_number, which, &value); error < 0) return error;
    if (clock) value = guest_expiration(task, value);
    return write_expiration(task, address, layout, value) ? SysResult{0} : SysResult{-EFAULT};
}

/// The clock of a timer that is a file, which only its fdinfo tells. Nothing: no such file, or
/// guest time is host time and nothing depends on it.
std::optional<int> clock_of_file(Task& task, int fd) {
    if (is_host_time(task)) return std::nullopt;
    std::ifstream lines(fmt::format("/proc/self/fdinfo/{}", host_fd(task, fd)));
    for (std::string word; lines >> word;)
        if (int clock; word == "clockid:" && lines >> clock) return page_clock(clock);
    return std::nullopt;
}

std::optional<int> clock_of_timer(Task& task, int timer) {
    auto found = task.process.system().timer_clocks.find(timer);
    return found == task.process.system().timer_clocks.end() ? std::nullopt : page_clock(found->second);
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

SysResult sys_alarm(Task& task, unsigned seconds) {
    if (is_host_time(task)) return static_cast<i64>(::alarm(seconds));
    itimerval before{}, value{{}, to_timeval(host_length(task, {static_cast<time_t>(seconds), 0}))};
    if (i64 error = host_call(SYS_setitimer, int{ITIMER_REAL}, &value, &before); error < 0) return error;
    timespec left = guest_left(task, timespec_of(before.it_value));
    // Rounded, but not to 0, which says that there was none (kernel: alarm_setitimer).
    bool up = left.tv_nsec >= 500'000'000 || (left.tv_sec == 0 && left.tv_nsec != 0);
    return left.tv_sec + up;
}

SysResult sys_getitimer(Task& task, int which, GuestAddr address) {
    itimerval value{};
    if (i64 error = host_call(SYS_getitimer, which, &value); error < 0) return error;
    return write_interval(task, address, guest_interval(task, which, value)) ? SysResult{0} : SysResult{-EFAULT};
}

SysResult sys_setitimer(Task& task, int which, GuestAddr address, GuestAddr old) {
    itimerval value{}, before{};
    if (address) {
        auto wanted = read_interval(task, address);
        if (!wanted) return -EFAULT;
        value = host_interval(task, which, *wanted);
    }
    if (i64 error = host_call(SYS_setitimer, which, &value, &before); error < 0) return error;
    if (!old) return 0;
    return write_interval(task, old, guest_interval(task, which, before)) ? SysResult{0} : SysResult{-EFAULT};
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
    task.process.system().timer_clocks[timer] = clock;
    if (task.memory().write(GuestPtr<i32>{id_address}, i32{timer})) return 0;
    (void)host_call(SYS_timer_delete, timer);
    return -EFAULT;
}

SysResult sys_timer_settime(Task& task, int timer, int flags, GuestAddr value, GuestAddr old) {
    if (!is_guest_timer(timer)) return -EINVAL;
    return set_expiration(task, SYS_timer_settime, timer, flags, value, old, Struct::itimerspec64, clock_of_timer(task, timer));
}
SysResult sys_timer_settime32(Task& task, int timer, int flags, GuestAddr value, GuestAddr old) {
    if (!is_guest_timer(timer)) return -EINVAL;
    return set_expiration(task, SYS_timer_settime, timer, flags, value, old, Struct::old_itimerspec, clock_of_timer(task, timer));
}
SysResult sys_timer_gettime(Task& task, int timer, GuestAddr value) {
    if (!is_guest_timer(timer)) return -EINVAL;
    return get_expiration(task, SYS_timer_gettime, timer, value, Struct::itimerspec64, clock_of_timer(task, timer));
}
SysResult sys_timer_gettime32(Task& task, int timer, GuestAddr value) {
    if (!is_guest_timer(timer)) return -EINVAL;
    return get_expiration(task, SYS_timer_gettime, timer, value, Struct::old_itimerspec, clock_of_timer(task, timer));
}
SysResult sys_timer_getoverrun(Task&, int timer) {
    return is_guest_timer(timer) ? SysResult{host_call(SYS_timer_getoverrun, timer)} : SysResult{-EINVAL};
}
SysResult sys_timer_delete(Task&, int timer) {
    return is_guest_timer(timer) ? SysResult{host_call(SYS_timer_delete, timer)} : SysResult{-EINVAL};
}

SysResult sys_timerfd_create(Task& task, int clock, int flags) {
    task.process.files().has_event_descriptors = true;
    return host_call(SYS_timerfd_create, clock, creation_flags_from_guest(task.abi(), flags));
}

SysResult sys_timerfd_settime(Task& task, int fd, int flags, GuestAddr value, GuestAddr old) {
    return set_expiration(task, SYS_timerfd_settime, host_fd(task, fd), flags, value, old, Struct::itimerspec64,
                          clock_of_file(task, fd));
}
SysResult sys_timerfd_settime32(Task& task, int fd, int flags, GuestAddr value, GuestAddr old) {
    return set_expiration(task, SYS_timerfd_settime, host_fd(task, fd), flags, value, old, Struct::old_itimerspec,
                          clock_of_file(task, fd));
}
SysResult sys_timerfd_gettime(Task& task, int fd, GuestAddr value) {
    return get_expiration(task, SYS_timerfd_gettime, host_fd(task, fd), value, Struct::itimerspec64,
                          clock_of_file(task, fd));
}
SysResult sys_timerfd_gettime32(Task& task, int fd, GuestAddr value) {
    return get_expiration(task, SYS_timerfd_gettime, host_fd(task, fd), value, Struct::old_itimerspec,
                          clock_of_file(task, fd));
}

}  // namespace postern::kernel
