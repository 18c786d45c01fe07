// All rows in one index, and each ABI's numbers resolved to them.
#include "kernel/syscall.hpp"

#include <algorithm>
#include <string>
#include <unordered_map>

namespace postern::kernel {

namespace {

using Topic = std::span<const SyscallRow> (*)();

constexpr Topic topics[] = {
    attribute_rows, control_rows, directory_rows, event_rows, file_rows, futex_rows, hardware_rows, identity_rows, ioctl_rows,
    lock_rows, memory_rows, network_rows, pidfd_rows, poll_rows, process_rows, queue_rows, refused_rows, scheduling_rows,
    signal_rows, stat_rows, system_rows, system_v_rows, thread_rows, time_rows, transfer_rows,
};

/// Numbers this close together share one dense array; ARM's private calls lie far away.
constexpr u32 dense_limit = 4096;

const std::unordered_map<std::string_view, const SyscallRow*>& row_index() {
    static const auto index = [] {
        std::unordered_map<std::string_view, const SyscallRow*> rows;
        for (Topic topic : topics)
            for (const SyscallRow& row : topic()) rows.emplace(row.name, &row);
        return rows;
    }();
    return index;
}

/// Stands in for a handler that no topic has: a defect of ours, which a unit test finds first.
constexpr SyscallRow unknown_row{"unknown", nullptr, Support::refused, "", "Postern has no row for this call."};

}  // namespace

std::span<const SyscallRow* const> all_rows() {
    static const auto sorted = [] {
        std::vector<const SyscallRow*> rows;
        for (Topic topic : topics)
            for (const SyscallRow& row : topic()) rows.push_back(&row);
        std::ranges::sort(rows, {}, &SyscallRow::name);
        return rows;
    }();
    return sorted;
}

const SyscallRow* find_row(std::string_view handler) {
    auto found = row_index().find(handler);
    return found == row_index().end() ? nullptr : found->second;
}

SyscallTable::SyscallTable(const Abi& abi) {
    if (abi.syscall_numbers.empty()) return;
    base_ = abi.syscall_numbers.front().number;
    for (const SyscallNumber& number : abi.syscall_numbers) {
        const SyscallRow* row = find_row(number.handler);
        SyscallEntry entry{&number, row ? row : &unknown_row};
        u64 index = number.number - base_;
        if (index >= dense_limit) {
            far_.push_back(entry);
            continue;
        }
        entries_.resize(index + 1);
        entries_[index] = entry;
    }
}

const SyscallEntry* SyscallTable::find_far(u64 number) const {
    auto found = std::ranges::lower_bound(far_, number, {}, [](const SyscallEntry& entry) { return entry.number->number; });
    return found == far_.end() || found->number->number != number ? nullptr : &*found;
}

}  // namespace postern::kernel
