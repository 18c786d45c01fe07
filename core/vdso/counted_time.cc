#include "vdso/counted_time.hpp"

#include "base/text.hpp"
#include "vdso/time_mapping.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <new>
#include <sys/mman.h>
#include <unistd.h>

namespace postern::vdso {

struct CountedTime::Slot {
    std::atomic<i32> process_id = 0;   // 0: free
    std::atomic<i64> passed = 0;       // of that process
};

static_assert(std::atomic<i64>::is_always_lock_free && std::atomic<i32>::is_always_lock_free, "shared by processes");

Result<std::unique_ptr<CountedTime>> CountedTime::make(std::size_t places) {
    void* memory = mmap(nullptr, places * sizeof(Slot), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return fail(ErrorKind::internal, format_text("memory for counted time: {}", std::strerror(errno)));
    return std::unique_ptr<CountedTime>(new CountedTime({new (memory) Slot[places], places}));
}

CountedTime::~CountedTime() { munmap(slots_.data(), slots_.size_bytes()); }

i64 CountedTime::advance(i64 nanoseconds) noexcept {
    i64 before = passed();
    i64 after = add_saturated(before, nanoseconds);
    passed_.store(after, std::memory_order_relaxed);
    if (slot_) slot_->passed.store(after, std::memory_order_relaxed);
    return before;
}

/// A free slot, or one of a process that is gone and that nobody waited for.
void CountedTime::claim_slot() noexcept {
    slot_ = nullptr;
    i32 self = getpid();
    for (bool gone_too : {false, true}) {
        for (Slot& slot : slots_) {
            i32 owner = slot.process_id.load(std::memory_order_relaxed);
            bool is_free = owner == 0 || (gone_too && kill(owner, 0) != 0 && errno == ESRCH);
            if (!is_free || !slot.process_id.compare_exchange_strong(owner, self)) continue;
            slot.passed.store(passed(), std::memory_order_relaxed);
            slot_ = &slot;
            return;
        }
    }
}

void CountedTime::forked() noexcept { claim_slot(); }

void CountedTime::child_ended(i32 process_id) noexcept {
    for (Slot& slot : slots_) {
        if (slot.process_id.load(std::memory_order_relaxed) != process_id) continue;
        i64 childs = slot.passed.load(std::memory_order_relaxed);
        slot.process_id.store(0, std::memory_order_relaxed);
        if (childs > passed()) advance(childs - passed());
        return;
    }
}

}  // namespace postern::vdso
