// Futex words of the guest, as the host sees them.
#pragma once

#include "kernel/process.hpp"

#include <atomic>
#include <expected>

namespace postern::kernel {

/// Guest memory is host memory, so the host's own futexes work on it, between guest processes that share a mapping
/// too. The word is in the guest's byte order. Error: the -errno that Linux gives.
std::expected<u32*, int> futex_word(Task& task, GuestAddr address, Access access = Access::read);
/// Wakes up to `count` waiters of a word, of this process and of others.
void wake_futex(Task& task, GuestAddr address, int count);

/// An atomic change of a word by `change`, which makes a new value of an old one, both in host order; the value before.
/// Error: -EFAULT, -EINVAL.
template <typename Change> std::expected<u32, int> change_futex(Task& task, GuestAddr address, Change change) {
    auto word = futex_word(task, address, Access::write);
    if (!word) return std::unexpected(word.error());
    std::atomic_ref<u32> shared(**word);
    u32 raw = shared.load();
    u32 value;
    do value = convert(raw, task.abi().byte_order);
    while (!shared.compare_exchange_weak(raw, convert(static_cast<u32>(change(value)), task.abi().byte_order)));
    return value;
}

}  // namespace postern::kernel
