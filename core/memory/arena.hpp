// One reserved range of host memory that holds every byte of a guest.
#pragma once

#include "base/result.hpp"
#include "base/types.hpp"

#include <cstddef>
#include <optional>
#include <unordered_map>
#include <vector>

namespace postern::memory {

/// Guest addresses are grouped in slots of 256 MiB, and a slot in use owns an equally large
/// piece of the arena: inside a slot, guest-contiguous is host-contiguous, so that guest
/// mappings are host mappings at a computable place. A 32-bit guest's arena is 4 GiB and
/// its slots are the identity (engines truncate physical addresses of 32-bit targets); a
/// 64-bit guest's is 1 TiB and its slots are handed out on first use. Piece 0 is nobody's: what
/// a machine itself keeps at physical address 0 cannot be a guest's.
class Arena {
public:
    static constexpr u64 slot_size = u64{1} << 28;

    static Result<Arena> reserve(bool identity);
    Arena(Arena&& other) noexcept;
    ~Arena();

    std::byte* base() const { return base_; }
    u64 size() const { return size_; }

    /// Arena offset of a guest address, whose slot gets its piece now if it has none.
    /// Nothing: the arena is full.
    std::optional<u64> claim(GuestAddr address);
    /// Arena offset of an address whose slot was claimed before.
    u64 offset_of(GuestAddr address) const;
    /// The same, or nothing.
    std::optional<u64> find(GuestAddr address) const {
        if (slot_of(address) != last_slot_ && !find_slot(address)) return std::nullopt;
        return last_offset_ + (address.value & (slot_size - 1));
    }
    /// Guest address of the slot that owns this arena offset, plus the offset within it.
    GuestAddr address_of(u64 offset) const;
    /// Gives a slot's piece back; the caller has unmapped everything in it.
    void release(GuestAddr address);

    /// Bytes from `address` to the end of its slot.
    static u64 bytes_to_slot_end(GuestAddr address) { return slot_size - (address.value & (slot_size - 1)); }

private:
    Arena(std::byte* base, u64 size, bool identity);
    static u64 slot_of(GuestAddr address) { return address.value / slot_size; }
    /// Makes the slot the last one; false: it has no piece.
    bool find_slot(GuestAddr address) const;

    std::byte* base_ = nullptr;
    u64 size_ = 0;
    bool identity_ = false;
    std::unordered_map<u64, u32> pieces_;   // slot number -> piece number
    std::vector<u64> owners_;               // piece number -> slot number
    std::vector<u32> free_pieces_;
    mutable u64 last_slot_ = ~u64{0};
    mutable u64 last_offset_ = 0;
};

}  // namespace postern::memory
