// Bytes: what the guest may read and write, the page table for engines, dirty pages.
#include "memory/address_space.hpp"

#include <algorithm>
#include <cstring>
#include <sys/uio.h>
#include <unistd.h>

namespace postern::memory {

namespace {

/// As the hardware of these ABIs has it: whoever may write or execute a page may read it.
bool allows(Permissions permissions, Access access) {
    switch (access) {
        case Access::read: return permissions.read || permissions.write || permissions.execute;
        case Access::write: return permissions.write;
        case Access::execute: return permissions.execute;
    }
    return false;
}

}  // namespace

std::expected<PageGrant, FaultKind> AddressSpace::translate(GuestAddr address, Access access) {
    address.value &= abi_.address_mask();
    const Mapping* mapping = find_or_extend(address);
    if (!mapping) return std::unexpected(FaultKind::unmapped);
    // What is served lies above every user address, where Linux tells nothing about mappings.
    if (mapping->served && (access != Access::read || !mapping->permissions.read))
        return std::unexpected(FaultKind::unmapped);
    if (!allows(mapping->permissions, access)) return std::unexpected(FaultKind::protection);
    if (address >= mapping->bus_start && !page_is_backed(address)) return std::unexpected(FaultKind::beyond_file);

    PageGrant grant{.arena_offset = arena_.offset_of(address), .permissions = read_only};
    if (access == Access::write) {
        grant.permissions.write = true;
        mark_dirty(address, 1);
    } else if (access == Access::execute) {
        grant.permissions.execute = true;
        const_cast<Mapping*>(mapping)->executed = true;
    }
    return grant;
}

/// Whether the host has a page behind an address beyond the file's end as it was when it
/// was mapped: files grow. The kernel copies on our behalf, so nothing of ours can fault.
bool AddressSpace::page_is_backed(GuestAddr address) const {
    std::byte byte;
    iovec local{&byte, 1};
    iovec remote{arena_.base() + arena_.offset_of(address), 1};
    return ::process_vm_readv(::getpid(), &local, 1, &remote, 1, 0) == 1;
}

std::span<std::byte> AddressSpace::run_at(const Mapping& mapping, GuestAddr address, u64 size) const {
    u64 bytes = std::min({size, mapping.end - address, Arena::bytes_to_slot_end(address)});
    return {arena_.base() + arena_.offset_of(address), bytes};
}

std::span<std::byte> AddressSpace::host_span(GuestAddr address, u64 size, Access access) {
    if (size == 0) return {};
    address.value &= abi_.address_mask();
    const Mapping* mapping = find_or_extend(address);
    if (!mapping || mapping->served || !allows(mapping->permissions, access)) return {};
    if (mapping->bus_start < mapping->end) {
        if (address < mapping->bus_start) size = std::min(size, mapping->bus_start - address);
        else if (page_is_backed(address)) size = std::min(size, address.align_down(page_size()) + page_size() - address);
        else return {};
    }
    auto run = run_at(*mapping, address, size);
    if (access == Access::write) {
        if (mapping->executed && listener_) listener_->invalidate_code(address, run.size());
        mark_dirty(address, run.size());
    }
    return run;
}

bool AddressSpace::read(GuestAddr address, std::span<std::byte> out) {
    while (!out.empty()) {
        auto run = host_span(address, out.size(), Access::read);
        if (run.empty()) return false;
        std::memcpy(out.data(), run.data(), run.size());
        out = out.subspan(run.size());
        address += run.size();
    }
    return true;
}

bool AddressSpace::write(GuestAddr address, std::span<const std::byte> in) {
    while (!in.empty()) {
        auto run = host_span(address, in.size(), Access::write);
        if (run.empty()) return false;
        std::memcpy(run.data(), in.data(), run.size());
        in = in.subspan(run.size());
        address += run.size();
    }
    return true;
}

std::optional<u64> AddressSpace::read_word(GuestAddr address) {
    std::byte bytes[8];
    std::span out{bytes, abi_.word_size};
    if (!read(address, out)) return std::nullopt;
    return load_unsigned(bytes, abi_.word_size, abi_.byte_order);
}

bool AddressSpace::write_word(GuestAddr address, u64 value) {
    std::byte bytes[8];
    store_unsigned(bytes, value, abi_.word_size, abi_.byte_order);
    return write(address, std::span<const std::byte>{bytes, abi_.word_size});
}

std::optional<std::string> AddressSpace::read_string(GuestAddr address, u64 limit) {
    std::string text;
    while (text.size() < limit) {
        auto run = host_span(address, limit - text.size(), Access::read);
        if (run.empty()) return std::nullopt;
        auto begin = reinterpret_cast<const char*>(run.data());
        auto nul = static_cast<const char*>(std::memchr(begin, 0, run.size()));
        text.append(begin, nul ? static_cast<std::size_t>(nul - begin) : run.size());
        if (nul) break;
        address += run.size();
    }
    return text;
}

bool AddressSpace::peek(GuestAddr address, std::span<std::byte> out) const {
    address.value &= abi_.address_mask();
    while (!out.empty()) {
        const Mapping* mapping = find(address);
        if (!mapping || (address >= mapping->bus_start && !page_is_backed(address))) return false;
        GuestAddr end = address < mapping->bus_start ? mapping->bus_start
                                                     : address.align_down(page_size()) + page_size();
        auto run = run_at(*mapping, address, std::min<u64>(out.size(), end - address));
        std::memcpy(out.data(), run.data(), run.size());
        out = out.subspan(run.size());
        address += run.size();
    }
    return true;
}

bool AddressSpace::poke(GuestAddr address, std::span<const std::byte> in) {
    address.value &= abi_.address_mask();
    while (!in.empty()) {
        const Mapping* mapping = find(address);
        // The arena behind a shared mapping without write permission is not writable for us either.
        if (!mapping || address >= mapping->bus_start || (mapping->shared && !mapping->permissions.write)) return false;
        auto run = run_at(*mapping, address, std::min<u64>(in.size(), mapping->bus_start - address));
        if (mapping->executed && listener_) listener_->invalidate_code(address, run.size());
        mark_dirty(address, run.size());
        std::memcpy(run.data(), in.data(), run.size());
        in = in.subspan(run.size());
        address += run.size();
    }
    return true;
}

std::span<std::byte> AddressSpace::special_span(GuestAddr address, u64 size) {
    const Mapping* mapping = find(address);
    if (!mapping || !mapping->special) return {};
    auto run = run_at(*mapping, address, size);
    return run.size() == size ? run : std::span<std::byte>{};
}

void AddressSpace::mark_dirty(GuestAddr address, u64 size) {
    u64 pages_per_slot = Arena::slot_size / page_size();
    GuestAddr end = address + size;
    for (GuestAddr page = address.align_down(page_size()); page < end; page += page_size()) {
        auto& pages = dirty_[page.value / Arena::slot_size];
        if (pages.empty()) pages.resize(pages_per_slot);
        pages[page.value % Arena::slot_size / page_size()] = true;
        if (record_) [[unlikely]] record_page(page);
    }
}

void AddressSpace::for_each_dirty(const std::function<void(GuestAddr page)>& visit) const {
    std::vector<u64> slots;
    for (const auto& [slot, pages] : dirty_) slots.push_back(slot);
    std::ranges::sort(slots);
    for (u64 slot : slots) {
        const auto& pages = dirty_.at(slot);
        for (u64 page = 0; page < pages.size(); ++page) {
            GuestAddr address{slot * Arena::slot_size + page * page_size()};
            if (pages[page] && find(address)) visit(address);
        }
    }
}

void AddressSpace::clear_dirty() {
    dirty_.clear();
    // Cached write grants would hide the next first write.
    if (listener_) listener_->flush_translations();
}

}  // namespace postern::memory
