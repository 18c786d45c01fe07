// Looking mappings up, and finding room.
#include "memory/address_space.hpp"

namespace postern::memory {

AddressSpace::Table::iterator AddressSpace::find_iterator(GuestAddr address) {
    auto after = table_.upper_bound(address.value);
    if (after == table_.begin()) return table_.end();
    auto candidate = std::prev(after);
    return address - candidate->second.start < candidate->second.size() ? candidate : table_.end();
}

const Mapping* AddressSpace::look_up(GuestAddr address) const {
    auto found = const_cast<AddressSpace*>(this)->find_iterator(address);
    if (found == table_.end()) return nullptr;
    return last_found_ = &found->second;
}

void AddressSpace::for_each(const std::function<void(const Mapping&)>& visit) const {
    for (const auto& [start, mapping] : table_) visit(mapping);
}

bool AddressSpace::valid_range(GuestAddr start, u64 size) const {
    return size <= abi_.layout.task_size && start.value <= abi_.layout.task_size - size;
}

bool AddressSpace::range_is_free(GuestAddr start, u64 size) const {
    auto next = table_.lower_bound(start.value);
    if (next != table_.end() && next->second.start - start < size) return false;
    return find(start) == nullptr;
}

bool AddressSpace::range_is_mapped(GuestAddr start, u64 size) const {
    GuestAddr at = start;
    while (at - start < size) {
        const Mapping* mapping = find(at);
        if (!mapping) return false;
        at = mapping->end;
    }
    return true;
}

std::optional<GuestAddr> AddressSpace::find_free(u64 size, u64 alignment) const {
    u64 step = std::max(alignment, page_size());
    size = postern::align_up(size, page_size());
    if (size == 0 || size > map_base_.value) return std::nullopt;
    GuestAddr candidate = (map_base_ - size).align_down(step);
    while (candidate.value >= abi_.layout.lowest_map) {
        auto above = table_.lower_bound((candidate + size).value);
        if (above == table_.begin()) return candidate;
        const Mapping& below = std::prev(above)->second;
        if (below.end <= candidate) return candidate;
        // A stack keeps room below it for its growth; map_base_ cares for the main one.
        if (below.start.value < size) break;
        candidate = (below.start - size).align_down(step);
    }
    return std::nullopt;
}

}  // namespace postern::memory
