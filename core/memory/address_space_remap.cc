// mremap: shrinking, growing in place, moving.
#include "memory/address_space.hpp"

#include <cerrno>
#include <sys/mman.h>

namespace postern::memory {

namespace {

constexpr int remap_may_move = 1;
constexpr int remap_fixed = 2;
constexpr int remap_dont_unmap = 4;

}  // namespace

std::expected<GuestAddr, int> AddressSpace::remap(GuestAddr old_start, u64 old_size, u64 new_size, int flags,
                                                  GuestAddr new_start) {
    bool fixed = flags & remap_fixed;
    bool keep_old = flags & remap_dont_unmap;
    if (flags & ~(remap_may_move | remap_fixed | remap_dont_unmap)) return std::unexpected(-EINVAL);
    if ((fixed || keep_old) && !(flags & remap_may_move)) return std::unexpected(-EINVAL);
    if (!old_start.is_aligned(page_size()) || new_size == 0 || old_size == 0) return std::unexpected(-EINVAL);
    if (old_size > abi_.layout.task_size || new_size > abi_.layout.task_size) return std::unexpected(-EINVAL);
    old_size = postern::align_up(old_size, page_size());
    new_size = postern::align_up(new_size, page_size());
    if (keep_old && old_size != new_size) return std::unexpected(-EINVAL);

    const Mapping* mapping = find(old_start);
    if (!mapping) return std::unexpected(-EFAULT);
    if (mapping->special) {
        // VM_DONTEXPAND, and the kernel lets nobody take a part.
        if (keep_old || cuts_special(old_start, old_size) || new_size < old_size) return std::unexpected(-EINVAL);
        if (new_size > old_size) return std::unexpected(-EFAULT);
    }
    if (fixed) {
        if (!new_start.is_aligned(page_size()) || !valid_range(new_start, new_size)) return std::unexpected(-EINVAL);
        if (new_start - old_start < old_size || old_start - new_start < new_size) return std::unexpected(-EINVAL);
    }
    if (new_size < old_size) {
        if (int error = unmap(old_start + new_size, old_size - new_size); error != 0) return std::unexpected(error);
        old_size = new_size;
        if (!fixed) return old_start;
    }
    if (mapping = find(old_start); !mapping || mapping->end - old_start < old_size) return std::unexpected(-EFAULT);
    if (fixed || keep_old) {
        return move_mapping(old_start, old_size, new_size, keep_old,
                            fixed ? std::optional(new_start) : std::nullopt);
    }
    if (new_size == old_size) return old_start;

    u64 added = new_size - old_size;
    GuestAddr old_end = old_start + old_size;
    if (mapping->end == old_end && valid_range(old_end, added) && range_is_free(old_end, added)) {
        if (grow_in_place(find_iterator(old_start)->second, old_size, new_size) == 0) return old_start;
    }
    if (!(flags & remap_may_move)) return std::unexpected(-ENOMEM);
    return move_mapping(old_start, old_size, new_size, false, std::nullopt);
}

int AddressSpace::grow_in_place(Mapping& mapping, u64 old_size, u64 new_size) {
    Mapping added = mapping;
    added.start = mapping.end;
    added.end = mapping.end + (new_size - old_size);
    added.bus_start = added.end;
    bool anonymous = !mapping.has_object() && !mapping.shared;
    if (!anonymous) return -ENOMEM;   // pages of a file or a shared object only grow with the move
    if (int error = back(added, -1); error != 0) return error;
    mapping.end = added.end;
    mapping.bus_start = added.end;
    merge_around(mapping.start, mapping.end);
    return 0;
}

/// Moves host pages to where `moved` lies in the arena and lets them grow to its size.
int AddressSpace::move_pages(GuestAddr from, u64 from_size, GuestAddr to, const Mapping& moved) {
    bool anonymous = !moved.has_object() && !moved.shared;
    u64 done = 0;
    while (done < from_size) {
        u64 piece = std::min({from_size - done, Arena::bytes_to_slot_end(from + done),
                              Arena::bytes_to_slot_end(to + done)});
        auto target = arena_.claim(to + done);
        if (!target) return -ENOMEM;
        u64 target_size = piece;
        bool last = done + piece == from_size;
        if (last && !anonymous) {
            target_size += moved.size() - from_size;
            if (target_size > Arena::bytes_to_slot_end(to + done)) return -ENOMEM;
        }
        std::byte* source = arena_.base() + arena_.offset_of(from + done);
        if (::mremap(source, piece, target_size, MREMAP_MAYMOVE | MREMAP_FIXED, arena_.base() + *target) ==
            MAP_FAILED) {
            return -errno;
        }
        done += piece;
    }
    if (anonymous && moved.size() > from_size) {
        Mapping tail = moved;
        tail.start = to + from_size;
        return back(tail, -1);
    }
    return 0;
}

std::expected<GuestAddr, int> AddressSpace::move_mapping(GuestAddr old_start, u64 old_size, u64 new_size,
                                                         bool keep_old, std::optional<GuestAddr> new_start) {
    bool special = find(old_start)->special;
    if (!new_start) {
        new_start = find_free(new_size);
        if (!new_start) return std::unexpected(-ENOMEM);
    } else if (!range_is_free(*new_start, new_size)) {
        if (int error = unmap(*new_start, new_size); error != 0) return std::unexpected(error);
    }
    announce(old_start, old_size);
    SpecialChange change{.start = old_start, .size = old_size, .moved_to = new_start};
    if (special) tell_special(Moment::before, change);
    split_at(old_start);
    split_at(old_start + old_size);
    Mapping old = *find(old_start);
    Mapping moved = old;
    moved.start = *new_start;
    moved.end = *new_start + new_size;
    // The tail of a file mapping may lie beyond the file's end; the first access finds out.
    moved.bus_start = !moved.has_object() ? moved.end : moved.start + (old.bus_start - old.start);
    moved.executed = false;
    moved.special = special;
    int error = move_pages(old_start, old_size, *new_start, moved);
    if (error == 0) {
        erase_range(old_start, old_size);
        insert(moved);
        drop_pages(old_start, old_size);
        if (keep_old) {
            old.executed = false;
            error = back(old, -1);
            if (error == 0) insert(old);
        }
    }
    if (error != 0) change.moved_to.reset();
    if (special) tell_special(Moment::after, change);
    if (error != 0) return std::unexpected(error);
    return *new_start;
}

}  // namespace postern::memory
