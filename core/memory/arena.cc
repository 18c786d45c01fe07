#include "memory/arena.hpp"

#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <sys/mman.h>
#include <utility>

namespace postern::memory {

namespace {

constexpr u64 identity_size = u64{1} << 32;
constexpr u64 slotted_size = u64{1} << 40;
constexpr u64 no_slot = ~u64{0};

/// Reserved address space, or MAP_FAILED. `wanted`: an address; nothing must be there yet.
void* reserve_at(u64 wanted, u64 size) {
    int at = wanted ? MAP_FIXED_NOREPLACE : 0;
    return ::mmap(reinterpret_cast<void*>(wanted), size, PROT_NONE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | at, -1, 0);
}

/// Engines reach a flat guest's memory best when it lies at a power of two. These are free as a
/// rule, below what the host's kernel hands out from the top, above the sanitizers' tables.
void* reserve_at_power_of_two(u64 size) {
    for (unsigned bit : {45, 46}) {
        void* base = reserve_at(u64{1} << bit, size);
        if (base == reinterpret_cast<void*>(u64{1} << bit)) return base;
        if (base != MAP_FAILED) ::munmap(base, size);   // a kernel that takes the flag for a hint
    }
    return MAP_FAILED;
}

}  // namespace

Result<Arena> Arena::reserve(bool identity) {
    u64 size = identity ? identity_size : slotted_size;
    void* base = identity ? reserve_at_power_of_two(size) : MAP_FAILED;
    if (base == MAP_FAILED) base = reserve_at(0, size);
    if (base == MAP_FAILED) {
        return fail(ErrorKind::internal, fmt::format("cannot reserve {} GiB of address space for the guest: {}",
                                                     size >> 30, std::strerror(errno)), ENOMEM);
    }
    // Guests' core dumps are not ours to write, and a terabyte of reservation is none at all.
    ::madvise(base, size, MADV_DONTDUMP);
    return Arena(static_cast<std::byte*>(base), size, identity);
}

Arena::Arena(std::byte* base, u64 size, bool identity) : base_(base), size_(size), identity_(identity) {
    owners_.push_back(no_slot);
}

Arena::Arena(Arena&& other) noexcept
    : base_(std::exchange(other.base_, nullptr)), size_(other.size_), identity_(other.identity_),
      pieces_(std::move(other.pieces_)), owners_(std::move(other.owners_)),
      free_pieces_(std::move(other.free_pieces_)) {}

Arena::~Arena() {
    if (base_) ::munmap(base_, size_);
}

std::optional<u64> Arena::claim(GuestAddr address) {
    if (auto offset = find(address)) return offset;
    if (identity_) return std::nullopt;
    u32 piece;
    if (!free_pieces_.empty()) {
        piece = free_pieces_.back();
        free_pieces_.pop_back();
        owners_[piece] = slot_of(address);
    } else if (owners_.size() < size_ / slot_size) {
        piece = static_cast<u32>(owners_.size());
        owners_.push_back(slot_of(address));
    } else {
        return std::nullopt;
    }
    pieces_.emplace(slot_of(address), piece);
    return find(address);
}

bool Arena::find_slot(GuestAddr address) const {
    u64 slot = slot_of(address), offset = slot * slot_size;
    if (identity_) {
        if (address.value >= size_) return false;
    } else {
        auto found = pieces_.find(slot);
        if (found == pieces_.end()) return false;
        offset = found->second * slot_size;
    }
    last_slot_ = slot;
    last_offset_ = offset;
    return true;
}

u64 Arena::offset_of(GuestAddr address) const {
    auto offset = find(address);
    POSTERN_ASSERT(offset.has_value());
    return *offset;
}

GuestAddr Arena::address_of(u64 offset) const {
    if (identity_) return {offset};
    POSTERN_ASSERT(offset / slot_size < owners_.size());
    return {owners_[offset / slot_size] * slot_size + (offset & (slot_size - 1))};
}

void Arena::release(GuestAddr address) {
    if (identity_) return;
    auto found = pieces_.find(slot_of(address));
    if (found == pieces_.end()) return;
    free_pieces_.push_back(found->second);
    pieces_.erase(found);
    last_slot_ = no_slot;
}

}  // namespace postern::memory
