// Reading clocks, and sleeping. Every clock that the time page serves is read from it, by the
// arithmetic of the vDSO, so that calls and vDSO reads never contradict each other.
#include "kernel/signals.hpp"
#include "kernel/syscalls/support.hpp"
#include "kernel/syscalls/timers.hpp"
#include "kernel/syscalls/waiting.hpp"

#include <array>
#include <cerrno>
#include <sys/times.h>
#include <sys/timex.h>

namespace postern::kernel {
namespace {

using vdso::GuestTime;

// --- reading

/// A bad address for a clock of the page. vDSO code stores into it by itself, so its caller gets
/// a SIGSEGV; that must not depend on the page having been stale and the call made.
SysResult bad_address(Task& task, GuestAddr address) {
    const vdso::Placement& placed = task.process.image().vdso;
    if (GuestAddr{task.cpu().pc()} - placed.image >= placed.image_size) return -EFAULT;
    auto kind = task.memory().find(address) ? memory::FaultKind::protection : memory::FaultKind::unmapped;
    raise_fault(task, {.kind = Stop::Kind::fault, .address = address, .access = Access::write, .fault = kind});
    return -EFAULT;
}

SysResult get_time(Task& task, int clock, GuestAddr address, Struct layout) {
    timespec time{};
    bool from_page = false;
    if (auto guest = task.process.read_clock(clock)) {
        time = to_timespec(*guest);
        from_page = true;
    } else if (i64 error = host_call(SYS_clock_gettime, clock, &time); error < 0) {
        return error;
    }
    if (write_time(task, address, layout, time)) return 0;
    return from_page ? bad_address(task, address) : SysResult{-EFAULT};
}

SysResult get_resolution(Task& task, int clock, GuestAddr address, Struct layout) {
    timespec time{};
    if (auto nanoseconds = task.process.clock().resolution(clock)) {
        time.tv_nsec = *nanoseconds;
    } else if (i64 error = host_call(SYS_clock_getres, clock, &time); error < 0) {
        return error;
    }
    return !address || write_time(task, address, layout, time) ? SysResult{0} : SysResult{-EFAULT};
}

SysResult sys_clock_gettime(Task& task, int clock, GuestAddr address) {
    return get_time(task, clock, address, Struct::timespec64);
}
SysResult sys_clock_gettime32(Task& task, int clock, GuestAddr address) {
    return get_time(task, clock, address, Struct::old_timespec);
}
SysResult sys_clock_getres(Task& task, int clock, GuestAddr address) {
    return get_resolution(task, clock, address, Struct::timespec64);
}
SysResult sys_clock_getres_time32(Task& task, int clock, GuestAddr address) {
    return get_resolution(task, clock, address, Struct::old_timespec);
}

SysResult sys_gettimeofday(Task& task, GuestAddr address, GuestAddr zone_address) {
    if (address) {
        if (auto result = get_time(task, CLOCK_REALTIME, address, Struct::old_timeval); result.is_error())
            return result;
    }
    if (!zone_address) return 0;
    std::array<std::byte, 8> bytes{};
    StructView view(task.abi(), Struct::timezone, bytes);
    struct timezone zone = task.process.clock().timezone();
    view.set(Field::tz_minuteswest, static_cast<u64>(zone.tz_minuteswest));
    view.set(Field::tz_dsttime, static_cast<u64>(zone.tz_dsttime));
    return task.memory().write(zone_address, view.bytes()) ? SysResult{0} : SysResult{-EFAULT};
}

// Seconds as the kernel's time() sees them: those of its last tick.
SysResult sys_time(Task& task, GuestAddr address) {
    auto now = task.process.read_clock(CLOCK_REALTIME_COARSE);
    i64 seconds = now ? now->seconds : ::time(nullptr);
    if (address && !write_long(task, address, static_cast<u64>(seconds)))
        return -EFAULT;
    return seconds;
}

i64 clock_ticks(GuestTime time) {
    constexpr i64 ticks_per_second = 100;   // USER_HZ
    return time.seconds * ticks_per_second + time.nanoseconds / (1'000'000'000 / ticks_per_second);
}

SysResult sys_times(Task& task, GuestAddr address) {
    tms used{};
    i64 elapsed = ::times(&used);
    if (auto now = task.process.read_clock(CLOCK_MONOTONIC)) elapsed = clock_ticks(*now);
    if (address) {
        std::array<std::byte, 32> bytes{};
        StructView view(task.abi(), Struct::tms, bytes);
        view.set(Field::tms_utime, static_cast<u64>(used.tms_utime));
        view.set(Field::tms_stime, static_cast<u64>(used.tms_stime));
        view.set(Field::tms_cutime, static_cast<u64>(used.tms_cutime));
        view.set(Field::tms_cstime, static_cast<u64>(used.tms_cstime));
        if (!task.memory().write(address, view.bytes())) return -EFAULT;
    }
    return elapsed;
}

// --- setting: never. The host's clock is not the guest's to set, whoever runs Postern.

SysResult refuse_setting(Task& task, GuestAddr address, Struct layout) {
    auto time = read_time(task, address, layout);
    if (!time) return -EFAULT;
    return is_valid(*time) ? -EPERM : -EINVAL;
}

SysResult sys_clock_settime(Task& task, int, GuestAddr address) {
    return refuse_setting(task, address, Struct::timespec64);
}
SysResult sys_clock_settime32(Task& task, int, GuestAddr address) {
    return refuse_setting(task, address, Struct::old_timespec);
}
SysResult sys_settimeofday(Task& task, GuestAddr address, GuestAddr) {
    return address ? refuse_setting(task, address, Struct::old_timeval) : SysResult{-EPERM};
}
SysResult sys_stime(Task& task, GuestAddr address) {
    return task.memory().read_word(address) ? SysResult{-EPERM} : SysResult{-EFAULT};
}

void fill_timex(StructView& view, const timex& host) {
    view.set(Field::modes, host.modes);
    view.set(Field::offset, static_cast<u64>(host.offset));
    view.set(Field::freq, static_cast<u64>(host.freq));
    view.set(Field::maxerror, static_cast<u64>(host.maxerror));
    view.set(Field::esterror, static_cast<u64>(host.esterror));
    view.set(Field::status, static_cast<u64>(host.status));
    view.set(Field::constant, static_cast<u64>(host.constant));
    view.set(Field::precision, static_cast<u64>(host.precision));
    view.set(Field::tolerance, static_cast<u64>(host.tolerance));
    view.set(Field::time_tv_sec, static_cast<u64>(host.time.tv_sec));
    view.set(Field::time_tv_usec, static_cast<u64>(host.time.tv_usec));
    view.set(Field::tick, static_cast<u64>(host.tick));
    view.set(Field::tai, static_cast<u64>(host.tai));
}

SysResult adjust(Task& task, int clock, GuestAddr address, Struct layout) {
    std::array<std::byte, 256> bytes{};
    StructView view(task.abi(), layout, bytes);
    if (!task.memory().read(address, view.bytes())) return -EFAULT;
    if (view.get(Field::modes) != 0) return -EPERM;
    timex host{};
    i64 result = host_call(SYS_clock_adjtime, clock, &host);
    if (result < 0) return result;
    if (auto now = task.process.read_clock(clock)) {
        bool fine = host.status & STA_NANO;
        host.time = {now->seconds, fine ? now->nanoseconds : now->nanoseconds / 1000};
    }
    fill_timex(view, host);
    return task.memory().write(address, view.bytes()) ? SysResult{result} : SysResult{-EFAULT};
}

Struct wide_timex(const Task& task) {
    return layout_of(task.abi(), Struct::timex64).size ? Struct::timex64 : Struct::timex;
}

SysResult sys_adjtimex(Task& task, GuestAddr address) { return adjust(task, CLOCK_REALTIME, address, wide_timex(task)); }
SysResult sys_adjtimex_time32(Task& task, GuestAddr address) {
    return adjust(task, CLOCK_REALTIME, address, Struct::timex);
}
SysResult sys_clock_adjtime(Task& task, int clock, GuestAddr address) {
    return adjust(task, clock, address, wide_timex(task));
}
SysResult sys_clock_adjtime32(Task& task, int clock, GuestAddr address) {
    return adjust(task, clock, address, Struct::timex);
}

// --- sleeping

/// A sleep until `end` of a clock that the page serves, in guest time; on the host, `host_end`.
struct Sleep {
    int clock;
    GuestTime end;
    vdso::HostDeadline host_end;
    GuestAddr left_address{};   ///< where an interrupted relative sleep puts what is left
    Struct layout;
};

/// Sleeps, in host time or (where guest time is counted) by letting guest time pass.
SysResult sleep_until(Task& task, const Sleep& sleep) {
    vdso::Clock& clock = task.process.clock();
    if (!clock.waits_pass_at_once()) {
        timespec end = to_timespec(sleep.host_end.time);
        i64 result = interruptible_call(task, SYS_clock_nanosleep, static_cast<u64>(sleep.host_end.clock_id),
                                        TIMER_ABSTIME, reinterpret_cast<u64>(&end));
        clock.catch_up();
        return result;
    }
    timespec at_once{};
    i64 result = interruptible_call(task, SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, reinterpret_cast<u64>(&at_once));
    if (result == 0) clock.pass_until(sleep.clock, sleep.end);
    return result;
}

/// What is left of it, in guest time.
timespec left_of(Task& task, const Sleep& sleep) {
    vdso::Clock& clock = task.process.clock();
    if (clock.waits_pass_at_once()) {
        auto now = clock.now(sleep.clock);
        return now ? to_timespec(sleep.end) - to_timespec(*now) : timespec{};
    }
    timespec now{};
    clock_gettime(sleep.host_end.clock_id, &now);
    return to_timespec(clock.guest_length(to_guest_time(to_timespec(sleep.host_end.time) - now)));
}

SysResult sleep_relative(Task& task, const Sleep& sleep) {
    auto result = sleep_until(task, sleep);
    if (result.value != -EINTR) return result;
    timespec left = left_of(task, sleep);
    if (left.tv_sec == 0 && left.tv_nsec == 0) return 0;
    if (sleep.left_address && !write_time(task, sleep.left_address, sleep.layout, left)) return -EFAULT;
    task.restart = [sleep](Task& later) { return sleep_relative(later, sleep); };
    return restart_block;
}

/// A clock that only the host knows (CPU time, alarms): its own call, by its own rules.
SysResult sleep_on_host(Task& task, int clock, int flags, timespec time, GuestAddr left_address, Struct layout) {
    for (;;) {
        timespec left{};
        i64 result = blocking_call(task, SYS_clock_nanosleep, static_cast<u64>(clock), static_cast<u64>(flags),
                                   reinterpret_cast<u64>(&time), reinterpret_cast<u64>(&left));
        if (result != -EINTR) return result;
        bool relative = !(flags & TIMER_ABSTIME);
        if (relative) time = left;
        if (!signal_pending(task)) continue;
        if (!relative) return restart_no_hand;
        if (left_address && !write_time(task, left_address, layout, left)) return -EFAULT;
        task.restart = [=](Task& later) { return sleep_on_host(later, clock, flags, left, left_address, layout); };
        return restart_block;
    }
}

bool can_sleep_by_page(int clock) {
    return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC || clock == CLOCK_BOOTTIME || clock == CLOCK_TAI;
}

SysResult sleep(Task& task, int clock, int flags, GuestAddr address, GuestAddr left_address, Struct layout) {
    auto time = read_time(task, address, layout);
    if (!time) return -EFAULT;
    if (!is_valid(*time)) return -EINVAL;
    if (!can_sleep_by_page(clock)) return sleep_on_host(task, clock, flags, *time, left_address, layout);
    vdso::Clock& guest_clock = task.process.clock();
    if (flags & TIMER_ABSTIME) {
        GuestTime end = to_guest_time(*time);
        auto result = sleep_until(task, {clock, end, guest_clock.to_host(clock, end), {}, layout});
        return result.value == -EINTR ? SysResult{restart_no_hand} : result;
    }
    // A relative sleep does not follow a clock that is set (kernel: hrtimer_nanosleep).
    if (clock != CLOCK_BOOTTIME) clock = CLOCK_MONOTONIC;
    auto now = guest_clock.now(clock);
    if (!now) return -EINVAL;
    GuestTime end = to_guest_time(to_timespec(*now) + *time);
    return sleep_relative(task, {clock, end, guest_clock.to_host(clock, end), left_address, layout});
}

SysResult sys_nanosleep(Task& task, GuestAddr time, GuestAddr left) {
    return sleep(task, CLOCK_MONOTONIC, 0, time, left, Struct::timespec64);
}
SysResult sys_nanosleep_time32(Task& task, GuestAddr time, GuestAddr left) {
    return sleep(task, CLOCK_MONOTONIC, 0, time, left, Struct::old_timespec);
}
SysResult sys_clock_nanosleep(Task& task, int clock, int flags, GuestAddr time, GuestAddr left) {
    return sleep(task, clock, flags, time, left, Struct::timespec64);
}
SysResult sys_clock_nanosleep_time32(Task& task, int clock, int flags, GuestAddr time, GuestAddr left) {
    return sleep(task, clock, flags, time, left, Struct::old_timespec);
}

constexpr std::string_view not_set = "the clock is never set: EPERM, as for an unprivileged program";
constexpr std::string_view read_only = "reads; changes are refused with EPERM";

constexpr SyscallRow rows[] = {
    {"clock_gettime", adapt<sys_clock_gettime>, Support::full, "clockid, timespec64_out"},
    {"clock_gettime32", adapt<sys_clock_gettime32>, Support::full, "clockid, timespec_out"},
    {"clock_getres", adapt<sys_clock_getres>, Support::full, "clockid, timespec64_out"},
    {"clock_getres_time32", adapt<sys_clock_getres_time32>, Support::full, "clockid, timespec_out"},
    {"clock_settime", adapt<sys_clock_settime>, Support::partial, "clockid, timespec64_in", not_set},
    {"clock_settime32", adapt<sys_clock_settime32>, Support::partial, "clockid, timespec_in", not_set},
    {"gettimeofday", adapt<sys_gettimeofday>, Support::full, "timeval_out, timezone_out"},
    {"settimeofday", adapt<sys_settimeofday>, Support::partial, "timeval_in, timezone_in", not_set},
    {"time", adapt<sys_time>, Support::full, "time_out"},
    {"time32", adapt<sys_time>, Support::full, "time_out"},
    {"stime", adapt<sys_stime>, Support::partial, "ptr", not_set},
    {"stime32", adapt<sys_stime>, Support::partial, "ptr", not_set},
    {"times", adapt<sys_times>, Support::full, "tms_out"},
    {"adjtimex", adapt<sys_adjtimex>, Support::partial, "ptr", read_only},
    {"adjtimex_time32", adapt<sys_adjtimex_time32>, Support::partial, "ptr", read_only},
    {"clock_adjtime", adapt<sys_clock_adjtime>, Support::partial, "clockid, ptr", read_only},
    {"clock_adjtime32", adapt<sys_clock_adjtime32>, Support::partial, "clockid, ptr", read_only},
    waits({"nanosleep", adapt<sys_nanosleep>, Support::full, "timespec64_in, timespec64_out"}),
    waits({"nanosleep_time32", adapt<sys_nanosleep_time32>, Support::full, "timespec_in, timespec_out"}),
    waits({"clock_nanosleep", adapt<sys_clock_nanosleep>, Support::full,
           "clockid, timer_flags, timespec64_in, timespec64_out"}),
    waits({"clock_nanosleep_time32", adapt<sys_clock_nanosleep_time32>, Support::full,
           "clockid, timer_flags, timespec_in, timespec_out"}),
    {"alarm", adapt<sys_alarm>, Support::full, "uint"},
    {"getitimer", adapt<sys_getitimer>, Support::full, "itimer, itimerval_out"},
    {"setitimer", adapt<sys_setitimer>, Support::full, "itimer, itimerval_in, itimerval_out"},
    {"timer_create", adapt<sys_timer_create>, Support::full, "clockid, ptr, int_out"},
    {"timer_settime", adapt<sys_timer_settime>, Support::full, "int, timer_flags, itimerspec64_in, itimerspec64_out"},
    {"timer_settime32", adapt<sys_timer_settime32>, Support::full, "int, timer_flags, itimerspec_in, itimerspec_out"},
    {"timer_gettime", adapt<sys_timer_gettime>, Support::full, "int, itimerspec64_out"},
    {"timer_gettime32", adapt<sys_timer_gettime32>, Support::full, "int, itimerspec_out"},
    {"timer_getoverrun", adapt<sys_timer_getoverrun>, Support::full, "int"},
    {"timer_delete", adapt<sys_timer_delete>, Support::full, "int"},
    {"timerfd_create", adapt<sys_timerfd_create>, Support::full, "clockid, hex"},
    {"timerfd_settime", adapt<sys_timerfd_settime>, Support::full, "fd, hex, itimerspec64_in, itimerspec64_out"},
    {"timerfd_settime32", adapt<sys_timerfd_settime32>, Support::full, "fd, hex, itimerspec_in, itimerspec_out"},
    {"timerfd_gettime", adapt<sys_timerfd_gettime>, Support::full, "fd, itimerspec64_out"},
    {"timerfd_gettime32", adapt<sys_timerfd_gettime32>, Support::full, "fd, itimerspec_out"},
};

}  // namespace

std::span<const SyscallRow> time_rows() { return rows; }

}  // namespace postern::kernel
