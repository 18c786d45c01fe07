// Stacks, which a fault beside them extends.
#include "memory/address_space.hpp"

#include <utility>

namespace postern::memory {

namespace {

constexpr u64 guard_gap = 256 * 4096;   // kernel: stack_guard_gap

}  // namespace

bool AddressSpace::extend_stack_up(GuestAddr address) {
    auto above = table_.upper_bound(address.value);
    if (above == table_.begin()) return false;
    auto below = std::prev(above);
    Mapping& stack = below->second;
    GuestAddr end = address.align_down(page_size()) + page_size();
    if (!stack.grows_up || end <= stack.end || end - stack.start > stack_limit_) return false;
    if (end.value > abi_.layout.task_size) return false;
    if (above != table_.end()) {
        const Mapping& next = above->second;
        if (end > next.start) return false;
        if (end + guard_gap > next.start && (next.permissions.read || next.permissions.write)) return false;
    }
    Mapping added = stack;
    added.start = stack.end;
    added.end = end;
    added.bus_start = end;
    if (back(added, -1) != 0) return false;
    last_found_ = nullptr;
    stack.end = end;
    stack.bus_start = end;
    return true;
}

bool AddressSpace::extend_stack(GuestAddr address) {
    if (extend_stack_up(address)) return true;
    auto above = table_.upper_bound(address.value);
    if (above == table_.end() || !above->second.grows_down) return false;
    Mapping stack = above->second;
    GuestAddr start = address.align_down(page_size());
    if (stack.end - start > stack_limit_ || start.value < guard_gap) return false;
    if (above != table_.begin()) {
        const Mapping& below = std::prev(above)->second;
        if (start - guard_gap < below.end && (below.permissions.read || below.permissions.write)) return false;
        if (start < below.end) return false;
    }
    Mapping added = stack;
    added.start = start;
    added.end = stack.start;
    added.bus_start = added.end;
    if (back(added, -1) != 0) return false;
    table_.erase(above);
    last_found_ = nullptr;
    stack.start = start;
    table_.emplace(start.value, std::move(stack));
    return true;
}

const Mapping* AddressSpace::find_or_extend(GuestAddr address) {
    if (const Mapping* mapping = find(address)) return mapping;
    return extend_stack(address) ? find(address) : nullptr;
}

}  // namespace postern::memory
