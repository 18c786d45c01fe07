#include "kernel/signals_host.hpp"

#include "kernel/process.hpp"
#include "kernel/signals_blocking.hpp"
#include "kernel/signals_info.hpp"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace postern::kernel::host {
namespace {

// The kernel's struct sigaction: the library's wrapper refuses two of the numbers.
struct KernelAction {
    void (*handler)(int, siginfo_t*, void*);
    unsigned long flags;
    void (*restorer)();
    u64 mask;
};

constexpr u64 no_page = ~u64{0};

enum class Disposition : u8 { standard, ignored, handled };

// Signals that are never blocked on the host: the tick, and the one that reports file pages
// that went away.
constexpr SignalSet never_blocked = signal_bit(tick_signal) | signal_bit(SIGBUS);

}  // namespace

// Everything of a thread that handlers touch. They run on it with all signals blocked, so there is one
// writer at a time besides the interrupted code; only `attention` is written by other threads too.
struct Thread {
    std::atomic<SignalSet> caught{0};
    std::atomic<SignalSet> wanted{~SignalSet{0}};   // not blocked, or awaited
    SignalSet blocked = 0, awaited = 0;
    siginfo_t slots[signal_count + 1]{};
    volatile int stop_calls = 0;                    // caught & wanted is not empty, or it shall leave its call
    std::atomic<int> attention{0};
    std::atomic<u64> lost_page{no_page};
    int tid = 0;
};

namespace {

// Handlers may look at it: it is part of the program's own thread storage, which needs no allocation.
constinit thread_local Thread self;

// What the threads share.
struct State {
    std::atomic<Disposition> dispositions[signal_count + 1]{};
    std::atomic<Thread*> running{nullptr};          // the one whose turn it is

    std::atomic<Cpu*> cpu{nullptr};
    std::atomic<vdso::Clock*> clock{nullptr};
    std::byte* arena_start = nullptr;
    std::byte* arena_end = nullptr;

