// Actions, masks and numbers: the part of signals that needs neither frames nor faults.
#include "kernel/signals.hpp"

#include "abi/signal_abi.hpp"
#include "kernel/process.hpp"
#include "kernel/signals_host.hpp"

#include <bit>
#include <cerrno>
#include <signal.h>

namespace postern::kernel {
namespace {

constexpr SignalSet unblockable = signal_bit(SIGKILL) | signal_bit(SIGSTOP);
constexpr SignalSet ignored_by_default =
    signal_bit(SIGCHLD) | signal_bit(SIGCONT) | signal_bit(SIGURG) | signal_bit(SIGWINCH);
// Faults of the guest's own code stop the engine by themselves.
constexpr SignalSet synchronous = signal_bit(SIGSEGV) | signal_bit(SIGBUS) | signal_bit(SIGILL) |
                                  signal_bit(SIGTRAP) | signal_bit(SIGFPE) | signal_bit(SIGSYS);

bool has_handler(const SignalAction& action) { return action.handler.value > 1; }

bool discards(int signal, const SignalAction& action) {
    return action.handler.value == 1 ||
           (action.handler.value == 0 && (ignored_by_default & signal_bit(signal)));
}

}  // namespace

int signal_count_of(const Abi& abi) { return 8 * static_cast<int>(abi.signals->set_size); }

void initialize_signals(Process& process) {
    host::set_targets(process);
    host::install(process.signals(), process.task().signals.blocked);
}

void retarget_signals(Process& process) { host::set_targets(process); }
void release_signals() { host::release(); }

void reset_signals_on_exec(Process& process) {
    for (int signal = 1; signal <= largest_signal; ++signal) {
        SignalAction& action = process.signals().actions[signal];
        if (has_handler(action)) set_action(process, signal, {});
        else action = {.handler = action.handler};
    }
    process.task().signals.stack = {};
    process.task().signals.fault = {};
    process.task().signals.forced.clear();
}

void reset_signals_on_fork(Process& process) {
    host::forget(~SignalSet{0});
    process.task().signals.forced.clear();
    host::clear_attention(host::forced_signal);
}

void set_action(Process& process, int signal, const SignalAction& action) {
    process.signals().actions[signal] = action;
    if (signal > signal_count) return;
    host::mirror_action(signal, action);
    if (discards(signal, action)) host::forget(signal_bit(signal));
    if (wants_interruption(process) != process.cpu().interruptible())
        host::set_attention(host::reconfigure);
}

bool wants_interruption(Process& process) {
    if (process.threads().several()) return true;
    const ProcessSignals& signals = process.signals();
    for (int signal = 1; signal <= signal_count; ++signal)
        if (has_handler(signals.actions[signal]) && !(synchronous & signal_bit(signal))) return true;
    return false;
}

void set_blocked(Task& task, SignalSet blocked) {
    task.signals.blocked = blocked & ~unblockable;
    host::publish_blocked(task.signals.blocked);
}

bool signal_pending(const Task&) { return host::attention() != 0; }

void force_signal(Task& task, SignalInfo info) {
    task.signals.forced.push_back(info);
    host::set_attention(host::forced_signal);
}

i64 interruptible_call(Task& task, long number, u64 a0, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5) {
    for (;;) {
        i64 result = blocking_call(task, number, a0, a1, a2, a3, a4, a5);
        if (result != -EINTR || (host::attention() & host::ends_sleep)) return result;
    }
}

i64 blocking_call(Task& task, long number, u64 a0, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5) {
    Threads::Sleep sleep(task);
    return host::system_call_unless_caught(number, {a0, a1, a2, a3, a4, a5});
}

void start_clock_tick(Process&) { host::start_tick(); }

TemporaryMask::TemporaryMask(Task& task, std::optional<SignalSet> mask)
    : task_(task), active_(mask.has_value()) {
    if (!active_) return;
    task.signals.saved_blocked = task.signals.blocked;
    set_blocked(task, *mask);
}

SysResult TemporaryMask::finish(SysResult result) {
    bool interrupted = result.value == -EINTR || (result.value <= restart_sys && result.value >= restart_block);
    if (interrupted && signal_pending(task_)) active_ = false;   // delivery puts the old mask back
    return result;
}

TemporaryMask::~TemporaryMask() {
    if (!active_ || !task_.signals.saved_blocked) return;
    set_blocked(task_, *task_.signals.saved_blocked);
    task_.signals.saved_blocked.reset();
}

int signal_from_guest(const Abi& abi, int guest) {
    return static_cast<int>(abi.numbers.from_guest(NumberSet::signal, guest).value_or(-1));
}

int signal_to_guest(const Abi& abi, int generic) {
    return static_cast<int>(abi.numbers.to_guest(NumberSet::signal, generic));
}

SignalSet signal_set_from_guest(const Abi& abi, u64 guest) {
    SignalSet generic = guest;
    for (const NumberPair& pair : abi.numbers[NumberSet::signal]) generic &= ~signal_bit(static_cast<int>(pair.generic));
    for (const NumberPair& pair : abi.numbers[NumberSet::signal])
        if (guest & signal_bit(static_cast<int>(pair.guest))) generic |= signal_bit(static_cast<int>(pair.generic));
    return generic;
}

u64 signal_set_to_guest(const Abi& abi, SignalSet generic) {
    u64 guest = generic;
    for (const NumberPair& pair : abi.numbers[NumberSet::signal]) guest &= ~signal_bit(static_cast<int>(pair.guest));
    for (const NumberPair& pair : abi.numbers[NumberSet::signal])
        if (generic & signal_bit(static_cast<int>(pair.generic))) guest |= signal_bit(static_cast<int>(pair.guest));
    return guest;
}

std::optional<SignalSet> read_signal_set(Task& task, GuestAddr address) {
    const Abi& abi = task.abi();
    u64 words = 0;
    for (unsigned offset = 0; offset < 8; offset += abi.word_size) {
        auto word = task.memory().read_word(address + offset);
        if (!word) return std::nullopt;
        words |= *word << (offset * 8);
    }
    return signal_set_from_guest(abi, words);
}

bool write_signal_set(Task& task, GuestAddr address, SignalSet set) {
    const Abi& abi = task.abi();
    u64 words = signal_set_to_guest(abi, set);
    // What a larger set has beyond 64 signals no host can send: always clear.
    for (unsigned offset = 0; offset < signal_set_size(task); offset += abi.word_size) {
        u64 word = offset < 8 ? (words >> (offset * 8)) & abi.word_mask() : 0;
        if (!task.memory().write_word(address + offset, word)) return false;
    }
    return true;
}

u64 signal_set_size(const Task& task) { return task.abi().signals->set_size; }

}  // namespace postern::kernel
