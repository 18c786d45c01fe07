// Mappings: map, unmap, protect, remap. Access to bytes is in address_space_access.cc.
#include "memory/address_space.hpp"

#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <limits>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace postern::memory {

namespace {

/// Host protection of the arena behind a mapping. What the guest may do is decided by the
/// page table; the host only has to allow what we grant, and a shared file opened for
/// reading cannot be writable.
int host_protection(const Mapping& mapping) {
    if (mapping.shared && !mapping.permissions.write) return PROT_READ;
    return PROT_READ | PROT_WRITE;
}

bool same_kind(const Mapping& low, const Mapping& high) {
    return low.end == high.start && low.permissions == high.permissions && low.shared == high.shared &&
           !low.grows_down && !high.grows_down && !low.grows_up && !high.grows_up && !low.special && !high.special &&
           low.wipe_on_fork == high.wipe_on_fork && low.droppable == high.droppable && low.name == high.name &&
           low.device == high.device && low.inode == high.inode && low.segment == high.segment &&
           low.bus_start == low.end && (!low.has_object() || low.file_offset + low.size() == high.file_offset);
}

}  // namespace

Result<std::unique_ptr<AddressSpace>> AddressSpace::create(const Abi& abi) {
    POSTERN_TRY_ASSIGN(arena, Arena::reserve(!abi.is_64bit()));
    return std::unique_ptr<AddressSpace>(new AddressSpace(abi, std::move(arena)));
}

AddressSpace::AddressSpace(const Abi& abi, Arena arena)
    : abi_(abi), arena_(std::move(arena)), map_base_{abi.layout.stack_top} {}

AddressSpace::~AddressSpace() = default;

template <typename Visit>
bool AddressSpace::for_each_piece(GuestAddr start, u64 size, Visit visit) {
    while (size != 0) {
        u64 piece = std::min(size, Arena::bytes_to_slot_end(start));
        auto offset = arena_.claim(start);
        if (!offset || !visit(arena_.base() + *offset, start, piece)) return false;
        start += piece;
        size -= piece;
    }
    return true;
}

/// Whether a change of the range concerns somebody who holds host memory of ours.
bool AddressSpace::touches_special(GuestAddr start, u64 size) const {
    const Mapping* first = find(start);
    for (auto at = table_.lower_bound(first ? first->start.value : start.value);
         at != table_.end() && (at->second.start < start || at->second.start - start < size); ++at) {
        if (at->second.special) return true;
    }
    return false;
}

bool AddressSpace::cuts_special_at(GuestAddr address) const {
    const Mapping* mapping = find(address);
    return mapping && mapping->special && mapping->start != address;
}

/// Whether a border of the range lies inside a special mapping (kernel: special_mapping_split).
bool AddressSpace::cuts_special(GuestAddr start, u64 size) const {
    return cuts_special_at(start) || cuts_special_at(start + size);
}

void AddressSpace::announce(GuestAddr start, u64 size) {
    if (!listener_) return;
    for (auto at = table_.lower_bound(find(start) ? find(start)->start.value : start.value);
         at != table_.end() && (at->second.start < start || at->second.start - start < size); ++at) {
        if (!at->second.executed) continue;
        GuestAddr from = std::max(at->second.start, start);
        GuestAddr to = std::min(at->second.end, start + size);
        listener_->invalidate_code(from, to - from);
    }
    listener_->flush_translations();
}

void AddressSpace::split_at(GuestAddr address) {
    auto found = find_iterator(address);
    if (found == table_.end() || found->second.start == address) return;
    Mapping high = found->second;
    Mapping& low = found->second;
    if (high.has_object()) high.file_offset += address - high.start;
    high.start = address;
    high.bus_start = std::max(high.bus_start, address);
    low.end = address;
    low.bus_start = std::min(low.bus_start, address);
    high.grows_down = false;
    low.grows_up = false;
    last_found_ = nullptr;
    table_.emplace(address.value, std::move(high));
}

void AddressSpace::merge_around(GuestAddr start, GuestAddr end) {
    auto at = table_.lower_bound(start.value);
    if (at != table_.begin()) --at;
    while (at != table_.end()) {
        auto next = std::next(at);
        if (next == table_.end() || next->second.start > end) break;
        if (!same_kind(at->second, next->second)) {
            at = next;
            continue;
        }
        at->second.end = next->second.end;
        at->second.bus_start = next->second.bus_start;
        at->second.executed |= next->second.executed;
        table_.erase(next);
    }
    last_found_ = nullptr;
}

