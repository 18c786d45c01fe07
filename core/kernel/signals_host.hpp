// The host's side of guest signals: handlers, the signals they caught, dispositions, the mask.
//
// A guest thread is a host thread, with the mask of blocked signals of the guest's. So the host chooses
// who gets a signal, as Linux does. A guest handler is mirrored by a host handler that
// keeps the signal in a slot of its number and blocks that number on the host until the guest
// has taken it: the host queues what comes after, so nothing is lost and nothing piles up here.
// Default and ignored actions are the host's own.
#pragma once

#include "kernel/signals.hpp"

#include <optional>

namespace postern::kernel::host {

/// The real-time signal whose handler renews the time page (timer expirations told apart from
/// a guest's own by their timer id and value). Never blocked on the host.
inline constexpr int tick_signal = 63;

/// What the host's handlers know of a thread. All functions here that do not take one are about the thread
/// that calls them.
struct Thread;
Thread& this_thread();
/// On a new thread, or one that fork has left alone, before it takes signals.
void begin_thread(SignalSet blocked);
/// The thread takes no more signals; those caught for the process go to another one.
void end_thread();
/// Whose turn it is to run guest code; null: nobody's.
void set_running(Thread* thread);

/// Points the handlers at the process's current image. Call with every new image.
void set_targets(Process& process);
/// Ends the tick and the handlers' interest in the process.
void release();
/// Installs the handlers that Postern needs and fills `actions` and `blocked` from what this
/// host process inherited.
void install(ProcessSignals& signals, SignalSet& blocked);
/// Makes the host's disposition match.
void mirror_action(int signal, const SignalAction& action);

/// Tells handlers and host which signals the guest blocks.
void publish_blocked(SignalSet blocked);
/// Signals that sigtimedwait takes although they are blocked.
void publish_awaited(SignalSet awaited);

/// Caught and not yet taken.
SignalSet caught();
/// Takes the lowest caught signal of `candidates`.
std::optional<SignalInfo> take(SignalSet candidates);
/// Drops caught signals.
void forget(SignalSet signals);

/// Address (in the arena) whose file page had gone when it was accessed; taken once.
std::optional<u64> take_lost_page();

/// Things deliver_signals should look at; any bit makes signal_pending true.
enum Attention : int {
    caught_signal = 1,    ///< something caught is not blocked
    forced_signal = 2,    ///< TaskSignals::forced is not empty
    reconfigure = 4,      ///< the engine's interruptibility may have to change
    turn_over = 8,        ///< others wait for their turn
    leave_call = 16,      ///< the thread shall not sleep, since it has to end or to change its program
};
/// Of them, what a sleeping system call fails for with EINTR; it goes on sleeping after the others.
inline constexpr int ends_sleep = caught_signal | forced_signal | leave_call;

/// From any thread: sets `what` of `thread`, and stops it if it runs guest code.
void request(Thread& thread, Attention what);
/// Takes that back.
void withdraw(Thread& thread, Attention what);
/// As request, and a system call it sleeps in fails with EINTR.
void wake(Thread& thread, Attention what);
int attention();
void set_attention(Attention what);
void clear_attention(Attention what);

/// One host system call that a caught, unblocked signal interrupts without a race.
i64 system_call_unless_caught(long number, const u64 (&arguments)[6]);

void start_tick();
/// The host's id of the timer behind it; -1 = none. A guest must not get at it.
int tick_timer();

}  // namespace postern::kernel::host
