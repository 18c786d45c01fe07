// Who may run guest code: one thread of a process at a time.
#pragma once

#include "kernel/signals_host.hpp"

#include <atomic>
#include <mutex>

namespace postern::kernel {

/// The lock under which guest code and the kernel that serves it run. Threads get it in the order in which they
/// asked, and give it up for as long as they sleep in the host. Who waits for longer than a time slice asks the
/// holder to let it have its turn: `Attention::turn_over`.
///
/// Host threads that take turns, because then the host knows every guest thread by an id of its own: signals,
/// scheduling, resource usage, blocking calls and /proc need no imitation. One at a time, because an engine translates
/// for one processor, whose atomic instructions are not the host's.
class GuestLock {
public:
    /// Not if the calling thread has it.
    void acquire();
    void release();
    bool has_waiters() const { return handed_on_ != enqueued_; }
    /// Lets all have a turn who wait now.
    void yield();
    /// In a forked child, whose only thread has it.
    void reset_after_fork();

private:
    struct Waiter {
        host::Thread& thread;
        std::atomic<u32> has_turn{0};
        u64 number = 0;              // counted from the first that ever waited
        Waiter* next = nullptr;
    };

    void enqueue(Waiter& waiter);
    void wait(Waiter& waiter);
    void hand_on(std::unique_lock<std::mutex>& held);
    bool ask_holder(const Waiter& waiter);

    std::mutex mutex_;               // of what follows; held for some instructions
    host::Thread* holder_ = nullptr;
    Waiter* first_ = nullptr;
    Waiter* last_ = nullptr;
    std::atomic<u64> enqueued_{0};
    std::atomic<u64> handed_on_{0};  // the number of the first in the queue
};

}  // namespace postern::kernel
