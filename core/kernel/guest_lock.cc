#include "kernel/guest_lock.hpp"

#include "base/types.hpp"

#include <algorithm>
#include <ctime>
#include <linux/futex.h>
#include <new>
#include <sys/syscall.h>
#include <unistd.h>

namespace postern::kernel {

namespace {

/// Long beside what a change of threads costs, short beside what a user notices.
constexpr long time_slice = 2'000'000;   // ns

timespec slices(u64 count) {
    u64 length = count * time_slice;
    return {static_cast<time_t>(length / 1'000'000'000), static_cast<long>(length % 1'000'000'000)};
}

void futex_wait(std::atomic<u32>& word, u32 value, const timespec* limit) {
    syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, value, limit, nullptr, 0);
}

void futex_wake(std::atomic<u32>* word) { syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0); }

}  // namespace

void GuestLock::acquire() {
    Waiter waiter{host::this_thread()};
    {
        std::unique_lock held(mutex_);
        if (!holder_) {
            holder_ = &waiter.thread;
            host::set_running(holder_);
            return;
        }
        enqueue(waiter);
    }
    wait(waiter);
}

void GuestLock::release() {
    std::unique_lock held(mutex_);
    hand_on(held);
}

void GuestLock::yield() {
    Waiter waiter{host::this_thread()};
    {
        std::unique_lock held(mutex_);
        if (!first_) return host::withdraw(waiter.thread, host::turn_over);
        enqueue(waiter);
        hand_on(held);
    }
    wait(waiter);
}

void GuestLock::reset_after_fork() {
    new (&mutex_) std::mutex;   // perhaps another thread of the parent had it
    holder_ = &host::this_thread();
    first_ = last_ = nullptr;
    enqueued_ = handed_on_ = 0;
    host::set_running(holder_);
}

void GuestLock::enqueue(Waiter& waiter) {
    (first_ ? last_->next : first_) = &waiter;
    last_ = &waiter;
    waiter.number = enqueued_++;
}

/// Makes the first in the queue the holder. The waiter may be gone as soon as it knows, so only its address is used.
void GuestLock::hand_on(std::unique_lock<std::mutex>& held) {
    // Asked for or not, it is over. The next holder may be asked before it wakes up.
    host::withdraw(*holder_, host::turn_over);
    Waiter* next = first_;
    holder_ = next ? &next->thread : nullptr;
    host::set_running(holder_);
    if (!next) return;
    first_ = next->next;
    ++handed_on_;
    next->has_turn = 1;
    held.unlock();
    futex_wake(&next->has_turn);
}

void GuestLock::wait(Waiter& waiter) {
    bool asked = false;
    while (!waiter.has_turn) {
        // Each of those before it may use a slice up; only the first in the queue asks.
        timespec limit = slices(waiter.number - std::min(handed_on_.load(), waiter.number) + 1);
        futex_wait(waiter.has_turn, 0, asked ? nullptr : &limit);
        if (!waiter.has_turn && !asked) asked = ask_holder(waiter);
    }
}

bool GuestLock::ask_holder(const Waiter& waiter) {
    std::unique_lock held(mutex_);
    if (first_ != &waiter || !holder_) return false;
    host::request(*holder_, host::turn_over);
    return true;
}

}  // namespace postern::kernel
