#include "kernel/signals_info.hpp"

#include "abi/layouts.hpp"

#include <algorithm>
#include <cstring>

namespace postern::kernel {
namespace {

using Kind = SignalInfo::Kind;

// Which of siginfo's shapes a host siginfo has (kernel: siginfo_layout).
Kind kind_of(int signal, int code) {
    if (code == SI_TIMER) return Kind::timer;
    if (code == SI_SIGIO) return Kind::poll;
    if (code < 0) return Kind::queue;
    if (code == SI_USER || code == SI_KERNEL) return Kind::kill;
    switch (signal) {
        case SIGILL: case SIGFPE: case SIGSEGV: case SIGBUS: case SIGTRAP: return Kind::fault;
        case SIGCHLD: return Kind::child;
        case SIGPOLL: return Kind::poll;
        case SIGSYS: return Kind::system_call;
        default: return Kind::kill;
    }
}

}  // namespace

SignalInfo signal_info_from_host(const siginfo_t& host) {
    SignalInfo info{.signal = host.si_signo, .code = host.si_code, .error = host.si_errno};
    info.kind = kind_of(host.si_signo, host.si_code);
    switch (info.kind) {
        case Kind::timer:
            info.pid = host.si_timerid;
            info.overrun = host.si_overrun;
            info.value = reinterpret_cast<u64>(host.si_value.sival_ptr);
            break;
        case Kind::queue:
            info.value = reinterpret_cast<u64>(host.si_value.sival_ptr);
            [[fallthrough]];
        case Kind::kill:
            info.pid = host.si_pid;
            info.uid = host.si_uid;
            break;
        case Kind::child:
            info.pid = host.si_pid;
            info.uid = host.si_uid;
            info.status = host.si_status;
            info.user_time = host.si_utime;
            info.system_time = host.si_stime;
            break;
        case Kind::poll:
            info.value = static_cast<u64>(host.si_band);
            info.fd = host.si_fd;
            break;
        case Kind::fault:
        case Kind::system_call:
            break;   // never reported to a guest from a host fault
    }
    return info;
}

siginfo_t signal_info_to_host(const SignalInfo& info) {
    siginfo_t host;
    std::memset(&host, 0, sizeof host);
    host.si_signo = info.signal;
    host.si_code = info.code;
    host.si_errno = info.error;
    host.si_pid = info.pid;
    host.si_uid = info.uid;
    host.si_value.sival_ptr = reinterpret_cast<void*>(info.value);
    return host;
}

void write_signal_info(const Abi& abi, const SignalInfo& info, std::span<std::byte> bytes) {
    std::ranges::fill(bytes, std::byte{0});
    StructView view(abi, Struct::siginfo, bytes);
    view.set(Field::si_signo, static_cast<u64>(signal_to_guest(abi, info.signal)));
    view.set(Field::si_errno, static_cast<u64>(info.error));
    view.set(Field::si_code, static_cast<u64>(abi.numbers.to_guest(NumberSet::signal_code, info.code)));
    switch (info.kind) {
        case Kind::kill:
            view.set(Field::_kill_pid, static_cast<u64>(info.pid));
            view.set(Field::_kill_uid, info.uid);
            break;
        case Kind::timer:
            view.set(Field::_timer_tid, static_cast<u64>(info.pid));
            view.set(Field::_timer_overrun, static_cast<u64>(info.overrun));
            view.set(Field::_timer_sigval_sival_ptr, info.value);
            break;
        case Kind::queue:
            view.set(Field::_rt_pid, static_cast<u64>(info.pid));
            view.set(Field::_rt_uid, info.uid);
            view.set(Field::_rt_sigval_sival_ptr, info.value);
            break;
        case Kind::fault:
            view.set(Field::_sigfault_addr, info.address.value);
            break;
        case Kind::child:
            view.set(Field::_sigchld_pid, static_cast<u64>(info.pid));
            view.set(Field::_sigchld_uid, info.uid);
            view.set(Field::_sigchld_status,
                     static_cast<u64>(info.code == CLD_EXITED ? info.status : signal_to_guest(abi, info.status)));
            view.set(Field::_sigchld_utime, static_cast<u64>(info.user_time));
            view.set(Field::_sigchld_stime, static_cast<u64>(info.system_time));
            break;
        case Kind::poll:
            view.set(Field::_sigpoll_band, info.value);
            view.set(Field::_sigpoll_fd, static_cast<u64>(info.fd));
            break;
        case Kind::system_call:
            view.set(Field::_sigsys_call_addr, info.address.value);
            view.set(Field::_sigsys_syscall, static_cast<u64>(info.status));
            break;
    }
}

SignalInfo read_signal_info(const Abi& abi, std::span<std::byte> bytes) {
    StructView view(abi, Struct::siginfo, bytes);
    SignalInfo info;
    info.kind = Kind::queue;
    i64 guest_code = static_cast<i32>(view.get(Field::si_code));
    info.code = static_cast<int>(abi.numbers.from_guest(NumberSet::signal_code, guest_code).value_or(guest_code));
    info.error = static_cast<int>(view.get(Field::si_errno));
    info.pid = static_cast<i32>(view.get(Field::_rt_pid));
    info.uid = static_cast<u32>(view.get(Field::_rt_uid));
    info.value = view.get(Field::_rt_sigval_sival_ptr);
    return info;
}

}  // namespace postern::kernel
