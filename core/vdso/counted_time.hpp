// Guest time that passes when it is told to: one count per process.
#pragma once

#include "base/result.hpp"
#include "base/types.hpp"

#include <atomic>
#include <memory>
#include <span>

namespace postern::vdso {

/// Nanoseconds that have passed for a guest process since its first one started. A child begins
/// with its parent's count and goes on by itself; a parent that has waited for a child's end
/// goes on from no less than the child's last. So what each process sees depends on what it does
/// and for whom it waits, and not on which of them the host lets run first.
class CountedTime {
public:
    /// `places`: children that may wait to be waited for; what the ones beyond see is lost to their
    /// parents. Error: the host refuses the memory that processes share.
    static Result<std::unique_ptr<CountedTime>> make(std::size_t places = 4096);
    ~CountedTime();
    CountedTime(const CountedTime&) = delete;
    CountedTime& operator=(const CountedTime&) = delete;

    i64 passed() const noexcept { return passed_.load(std::memory_order_relaxed); }
    /// Lets time pass (saturated), and returns how much had before. From the guest's thread only.
    i64 advance(i64 nanoseconds) noexcept;

    /// In a child, right after fork.
    void forked() noexcept;
    /// In a parent: the child of this process id has ended, and was waited for.
    void child_ended(i32 process_id) noexcept;

private:
    struct Slot;

    explicit CountedTime(std::span<Slot> slots) : slots_(slots) {}
    void claim_slot() noexcept;

    std::atomic<i64> passed_ = 0;
    std::span<Slot> slots_;  // in memory that all processes of the guest share; each writes its own and no other
    Slot* slot_ = nullptr;   // where the parent looks; null: all are taken, and it finds nothing
};

}  // namespace postern::vdso