void AddressSpace::erase_range(GuestAddr start, u64 size) {
    split_at(start);
    split_at(start + size);
    auto first = table_.lower_bound(start.value);
    auto last = first;
    while (last != table_.end() && last->second.start - start < size) ++last;
    table_.erase(first, last);
    last_found_ = nullptr;
}

/// Puts the reservation back where pages were; their memory returns to the host. Slots that
/// never got a piece of the arena (it was full) have nothing to give back.
void AddressSpace::drop_pages(GuestAddr start, u64 size) {
    u64 piece = 0;
    for (GuestAddr at = start; at - start < size; at += piece) {
        piece = std::min(size - (at - start), Arena::bytes_to_slot_end(at));
        auto offset = arena_.find(at);
        if (!offset) continue;
        void* got = ::mmap(arena_.base() + *offset, piece, PROT_NONE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
        POSTERN_ASSERT(got != MAP_FAILED);
    }
    release_empty_slots(start, size);
}

void AddressSpace::release_empty_slots(GuestAddr start, u64 size) {
    GuestAddr slot = start.align_down(Arena::slot_size);
    for (; slot < start + size && slot.value != 0; slot += Arena::slot_size) {
        if (range_is_free(slot, Arena::slot_size)) {
            dirty_.erase(slot.value / Arena::slot_size);
            arena_.release(slot);
        }
    }
}

/// Puts a segment, or the part that the mapping shows, where the mapping is. The host attaches it in one piece
/// first: a guest's may lie in several pieces of the arena. 0 or a negative errno.
int AddressSpace::attach_segment(const Mapping& mapping) {
    void* whole = ::shmat(*mapping.segment, nullptr, mapping.permissions.write ? 0 : SHM_RDONLY);
    if (whole == reinterpret_cast<void*>(-1)) return -errno;
    std::byte* shown = static_cast<std::byte*>(whole) + mapping.file_offset;
    int error = 0;
    bool placed = for_each_piece(mapping.start, mapping.size(), [&](std::byte* host, GuestAddr at, u64 bytes) {
        void* got = ::mremap(shown + (at - mapping.start), bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, host);
        if (got == MAP_FAILED) error = -errno;
        return got != MAP_FAILED;
    });
    ::shmdt(whole);   // what has not moved; an error if everything has
    return placed ? 0 : error != 0 ? error : -ENOMEM;
}

/// Gives a mapping its host pages: 0 or a negative errno.
int AddressSpace::back(const Mapping& mapping, int host_fd) {
    if (mapping.segment) return attach_segment(mapping);
    int flags = (mapping.shared ? MAP_SHARED : MAP_PRIVATE) | MAP_NORESERVE | MAP_FIXED;
    if (host_fd < 0) flags |= MAP_ANONYMOUS;
    int error = ENOMEM;
    bool backed = for_each_piece(mapping.start, mapping.size(), [&](std::byte* host, GuestAddr at, u64 bytes) {
        u64 offset = host_fd < 0 ? 0 : mapping.file_offset + (at - mapping.start);
        void* got = ::mmap(host, bytes, host_protection(mapping), flags, host_fd, static_cast<off_t>(offset));
        bool mapped = got != MAP_FAILED;
        // A guest's fork is the host's, which wipes the pages for us.
        if (mapped && mapping.wipe_on_fork) mapped = ::madvise(host, bytes, MADV_WIPEONFORK) == 0;
        if (!mapped) error = errno;
        return mapped;
    });
    return backed ? 0 : -error;
}

std::expected<GuestAddr, int> AddressSpace::place(const MapRequest& request, u64 size) const {
    bool fixed = request.placement != MapRequest::Placement::anywhere;
    if (fixed) {
        if (!request.hint.is_aligned(page_size())) return std::unexpected(-EINVAL);
        if (request.special) return request.hint;
        if (!valid_range(request.hint, size)) return std::unexpected(-ENOMEM);
        if (request.hint.value < abi_.layout.lowest_map) return std::unexpected(-EPERM);
        if (request.placement == MapRequest::Placement::fixed_noreplace && !range_is_free(request.hint, size)) {
            return std::unexpected(-EEXIST);
        }
        return request.hint;
    }
    GuestAddr hint = request.hint.align_down(page_size());
    if (hint.value >= abi_.layout.lowest_map && valid_range(hint, size) && range_is_free(hint, size)) return hint;
    auto free = find_free(size);
    if (!free) return std::unexpected(-ENOMEM);
    return *free;
}

Mapping AddressSpace::describe(const MapRequest& request, GuestAddr start, u64 size) const {
    Mapping mapping{.start = start, .end = start + size, .permissions = request.permissions,
                    .shared = request.shared, .grows_down = request.grows_down, .grows_up = request.grows_up,
                    .wipe_on_fork = request.droppable, .droppable = request.droppable, .served = request.served,
                    .special = request.special, .data_only = request.special && !request.permissions.execute,
                    .name = request.name, .file_offset = request.file_offset, .segment = request.segment,
                    .bus_start = start + size};
    if (request.segment) {   // as Linux shows it
        mapping.device = makedev(0, 1);
        mapping.inode = static_cast<u64>(*request.segment);
    }
    if (request.host_fd >= 0) {
        struct stat status;
        if (::fstat(request.host_fd, &status) == 0) {
            mapping.device = status.st_dev;
            mapping.inode = status.st_ino;
            if (S_ISREG(status.st_mode)) {
                u64 file_size = postern::align_up(static_cast<u64>(status.st_size), page_size());
                u64 backed = file_size > request.file_offset ? file_size - request.file_offset : 0;
                mapping.bus_start = start + std::min(size, backed);
            }
        }
    }
    return mapping;
}

/// Memory that is only read needs no atomic instructions.
void AddressSpace::tell_if_shared(const Mapping& mapping) {
    if (mapping.shared && mapping.permissions.write && listener_) listener_->memory_is_shared();
}

void AddressSpace::insert(Mapping mapping) {
    GuestAddr start = mapping.start, end = mapping.end;
    tell_if_shared(mapping);
    table_.insert_or_assign(start.value, std::move(mapping));
    merge_around(start, end);
}

std::expected<GuestAddr, int> AddressSpace::map(const MapRequest& request) {
    if (request.size == 0) return std::unexpected(-EINVAL);
    if (request.size > abi_.layout.task_size) return std::unexpected(-ENOMEM);
    if (request.host_fd >= 0 && request.file_offset % page_size() != 0) return std::unexpected(-EINVAL);
    if (request.file_offset > std::numeric_limits<i64>::max() - request.size) return std::unexpected(-EOVERFLOW);
    u64 size = postern::align_up(request.size, page_size());
    auto start = place(request, size);
    if (!start) return start;

    bool replaces = !range_is_free(*start, size);
    // Only the kernel puts one special mapping into another.
    if (replaces && !request.special && cuts_special(*start, size)) return std::unexpected(-EINVAL);
    if (replaces) announce(*start, size);
    bool special = replaces && touches_special(*start, size);
    SpecialChange change{.start = *start, .size = size, .moved_to = {}};
    if (special) tell_special(Moment::before, change);
    Mapping mapping = describe(request, *start, size);
    int error = back(mapping, request.host_fd);
    if (error == 0) {
        erase_range(*start, size);
        insert(std::move(mapping));
    } else if (!replaces) {
        drop_pages(*start, size);
    } else {
        // As on Linux, a failed MAP_FIXED leaves a hole where it had already unmapped.
        erase_range(*start, size);
        drop_pages(*start, size);
    }
    if (special) tell_special(Moment::after, change);
    if (error != 0) return std::unexpected(error);
    return *start;
}

int AddressSpace::unmap(GuestAddr start, u64 size) {
    if (!start.is_aligned(page_size()) || size == 0) return -EINVAL;
    if (size > abi_.layout.task_size) return -EINVAL;
    size = postern::align_up(size, page_size());
    if (!valid_range(start, size)) return -EINVAL;
    if (range_is_free(start, size)) return 0;
    if (cuts_special(start, size)) return -EINVAL;
    announce(start, size);
    bool special = touches_special(start, size);
    SpecialChange change{.start = start, .size = size, .moved_to = {}};
    if (special) tell_special(Moment::before, change);
    split_at(start);
    split_at(start + size);
    // Only what is mapped is given back, however large the range.
    for (auto at = table_.lower_bound(start.value); at != table_.end() && at->second.start - start < size;) {
        GuestAddr from = at->second.start;
        u64 bytes = at->second.size();
        at = table_.erase(at);
        last_found_ = nullptr;
        drop_pages(from, bytes);
    }
    if (special) tell_special(Moment::after, change);
    return 0;
}

int AddressSpace::protect(GuestAddr start, u64 size, Permissions permissions) {
    if (!start.is_aligned(page_size())) return -EINVAL;
    if (size == 0) return 0;
    if (size > abi_.layout.task_size) return -ENOMEM;
    size = postern::align_up(size, page_size());
    if (!valid_range(start, size) || !range_is_mapped(start, size)) return -ENOMEM;
    auto splits = [&](GuestAddr border) {   // a part that stays as it is needs none (kernel: mprotect_fixup)
        return cuts_special_at(border) && find(border)->permissions != permissions;
    };
    if (splits(start) || splits(start + size)) return -EINVAL;
    split_at(start);
    split_at(start + size);
    int error = 0;
    bool narrows = false;
    for (auto at = table_.lower_bound(start.value); at != table_.end() && at->second.start - start < size; ++at) {
        Mapping& mapping = at->second;
        if (mapping.data_only && (permissions.write || permissions.execute)) {
            error = -EACCES;
            break;
        }
        Mapping changed = mapping;
        changed.permissions = permissions;
        if (mapping.shared && host_protection(changed) != host_protection(mapping)) {
            for_each_piece(mapping.start, mapping.size(), [&](std::byte* host, GuestAddr, u64 bytes) {
                if (::mprotect(host, bytes, host_protection(changed)) != 0) error = -errno;
                return error == 0;
            });
            if (error != 0) break;
        }
        narrows |= (mapping.permissions.read && !permissions.read) ||
                   (mapping.permissions.write && !permissions.write) ||
                   (mapping.permissions.execute && !permissions.execute);
        mapping.permissions = permissions;
        tell_if_shared(mapping);
    }
    // Wider rights need no flush: the engine misses and asks. Code stays as it is, because
    // stores into translated code are caught by the engine whatever the protection.
    if (narrows && listener_) listener_->flush_translations();
    merge_around(start, start + size);
    return error;
}

int AddressSpace::discard(GuestAddr start, u64 size) {
    if (!start.is_aligned(page_size())) return -EINVAL;
    if (size == 0) return 0;
    if (size > abi_.layout.task_size) return -ENOMEM;
    size = postern::align_up(size, page_size());
    bool complete = range_is_mapped(start, size);
    announce(start, size);
    GuestAddr at = start;
    while (at - start < size) {
        const Mapping* mapping = find(at);
        if (!mapping) {
            auto next = table_.lower_bound(at.value);
            if (next == table_.end()) break;
            at = next->second.start;
            continue;
        }
        GuestAddr end = std::min(mapping->end, start + size);
        if (!mapping->special) {
            for_each_piece(at, end - at, [](std::byte* host, GuestAddr, u64 bytes) {
                ::madvise(host, bytes, MADV_DONTNEED);
                return true;
            });
        }
        at = end;
    }
    return complete ? 0 : -ENOMEM;
}

int AddressSpace::set_wipe_on_fork(GuestAddr start, u64 size, bool on) {
    if (!start.is_aligned(page_size())) return -EINVAL;
    if (size == 0) return 0;
    if (size > abi_.layout.task_size) return -ENOMEM;
    size = postern::align_up(size, page_size());
    // Linux goes through what is mapped and then says that there was a hole.
    bool complete = range_is_mapped(start, size);
    split_at(start);
    split_at(start + size);
    int error = 0;
    for (auto at = table_.lower_bound(start.value);
         error == 0 && at != table_.end() && at->second.start - start < size; ++at) {
        Mapping& mapping = at->second;
        bool private_anonymous = mapping.inode == 0 && !mapping.shared && !mapping.special;
        if (on ? !private_anonymous : mapping.droppable) {
            error = -EINVAL;
        } else if (mapping.wipe_on_fork != on) {
            mapping.wipe_on_fork = on;
            for_each_piece(mapping.start, mapping.size(), [on](std::byte* host, GuestAddr, u64 bytes) {
                return ::madvise(host, bytes, on ? MADV_WIPEONFORK : MADV_KEEPONFORK) == 0;
            });
        }
    }
    merge_around(start, start + size);
    return error != 0 ? error : complete ? 0 : -ENOMEM;
}

void AddressSpace::file_resized(u64 device, u64 inode, u64 size) {
    u64 file_pages = postern::align_up(size, page_size());
    bool narrows = false;
    for (auto& [start, mapping] : table_) {
        if (mapping.inode != inode || mapping.device != device) continue;
        u64 backed = file_pages > mapping.file_offset ? file_pages - mapping.file_offset : 0;
        GuestAddr bus_start = mapping.start + std::min(mapping.size(), backed);
        narrows |= bus_start < mapping.bus_start;
        mapping.bus_start = bus_start;
    }
    if (narrows && listener_) listener_->flush_translations();
}

Result<GuestAddr> AddressSpace::map_special(GuestAddr hint, u64 size, Permissions permissions, bool fixed,
                                            const char* name) {
    auto mapped = map({.hint = hint, .size = size, .permissions = permissions,
                       .placement = fixed ? MapRequest::Placement::fixed : MapRequest::Placement::anywhere,
                       .special = true, .name = name});
    if (!mapped) {
        return fail(ErrorKind::internal, fmt::format("cannot map {}: {}", name, std::strerror(-mapped.error())),
                    -mapped.error());
    }
    return *mapped;
}

}  // namespace postern::memory
