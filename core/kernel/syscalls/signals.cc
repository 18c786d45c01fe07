// Signal actions, masks, sending, waiting and returning.
#include "kernel/signals.hpp"
#include "kernel/signals_frame.hpp"
#include "kernel/signals_host.hpp"
#include "kernel/signals_info.hpp"
#include "kernel/syscalls/support.hpp"
#include "kernel/syscalls/waiting.hpp"

#include <array>
#include <cerrno>
#include <signal.h>
#include <utility>

namespace postern::kernel {
namespace {

constexpr SignalSet old_mask_bits(const Abi& abi) { return abi.word_mask(); }

bool is_signal(const Abi& abi, int signal) { return signal >= 1 && signal <= signal_count_of(abi); }

// --- actions

std::optional<SignalAction> read_action(Task& task, GuestAddr address, Struct which) {
    const Abi& abi = task.abi();
    std::array<std::byte, 64> bytes{};
    auto buffer = std::span(bytes).first(layout_of(abi, which).size);
    if (!task.memory().read(address, buffer)) return std::nullopt;
    StructView view(abi, which, buffer);
    SignalAction action;
    action.handler = {view.get(Field::sa_handler_address)};
    action.flags = abi.numbers.bits_from_guest(NumberSet::signal_action_flag, view.get(Field::sa_flags)) &
                   abi.signals->known_flags;
    action.restorer = {view.get(Field::sa_restorer)};
    if (which == Struct::sigaction) {
        auto offset = static_cast<u64>(view.bytes_of(Field::sa_mask).data() - bytes.data());
        auto mask = read_signal_set(task, address + offset);
        if (!mask) return std::nullopt;
        action.mask = *mask;
    } else {
        action.mask = signal_set_from_guest(abi, view.get(Field::sa_mask));
    }
    return action;
}

bool write_action(Task& task, GuestAddr address, Struct which, const SignalAction& action) {
    const Abi& abi = task.abi();
    std::array<std::byte, 64> bytes{};
    auto buffer = std::span(bytes).first(layout_of(abi, which).size);
    StructView view(abi, which, buffer);
    view.set(Field::sa_handler_address, action.handler.value);
    view.set(Field::sa_flags, abi.numbers.bits_to_guest(NumberSet::signal_action_flag, action.flags));
    view.set(Field::sa_restorer, action.restorer.value);
    u64 mask = signal_set_to_guest(abi, action.mask);
    if (which == Struct::sigaction) {
        auto field = view.bytes_of(Field::sa_mask);
        for (unsigned at = 0; at < 8; at += abi.word_size)
            store_unsigned(&field[at], mask >> (at * 8), abi.word_size, abi.byte_order);
    } else {
        view.set(Field::sa_mask, mask);
    }
    return task.memory().write(address, buffer);
}

SysResult change_action(Task& task, int guest_signal, GuestAddr act, GuestAddr old, Struct which) {
    std::optional<SignalAction> action;
    if (act && !(action = read_action(task, act, which))) return -EFAULT;
    int signal = signal_from_guest(task.abi(), guest_signal);
    if (!is_signal(task.abi(), signal)) return -EINVAL;
    if (action && (signal == SIGKILL || signal == SIGSTOP)) return -EINVAL;
    SignalAction before = task.process.signals().actions[signal];
    if (action) {
        action->mask &= ~(signal_bit(SIGKILL) | signal_bit(SIGSTOP));
        set_action(task.process, signal, *action);
    }
    return !old || write_action(task, old, which, before) ? SysResult{0} : SysResult{-EFAULT};
}

SysResult sys_rt_sigaction(Task& task, int signal, GuestAddr act, GuestAddr old, GuestSize size) {
    if (size.value != signal_set_size(task)) return -EINVAL;
    return change_action(task, signal, act, old, Struct::sigaction);
}

SysResult sys_sigaction(Task& task, int signal, GuestAddr act, GuestAddr old) {
    return change_action(task, signal, act, old, Struct::old_sigaction);
}

SysResult sys_signal(Task& task, int guest_signal, GuestAddr handler) {
    int signal = signal_from_guest(task.abi(), guest_signal);
    if (!is_signal(task.abi(), signal) || signal == SIGKILL || signal == SIGSTOP) return -EINVAL;
    GuestAddr before = task.process.signals().actions[signal].handler;
    set_action(task.process, signal, {.handler = handler, .flags = u64{SA_RESETHAND} | SA_NODEFER});
    return static_cast<i64>(before.value);
}

// --- masks

SysResult change_mask(Task& task, int how, SignalSet set, SignalSet changeable) {
    SignalSet before = task.signals.blocked;
    switch (task.abi().numbers.from_guest(NumberSet::signal_mask_operation, how).value_or(-1)) {
        case SIG_BLOCK: set_blocked(task, before | set); return 0;
        case SIG_UNBLOCK: set_blocked(task, before & ~set); return 0;
        case SIG_SETMASK: set_blocked(task, (before & ~changeable) | set); return 0;
        default: return -EINVAL;
    }
}

SysResult sys_rt_sigprocmask(Task& task, int how, GuestAddr set, GuestAddr old, GuestSize size) {
    if (size.value != signal_set_size(task)) return -EINVAL;
    SignalSet before = task.signals.blocked;
    if (set) {
        auto mask = read_signal_set(task, set);
        if (!mask) return -EFAULT;
        if (auto result = change_mask(task, how, *mask, ~SignalSet{0}); result.is_error()) return result;
    }
    return !old || write_signal_set(task, old, before) ? SysResult{0} : SysResult{-EFAULT};
}

SysResult sys_sigprocmask(Task& task, int how, GuestAddr set, GuestAddr old) {
    const Abi& abi = task.abi();
    SignalSet before = task.signals.blocked;
    if (set) {
        auto mask = task.memory().read_word(set);
        if (!mask) return -EFAULT;
        auto result = change_mask(task, how, signal_set_from_guest(abi, *mask), old_mask_bits(abi));
        if (result.is_error()) return result;
    }
    u64 shown = signal_set_to_guest(abi, before) & old_mask_bits(abi);
    return !old || task.memory().write_word(old, shown) ? SysResult{0} : SysResult{-EFAULT};
}

SysResult sys_sgetmask(Task& task) {
    return static_cast<i64>(static_cast<u32>(signal_set_to_guest(task.abi(), task.signals.blocked)));
}

SysResult sys_ssetmask(Task& task, GuestWord mask) {
    auto before = sys_sgetmask(task);
    set_blocked(task, signal_set_from_guest(task.abi(), static_cast<u32>(mask.value)));
    return before;
}

SignalSet pending_signals(const Task& task) {
    SignalSet on_host = 0;
    host_call(SYS_rt_sigpending, &on_host, sizeof on_host);
    return (on_host | host::caught()) & task.signals.blocked;
}

SysResult sys_rt_sigpending(Task& task, GuestAddr address, GuestSize size) {
    if (size.value > signal_set_size(task)) return -EINVAL;
    // The only call that takes a smaller size too, and gives as many bytes.
    const Abi& abi = task.abi();
    u64 set = signal_set_to_guest(abi, pending_signals(task));
    std::array<std::byte, 16> bytes{};
    for (unsigned at = 0; at < 8; at += abi.word_size)
        store_unsigned(&bytes[at], set >> (at * 8), abi.word_size, abi.byte_order);
    return task.memory().write(address, std::span(bytes).first(size.value)) ? SysResult{0} : SysResult{-EFAULT};
}

SysResult sys_sigpending(Task& task, GuestAddr address) {
    u64 shown = signal_set_to_guest(task.abi(), pending_signals(task)) & old_mask_bits(task.abi());
    return task.memory().write_word(address, shown) ? SysResult{0} : SysResult{-EFAULT};
}

// --- waiting

SysResult suspend(Task& task, std::optional<SignalSet> mask) {
    TemporaryMask temporary(task, mask);
    (void)interruptible_call(task, SYS_ppoll);   // no descriptors, no timeout
    task.process.clock().catch_up();
    return temporary.finish(restart_no_hand);
}

SysResult sys_rt_sigsuspend(Task& task, GuestAddr address, GuestSize size) {
    if (size.value != signal_set_size(task)) return -EINVAL;
    auto mask = read_signal_set(task, address);
    return mask ? suspend(task, *mask) : SysResult{-EFAULT};
}

/// The old call passes the mask's only word in the third argument.
SysResult sys_sigsuspend(Task& task, GuestWord, GuestWord, GuestWord mask) {
    return suspend(task, signal_set_from_guest(task.abi(), mask.value));
}

SysResult sys_pause(Task& task) { return suspend(task, std::nullopt); }

/// While it lives, `set` counts as wanted although it is blocked.
class Awaiting {
public:
    explicit Awaiting(SignalSet set) { host::publish_awaited(set); }
    ~Awaiting() { host::publish_awaited(0); }
    Awaiting(const Awaiting&) = delete;
    Awaiting& operator=(const Awaiting&) = delete;
};

std::optional<SignalInfo> wait_for_signal(Task& task, SignalSet set, const Deadline& deadline, i64& error) {
    Awaiting awaiting(set);
    for (;;) {
        if (auto info = host::take(set)) return info;
        siginfo_t host_info{};
        auto left = deadline.left();
        error = blocking_call(task, SYS_rt_sigtimedwait, reinterpret_cast<u64>(&set),
                              reinterpret_cast<u64>(&host_info),
                              left ? reinterpret_cast<u64>(&*left) : 0, sizeof set);
        if (error > 0) return signal_info_from_host(host_info);
        if (error != -EINTR) return std::nullopt;
        if (auto info = host::take(set)) return info;
        if (host::attention() & host::ends_sleep) return std::nullopt;
    }
}

SysResult timed_wait(Task& task, GuestAddr address, GuestAddr info_address, GuestAddr timeout, u64 size,
                     Struct time_layout) {
    if (size != signal_set_size(task)) return -EINVAL;
    auto set = read_signal_set(task, address);
    if (!set) return -EFAULT;
    std::optional<timespec> limit;
    if (timeout) {
        limit = read_time(task, timeout, time_layout);
        if (!limit) return -EFAULT;
        if (!is_valid(*limit)) return -EINVAL;
    }
    Deadline deadline(TimeLimit(task, limit));
    i64 error = 0;
    auto info = wait_for_signal(task, *set & ~(signal_bit(SIGKILL) | signal_bit(SIGSTOP)), deadline, error);
    if (!info && error == -EAGAIN) deadline.reached();
    task.process.clock().catch_up();
    if (!info) return error;
    if (info_address) {
        std::array<std::byte, 128> bytes;
        write_signal_info(task.abi(), *info, bytes);
        if (!task.memory().write(info_address, bytes)) return -EFAULT;
    }
    return signal_to_guest(task.abi(), info->signal);
}

SysResult sys_rt_sigtimedwait(Task& task, GuestAddr set, GuestAddr info, GuestAddr timeout, GuestSize size) {
    return timed_wait(task, set, info, timeout, size.value, Struct::timespec64);
}

SysResult sys_rt_sigtimedwait_time32(Task& task, GuestAddr set, GuestAddr info, GuestAddr timeout, GuestSize size) {
    return timed_wait(task, set, info, timeout, size.value, Struct::old_timespec);
}

// --- sending

int host_signal(const Task& task, int guest_signal) {
    return guest_signal == 0 ? 0 : signal_from_guest(task.abi(), guest_signal);
}

SysResult sys_kill(Task& task, int pid, int signal) {
    return host_call(SYS_kill, pid, host_signal(task, signal));
}

SysResult sys_tkill(Task& task, int tid, int signal) {
    return host_call(SYS_tkill, tid, host_signal(task, signal));
}

SysResult sys_tgkill(Task& task, int group, int tid, int signal) {
    return host_call(SYS_tgkill, group, tid, host_signal(task, signal));
}

std::optional<siginfo_t> read_queued_info(Task& task, GuestAddr address, int guest_signal) {
    std::array<std::byte, 128> bytes;
    if (!task.memory().read(address, bytes)) return std::nullopt;
    SignalInfo info = read_signal_info(task.abi(), bytes);
    info.signal = host_signal(task, guest_signal);
    return signal_info_to_host(info);
}

SysResult sys_rt_sigqueueinfo(Task& task, int pid, int signal, GuestAddr address) {
    auto info = read_queued_info(task, address, signal);
    return info ? SysResult{host_call(SYS_rt_sigqueueinfo, pid, info->si_signo, &*info)} : SysResult{-EFAULT};
}

SysResult sys_rt_tgsigqueueinfo(Task& task, int group, int tid, int signal, GuestAddr address) {
    auto info = read_queued_info(task, address, signal);
    if (!info) return -EFAULT;
    return host_call(SYS_rt_tgsigqueueinfo, group, tid, info->si_signo, &*info);
}

// --- alternate stack, return

constexpr i32 on_stack = 1, disabled = 2, auto_disarm = static_cast<i32>(0x80000000u);

SysResult set_alternate_stack(Task& task, const AlternateStack& wanted) {
    AlternateStack& stack = task.signals.stack;
    if (on_alternate_stack(task.abi(), stack, task.cpu().sp())) return -EPERM;
    i32 mode = wanted.flags & ~auto_disarm;
    if (mode != 0 && mode != on_stack && mode != disabled) return -EINVAL;
    if (stack.base == wanted.base && stack.size == wanted.size && stack.flags == wanted.flags) return 0;
    if (mode == disabled) stack = {.base = {}, .size = 0, .flags = wanted.flags};
    else if (wanted.size < task.abi().signals->minimum_stack) return -ENOMEM;
    else stack = wanted;
    return 0;
}

i32 shown_flags(const Task& task) {
    const AlternateStack& stack = task.signals.stack;
    i32 state = stack.size == 0 ? disabled : on_alternate_stack(task.abi(), stack, task.cpu().sp()) ? on_stack : 0;
    return state | (stack.flags & auto_disarm);
}

SysResult sys_sigaltstack(Task& task, GuestAddr address, GuestAddr old) {
    const Abi& abi = task.abi();
    std::array<std::byte, 32> bytes{};
    auto buffer = std::span(bytes).first(layout_of(abi, Struct::sigaltstack).size);
    AlternateStack before = task.signals.stack;
    before.flags = shown_flags(task);
    if (address) {
        if (!task.memory().read(address, buffer)) return -EFAULT;
        StructView view(abi, Struct::sigaltstack, buffer);
        AlternateStack wanted{.base = {view.get(Field::ss_sp) & abi.address_mask()},
                              .size = view.get(Field::ss_size),
                              .flags = static_cast<i32>(view.get(Field::ss_flags))};
        if (auto result = set_alternate_stack(task, wanted); result.is_error()) return result;
    }
    if (!old) return 0;
    std::ranges::fill(buffer, std::byte{0});
    StructView view(abi, Struct::sigaltstack, buffer);
    view.set(Field::ss_sp, before.base.value);
    view.set(Field::ss_flags, static_cast<u32>(before.flags));
    view.set(Field::ss_size, before.size);
    return task.memory().write(old, buffer) ? SysResult{0} : SysResult{-EFAULT};
}

SysResult return_from_handler(Task& task, FrameKind kind) {
    task.restart = nullptr;
    auto mask = leave_handler(frame_context(task), kind);
    if (mask) set_blocked(task, *mask);
    else force_signal(task, {.signal = SIGSEGV, .code = SI_KERNEL});
    return keep_registers;
}

SysResult sys_sigreturn(Task& task) { return return_from_handler(task, FrameKind::old); }
SysResult sys_rt_sigreturn(Task& task) { return return_from_handler(task, FrameKind::rt); }

SysResult sys_restart_syscall(Task& task) {
    if (!task.restart) return -EINTR;
    auto restart = std::exchange(task.restart, nullptr);
    return restart(task);
}

// --- signals as a file

SysResult make_signal_file(Task& task, int fd, GuestAddr address, u64 size, int flags) {
    if (size != signal_set_size(task)) return -EINVAL;
    auto set = read_signal_set(task, address);
    if (!set) return -EFAULT;
    int file = fd == -1 ? -1 : host_fd(task, fd);
    if (fd != -1 && file == -1) return -EBADF;
    task.process.files().has_event_descriptors = true;
    return host_call(SYS_signalfd4, file, &*set, sizeof *set, flags);
}

SysResult sys_signalfd(Task& task, int fd, GuestAddr set, GuestSize size) {
    return make_signal_file(task, fd, set, size.value, 0);
}

SysResult sys_signalfd4(Task& task, int fd, GuestAddr set, GuestSize size, int flags) {
    return make_signal_file(task, fd, set, size.value, creation_flags_from_guest(task.abi(), flags));
}

constexpr SyscallRow rows[] = {
    {"rt_sigaction", adapt<sys_rt_sigaction>, Support::full, "signal, sigaction, sigaction_out, size"},
    {"sigaction", adapt<sys_sigaction>, Support::full, "signal, old_sigaction, old_sigaction_out"},
    {"signal", adapt<sys_signal>, Support::full, "signal, ptr"},
    {"rt_sigprocmask", adapt<sys_rt_sigprocmask>, Support::full, "sigmask_how, sigset, sigset_out, size"},
    {"sigprocmask", adapt<sys_sigprocmask>, Support::full, "sigmask_how, old_sigset, old_sigset_out"},
    {"sgetmask", adapt<sys_sgetmask>, Support::full, ""},
    {"ssetmask", adapt<sys_ssetmask>, Support::full, "hex"},
    {"rt_sigpending", adapt<sys_rt_sigpending>, Support::full, "sigset_out, size"},
    {"sigpending", adapt<sys_sigpending>, Support::full, "old_sigset_out"},
    waits({"rt_sigsuspend", adapt<sys_rt_sigsuspend>, Support::full, "sigset, size"}),
    waits({"sigsuspend", adapt<sys_sigsuspend>, Support::full, "int, int, hex"}),
    waits({"pause", adapt<sys_pause>, Support::full, ""}),
    waits({"rt_sigtimedwait", adapt<sys_rt_sigtimedwait>, Support::full, "sigset, siginfo_out, timespec64_in, size"}),
    waits({"rt_sigtimedwait_time32", adapt<sys_rt_sigtimedwait_time32>, Support::full,
           "sigset, siginfo_out, timespec_in, size"}),
    {"kill", adapt<sys_kill>, Support::full, "pid, signal"},
    {"tkill", adapt<sys_tkill>, Support::full, "pid, signal"},
    {"tgkill", adapt<sys_tgkill>, Support::full, "pid, pid, signal"},
    {"rt_sigqueueinfo", adapt<sys_rt_sigqueueinfo>, Support::full, "pid, signal, siginfo"},
    {"rt_tgsigqueueinfo", adapt<sys_rt_tgsigqueueinfo>, Support::full, "pid, pid, signal, siginfo"},
    {"sigaltstack", adapt<sys_sigaltstack>, Support::full, "sigaltstack, sigaltstack_out"},
    {"sigreturn", adapt<sys_sigreturn>, Support::full, ""},
    {"rt_sigreturn", adapt<sys_rt_sigreturn>, Support::full, ""},
    waits({"restart_syscall", adapt<sys_restart_syscall>, Support::full, ""}),
    {"signalfd", adapt<sys_signalfd>, Support::partial, "fd, sigset, size",
     "signals that are blocked when they arrive; see signalfd4"},
    {"signalfd4", adapt<sys_signalfd4>, Support::partial, "fd, sigset, size, hex",
     "signals that are blocked when they arrive"},
};

}  // namespace

std::span<const SyscallRow> signal_rows() { return rows; }

}  // namespace postern::kernel
