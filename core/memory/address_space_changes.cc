// What has changed since a moment, byte by byte: pages are kept as they were before they are first written.
#include "memory/address_space.hpp"

#include <algorithm>

namespace postern::memory {

void AddressSpace::begin_change_record() {
    record_.emplace();
    clear_dirty();   // engines ask again before they write
}

/// Called for every page before it is written. What is shared is the others' as well already, and special pages
/// are the kernel's.
void AddressSpace::record_page(GuestAddr page) {
    const Mapping* mapping = find(page);
    if (!mapping || mapping->shared || mapping->special || record_->contains(page.value)) return;
    std::vector<std::byte> bytes(page_size());
    if (peek(page, bytes)) record_->emplace(page.value, std::move(bytes));
}

void AddressSpace::for_each_change(
    const std::function<void(GuestAddr start, std::span<const std::byte> bytes)>& visit) const {
    if (!record_) return;
    std::vector<std::byte> now(page_size());
    for (const auto& [page, before] : *record_) {
        if (!peek({page}, now)) continue;
        for (auto at = now.begin();;) {
            auto [changed, was] = std::mismatch(at, now.end(), before.begin() + (at - now.begin()));
            if (changed == now.end()) break;
            at = std::mismatch(changed, now.end(), was, std::not_equal_to<>{}).first;
            visit({page + static_cast<u64>(changed - now.begin())}, std::span(changed, at));
        }
    }
}

}  // namespace postern::memory
