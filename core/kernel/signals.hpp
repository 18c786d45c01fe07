// Signals: host events and guest faults become guest signal frames.
#pragma once

#include "abi/abi.hpp"
#include "base/types.hpp"
#include "cpu/cpu.hpp"
#include "kernel/sys_result.hpp"

#include <array>
#include <deque>
#include <optional>

namespace postern::kernel {

class Process;
struct Task;

/// Signals are numbered 1 ... 64 as on the host (generic) inside Postern; guest numbers appear
/// only in guest registers and guest memory.
inline constexpr int signal_count = 64;

/// The most that an ABI has. Those above signal_count no host can send: their actions are kept, and that is all.
inline constexpr int largest_signal = 128;
/// Signals of the ABI are 1 ... this: its sigset_t says it.
int signal_count_of(const Abi& abi);

/// Bit n-1 = signal n, generic numbering.
using SignalSet = u64;
constexpr SignalSet signal_bit(int signal) { return u64{1} << (signal - 1); }

/// siginfo, generic: what a frame's siginfo is written from.
struct SignalInfo {
    int signal = 0;
    int code = 0;              ///< si_code
    int error = 0;             ///< si_errno
    enum class Kind : u8 { kill, timer, fault, child, poll, queue, system_call } kind = Kind::kill;
    i32 pid = 0;
    u32 uid = 0;
    i32 status = 0;            ///< child
    i64 user_time = 0, system_time = 0;
    u64 value = 0;             ///< sigval / timer id / band
    GuestAddr address{};       ///< fault
    i32 overrun = 0, fd = 0;
    // fault details that some frames carry
    u32 trap_number = 0, error_code = 0;
};

struct SignalAction {
    GuestAddr handler{};       ///< 0 = SIG_DFL, 1 = SIG_IGN
    u64 flags = 0;             ///< SA_*, generic values
    GuestAddr restorer{};      ///< 0 = none
    SignalSet mask = 0;
};

struct AlternateStack {
    GuestAddr base{};
    u64 size = 0;
    i32 flags = 2;             ///< SS_DISABLE
};

/// What frames show of a thread's last fault, later signals included (as the kernel does).
struct LastFault {
    GuestAddr address{};
    u32 trap_number = 0, error_code = 0;
};

/// Per thread.
struct TaskSignals {
    SignalSet blocked = 0;
    std::optional<SignalSet> saved_blocked;   ///< sigsuspend and friends: mask to put in the frame
    AlternateStack stack;
    std::deque<SignalInfo> forced;            ///< synchronous: faults of this thread
    LastFault fault;
};

/// Per process.
struct ProcessSignals {
    std::array<SignalAction, largest_signal + 1> actions{};
};

/// Called once per host process before the first guest instruction: installs host handlers
/// for what Postern itself needs and learns inherited dispositions and the inherited mask.
void initialize_signals(Process& process);
/// With every new image: host handlers look at its engine, its clock and its memory. Host
/// signals must be blocked while the old image goes.
void retarget_signals(Process& process);
/// Before the process object goes: no tick, and no handler looks at it any more.
void release_signals();
/// After execve: handlers go back to SIG_DFL, ignored ones stay.
void reset_signals_on_exec(Process& process);
/// In the child after fork: nothing is pending.
void reset_signals_on_fork(Process& process);

/// A guest fault or trap becomes a forced signal.
void raise_fault(Task& task, const Stop& stop);
void force_signal(Task& task, SignalInfo info);

/// True if deliver_signals has work: something could be delivered now, or a handler was
/// installed and the engine has to become interruptible. Cheap: one load.
bool signal_pending(const Task& task);

/// Delivers what is pending and not blocked: builds frames, or applies the default action
/// (which may end the process through Process::exit). `result` is the result of the
/// interrupted system call (nothing when interrupted elsewhere): restart codes are resolved
/// here and the final value is written to the result register. Only outside Cpu::run.
void deliver_signals(Task& task, std::optional<SysResult> result);

/// Makes host system call `number` so that a signal meant for the guest interrupts it
/// without a race: -EINTR if one is pending or arrives before the call sleeps. Signals that
/// are only Postern's own (the coarse-clock tick) never show. Returns -errno on failure.
i64 interruptible_call(Task& task, long number, u64 a0 = 0, u64 a1 = 0, u64 a2 = 0, u64 a3 = 0, u64 a4 = 0,
                       u64 a5 = 0);

/// The same, but any interruption ends it, Postern's own tick included.
i64 blocking_call(Task& task, long number, u64 a0 = 0, u64 a1 = 0, u64 a2 = 0, u64 a3 = 0, u64 a4 = 0, u64 a5 = 0);

/// Replaces the mask of blocked signals (SIGKILL and SIGSTOP stay unblocked), on the host too.
void set_blocked(Task& task, SignalSet blocked);
/// sigaction(2) on a valid signal: stores the action and makes the host's disposition match.
void set_action(Process& process, int signal, const SignalAction& action);
/// True if a handler, or another thread's turn, may have to interrupt running guest code.
bool wants_interruption(Process& process);

/// The mask of ppoll, pselect6, epoll_pwait and sigsuspend for the time of one call. Make it,
/// wait, and pass the result through `finish`: if a signal ended the call (-EINTR or a restart
/// code), its handler runs with the temporary mask and returns to the old one; otherwise the
/// old one is back at once. Without a mask it does nothing.
class TemporaryMask {
public:
    TemporaryMask(Task& task, std::optional<SignalSet> mask);
    ~TemporaryMask();
    TemporaryMask(const TemporaryMask&) = delete;
    TemporaryMask& operator=(const TemporaryMask&) = delete;

    SysResult finish(SysResult result);

private:
    Task& task_;
    bool active_;
};

/// The periodic tick that keeps the coarse clocks fresh while the guest computes: driven by
/// CPU time, so an idle guest has none. Called at start and after fork.
void start_clock_tick(Process& process);

/// A guest sigset_t of 8 bytes in memory; generic numbering. False / nothing: EFAULT.
std::optional<SignalSet> read_signal_set(Task& task, GuestAddr address);
[[nodiscard]] bool write_signal_set(Task& task, GuestAddr address, SignalSet set);
/// Bytes of the ABI's sigset_t, which the rt_sig* calls demand as their size argument.
u64 signal_set_size(const Task& task);

/// Puts a guest signal set (as the words of a sigset_t, lowest first) to generic, and back.
SignalSet signal_set_from_guest(const Abi& abi, u64 guest);
u64 signal_set_to_guest(const Abi& abi, SignalSet generic);
int signal_from_guest(const Abi& abi, int guest);
int signal_to_guest(const Abi& abi, int generic);

}  // namespace postern::kernel