    KernelAction prototype{};                       // with the library's own restorer
    std::atomic<int> tick_timer{-1};
};
State state;

int kernel_action(int signal, const KernelAction* action, KernelAction* old) {
    return static_cast<int>(syscall(SYS_rt_sigaction, signal, action, old, sizeof(u64)));
}

void kernel_mask(int how, SignalSet set) { syscall(SYS_rt_sigprocmask, how, &set, nullptr, sizeof set); }

SignalSet& mask_of(ucontext_t& context) {
    static_assert(sizeof(context.uc_sigmask) >= sizeof(SignalSet));
    return *reinterpret_cast<SignalSet*>(&context.uc_sigmask);
}

bool deliverable() { return (self.caught & self.wanted) != 0; }

// A handler may run between the question and the store, so the question is asked again.
void update_attention() {
    bool now;
    do {
        now = deliverable();
        self.stop_calls = now || (self.attention & leave_call) != 0;
        if (now) self.attention |= caught_signal;
        else self.attention &= ~caught_signal;
    } while (now != deliverable());
}

// Puts a signal back into the host's queue, blocked until the slot is free.
void requeue(int signal, siginfo_t* info, ucontext_t& context) {
    mask_of(context) |= signal_bit(signal);
    syscall(SYS_rt_tgsigqueueinfo, getpid(), self.tid, signal, info);
}

void keep(int signal, siginfo_t* info, ucontext_t& context) {
    SignalSet bit = signal_bit(signal);
    if (self.caught & bit) {
        // One of a kind is enough, except for queued ones that raced with a change of mask.
        if (signal >= SIGRTMIN && !(bit & never_blocked)) requeue(signal, info, context);
        return;
    }
    self.slots[signal] = *info;
    self.caught |= bit;
    if (!(bit & never_blocked)) mask_of(context) |= bit;
    update_attention();
    if (!(bit & self.wanted)) return;
    turn_back(context);
    if (Cpu* cpu = state.cpu) cpu->request_stop();
}

// What the host would have done, had the handler not been needed for something else.
void act_by_default(int signal) {
    KernelAction standard{};
    kernel_action(signal, &standard, nullptr);
    syscall(SYS_tgkill, getpid(), gettid(), signal);
    kernel_mask(SIG_UNBLOCK, signal_bit(signal));
}

bool is_tick(int signal, const siginfo_t& info) {
    return signal == tick_signal && info.si_code == SI_TIMER && info.si_value.sival_ptr == &state;
}

// The host gives the tick to any thread, and the clock is whose turn it is. Nobody's: nothing computes.
void tick(siginfo_t* info) {
    Thread* running = state.running;
    if (running != &self) {
        if (running) syscall(SYS_rt_tgsigqueueinfo, getpid(), running->tid, tick_signal, info);
        return;
    }
    if (vdso::Clock* clock = state.clock) clock->service(vdso::ServiceReason::tick);
}

bool is_wake(int signal, const siginfo_t& info) {
    return signal == tick_signal && info.si_code == SI_QUEUE && info.si_value.sival_ptr == &state && info.si_pid == getpid();
}

// A file that was mapped has become shorter. A page of zeros takes the place of the missing
// one, so that whatever ran can go on to the next point where the guest takes its signal.
bool replace_lost_page(const siginfo_t& info) {
    auto* address = static_cast<std::byte*>(info.si_addr);
    if (address < state.arena_start || address >= state.arena_end) return false;
    u64 page_size = static_cast<u64>(sysconf(_SC_PAGESIZE));
    u64 offset = align_down(static_cast<u64>(address - state.arena_start), page_size);
    void* page = mmap(state.arena_start + offset, page_size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (page == MAP_FAILED) return false;
    self.lost_page = offset;
    self.attention |= forced_signal;
    if (Cpu* cpu = state.cpu) cpu->request_stop();
    return true;
}

bool is_own_fault(int signal, const siginfo_t& info) {
    if (info.si_code <= 0) return false;   // sent by somebody
    return signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE || signal == SIGILL || signal == SIGTRAP;
}

void handle(int signal, siginfo_t* info, void* raw_context) {
    int saved_errno = errno;
    auto& context = *static_cast<ucontext_t*>(raw_context);
    if (is_tick(signal, *info)) {
        tick(info);
    } else if (is_wake(signal, *info)) {
        update_attention();
        turn_back(context);
    } else if (is_own_fault(signal, *info)) {
        // A defect of ours: the instruction runs again and takes the process with it.
        if (signal != SIGBUS || !replace_lost_page(*info)) {
            KernelAction standard{};
            kernel_action(signal, &standard, nullptr);
        }
    } else if (state.dispositions[signal] == Disposition::handled || (self.awaited & signal_bit(signal)) ||
               (self.blocked & signal_bit(signal))) {
        keep(signal, info, context);
    } else if (state.dispositions[signal] == Disposition::standard) {
        act_by_default(signal);
    }
    errno = saved_errno;
}

void renew_host_mask() {
    SignalSet held = self.blocked | (self.caught & ~never_blocked);
    kernel_mask(SIG_SETMASK, held & ~never_blocked);
}

}  // namespace

void set_targets(Process& process) {
    state.cpu = &process.cpu();
    state.clock = &process.clock();
    state.arena_start = process.memory().arena_base();
    state.arena_end = state.arena_start + process.memory().arena_size();
}

void release() {
    int timer = state.tick_timer.exchange(-1);
    if (timer != -1) syscall(SYS_timer_delete, timer);
    state.cpu = nullptr;
    state.clock = nullptr;
    state.arena_start = state.arena_end = nullptr;
}

void install(ProcessSignals& signals, SignalSet& blocked) {
    syscall(SYS_rt_sigprocmask, SIG_BLOCK, nullptr, &blocked, sizeof blocked);
    for (int signal = 1; signal <= signal_count; ++signal) {
        KernelAction old{};
        if (kernel_action(signal, nullptr, &old) != 0) continue;
        bool ignored = reinterpret_cast<u64>(old.handler) == reinterpret_cast<u64>(SIG_IGN);
        if (ignored) signals.actions[signal].handler = {1};
        state.dispositions[signal] = ignored ? Disposition::ignored : Disposition::standard;
    }
    struct sigaction action{};
    action.sa_sigaction = handle;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    sigfillset(&action.sa_mask);
    sigaction(tick_signal, &action, nullptr);
    sigaction(SIGBUS, &action, nullptr);
    kernel_action(tick_signal, nullptr, &state.prototype);
    state.prototype.mask = ~u64{0};
    begin_thread(blocked);
    set_running(&self);
}

void mirror_action(int signal, const SignalAction& action) {
    Disposition disposition = action.handler.value == 0   ? Disposition::standard
                              : action.handler.value == 1 ? Disposition::ignored
                                                          : Disposition::handled;
    state.dispositions[signal] = disposition;
    if (signal_bit(signal) & never_blocked) return;
    KernelAction host{};
    const auto ignore = SIG_IGN;
    if (disposition == Disposition::handled) host = state.prototype;
    else if (disposition == Disposition::ignored) std::memcpy(&host.handler, &ignore, sizeof ignore);
    host.flags |= action.flags & (SA_NOCLDSTOP | SA_NOCLDWAIT);
    kernel_action(signal, &host, nullptr);
}

void publish_blocked(SignalSet blocked) {
    self.blocked = blocked;
    self.wanted = ~blocked | self.awaited;
    renew_host_mask();
    update_attention();
}

void publish_awaited(SignalSet awaited) {
    self.awaited = awaited;
    self.wanted = ~self.blocked | awaited;
    update_attention();
}

SignalSet caught() { return self.caught; }

std::optional<SignalInfo> take(SignalSet candidates) {
    SignalSet available = self.caught & candidates;
    if (!available) return std::nullopt;
    int signal = std::countr_zero(available) + 1;
    SignalInfo info = signal_info_from_host(self.slots[signal]);
    forget(signal_bit(signal));
    return info;
}

void forget(SignalSet signals) {
    if (!(self.caught & signals)) return;
    self.caught &= ~signals;
    renew_host_mask();
    update_attention();
}

std::optional<u64> take_lost_page() {
    u64 offset = self.lost_page.exchange(no_page);
    return offset == no_page ? std::nullopt : std::optional(offset);
}

int attention() { return self.attention.load(std::memory_order_relaxed); }
void set_attention(Attention what) { self.attention |= what; }
void clear_attention(Attention what) {
    if (what == caught_signal) update_attention();
    else self.attention &= ~what;
}

Thread& this_thread() { return self; }

void begin_thread(SignalSet blocked) {
    self.tid = gettid();
    publish_blocked(blocked);
}

void end_thread() {
    kernel_mask(SIG_SETMASK, ~SignalSet{0});
    for (int signal = 1; signal <= signal_count; ++signal) {
        if (!(self.caught & signal_bit(signal)) || self.slots[signal].si_code == SI_TKILL) continue;
        syscall(SYS_rt_sigqueueinfo, getpid(), signal, &self.slots[signal]);
    }
    self.caught = 0;
    update_attention();
}

void set_running(Thread* thread) { state.running.store(thread, std::memory_order_relaxed); }

void request(Thread& thread, Attention what) {
    thread.attention |= what;
    if (Cpu* cpu = state.cpu) cpu->request_stop();
}

void withdraw(Thread& thread, Attention what) { thread.attention &= ~what; }

void wake(Thread& thread, Attention what) {
    request(thread, what);
    siginfo_t info{};
    info.si_signo = tick_signal;
    info.si_code = SI_QUEUE;
    info.si_pid = getpid();
    info.si_value.sival_ptr = &state;
    syscall(SYS_rt_tgsigqueueinfo, getpid(), thread.tid, tick_signal, &info);
}

i64 system_call_unless_caught(long number, const u64 (&arguments)[6]) {
    return guarded_system_call(&self.stop_calls, number, arguments);
}

void start_tick() {
    constexpr long period = 1'000'000;   // ns; the host looks at CPU timers at its own ticks only
    struct sigevent event{};
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = tick_signal;
    event.sigev_value.sival_ptr = &state;
    int timer = -1;
    if (syscall(SYS_timer_create, CLOCK_PROCESS_CPUTIME_ID, &event, &timer) != 0) return;
    state.tick_timer = timer;
    struct itimerspec times{.it_interval = {0, period}, .it_value = {0, period}};
    syscall(SYS_timer_settime, timer, 0, &times, nullptr);
}

int tick_timer() { return state.tick_timer; }

}  // namespace postern::kernel::host
