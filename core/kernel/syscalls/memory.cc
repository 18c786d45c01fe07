// The address space as the guest asks for it: brk, mmap and relatives. AddressSpace does the
// work; here are the arguments, their checks in the kernel's order, and what is only advice.
#include "kernel/files.hpp"
#include "kernel/syscalls/support.hpp"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>

namespace postern::kernel {

namespace {

using memory::Mapping;
using memory::MapRequest;

Permissions permissions_from(unsigned protection) {
    return {.read = (protection & PROT_READ) != 0,
            .write = (protection & PROT_WRITE) != 0,
            .execute = (protection & PROT_EXEC) != 0};
}

u64 page_mask(Task& task) { return task.memory().page_size() - 1; }

/// The length rounded up to pages; nothing if that is too much for the address space.
std::optional<u64> page_aligned(Task& task, u64 length) {
    u64 aligned = align_up(length, task.memory().page_size());
    if (aligned < length || aligned > task.abi().layout.task_size) return std::nullopt;
    return aligned;
}

/// Calls `visit(mapping, start, end)` for the mapped parts of a range. False: there are holes.
template <typename Visit>
bool for_each_part(Task& task, GuestAddr start, u64 size, Visit visit) {
    bool complete = true;
    GuestAddr end = start + size;
    GuestAddr at = start;
    task.memory().for_each([&](const Mapping& mapping) {
        if (mapping.end <= at || mapping.start >= end) return;
        if (mapping.start > at) complete = false;
        GuestAddr from = std::max(mapping.start, at), to = std::min(mapping.end, end);
        visit(mapping, from, to);
        at = to;
    });
    return complete && at >= end;
}

bool is_mapped(Task& task, GuestAddr start, u64 size) {
    return for_each_part(task, start, size, [](const Mapping&, GuestAddr, GuestAddr) {});
}

// --- brk

SysResult sys_brk(Task& task, GuestAddr wanted) {
    Image& image = task.process.image();
    auto now = [&] { return static_cast<i64>(image.brk_current.value); };
    GuestAddr lowest = image.program.brk_start;
    if (wanted < lowest || wanted.value >= task.abi().layout.task_size) return now();
    u64 page = task.memory().page_size();
    GuestAddr old_end = image.brk_current.align_up(page), new_end = wanted.align_up(page);
    if (new_end > old_end) {
        // The page above the heap stays free (kernel: find_vma_intersection up to newbrk + PAGE_SIZE).
        if (task.memory().find(new_end)) return now();
        auto mapped = task.memory().map({.hint = old_end, .size = new_end - old_end, .permissions = read_write,
                                         .placement = MapRequest::Placement::fixed_noreplace, .name = "[heap]"});
        if (!mapped) return now();
    } else if (new_end < old_end) {
        if (task.memory().unmap(new_end, old_end - new_end) != 0) return now();
    }
    image.brk_current = wanted;
    return now();
}

// --- mmap

/// What /proc/self/maps will call a file mapping.
std::string mapping_name(Task& task, int fd) {
    char target[4096];
    i64 length = host_call(SYS_readlinkat, AT_FDCWD, fmt::format("/proc/self/fd/{}", fd), target, sizeof target);
    if (length < 0) return {};
    return guest_path(task.process, {target, static_cast<std::size_t>(length)});
}

struct MapCall {
    GuestAddr address;
    u64 length;
    unsigned protection;
    unsigned flags;     ///< guest numbers
    int fd;
    u64 offset;         ///< bytes
};

constexpr unsigned map_droppable = 0x08;   // MAP_DROPPABLE, a mapping type of its own (Linux 6.11)

/// Makes the request for AddressSpace; -errno if Linux refuses before it looks for room.
std::expected<MapRequest, int> map_request(Task& task, const MapCall& call) {
    unsigned flags = map_flags_from_guest(task.abi(), call.flags);
    bool anonymous = flags & MAP_ANONYMOUS;
    bool droppable = (flags & MAP_TYPE) == map_droppable;
    int fd = host_fd(task, call.fd);
    if (!anonymous && host_call(SYS_fcntl, fd, F_GETFD) < 0) return std::unexpected(-EBADF);
    if (call.length == 0) return std::unexpected(-EINVAL);
    auto size = page_aligned(task, call.length);
    if (!size) return std::unexpected(-ENOMEM);
    if (call.offset + *size < call.offset) return std::unexpected(-EOVERFLOW);
    unsigned type = flags & MAP_TYPE;
    if (droppable) {
        // Memory that may vanish: not a file's, and nothing that must stay (kernel: do_mmap).
        if (!anonymous || (flags & (MAP_LOCKED | MAP_HUGETLB | MAP_GROWSDOWN))) return std::unexpected(-EINVAL);
    } else if (type != MAP_SHARED && type != MAP_PRIVATE && (type != MAP_SHARED_VALIDATE || anonymous)) {
        return std::unexpected(-EINVAL);
    }
    if (type == MAP_SHARED_VALIDATE && (flags & MAP_SYNC)) return std::unexpected(-EOPNOTSUPP);
    // There are no huge pages to have.
    if (flags & MAP_HUGETLB) return std::unexpected(anonymous ? -ENOMEM : -EINVAL);

    MapRequest request;
    request.hint = call.address;
    request.size = *size;
    request.permissions = permissions_from(call.protection);
    if (flags & MAP_FIXED) request.placement = MapRequest::Placement::fixed;
    if (flags & MAP_FIXED_NOREPLACE) request.placement = MapRequest::Placement::fixed_noreplace;
    request.shared = !droppable && type != MAP_PRIVATE;
    request.droppable = droppable;
    request.grows_down = (flags & MAP_GROWSDOWN) && anonymous && !request.shared;
    if (!anonymous) {
        request.host_fd = fd;
        request.file_offset = call.offset;
        request.name = mapping_name(task, fd);
    } else if (request.shared) {
        request.name = "/dev/zero (deleted)";
    }
    return request;
}

SysResult map(Task& task, const MapCall& call) {
    auto request = map_request(task, call);
    if (!request) return request.error();
    auto mapped = task.memory().map(*request);
    return mapped ? static_cast<i64>(mapped->value) : mapped.error();
}

SysResult sys_mmap(Task& task, GuestAddr address, GuestSize length, unsigned protection, unsigned flags, int fd,
                   GuestWord offset) {
    if (offset.value & page_mask(task)) return -EINVAL;
    return map(task, {address, length.value, protection, flags, fd, offset.value});
}

/// Where a register has more bits than a long.
SysResult sys_wide_mmap(Task& task, GuestAddr address, GuestSize length, unsigned protection, unsigned flags, int fd,
                        Wide offset) {
    return sys_mmap(task, address, length, protection, flags, fd, {static_cast<u64>(offset.value)});
}

/// mmap2's offset counts units of this many bytes, whatever the page size.
constexpr u64 mmap2_unit = 4096;

SysResult sys_mmap2(Task& task, GuestAddr address, GuestSize length, unsigned protection, unsigned flags, int fd,
                    GuestWord offset) {
    u64 bytes = offset.value * mmap2_unit;
    if (bytes & page_mask(task)) return -EINVAL;
    return map(task, {address, length.value, protection, flags, fd, bytes});
}

/// One argument: the address of all six, as words. The offset counts units of so many bytes.
SysResult map_block(Task& task, GuestAddr block, u64 offset_unit) {
    std::array<u64, 6> values;
    for (std::size_t i = 0; i < values.size(); ++i) {
        auto word = task.memory().read_word(block + i * task.abi().word_size);
        if (!word) return -EFAULT;
        values[i] = *word;
    }
    auto [address, length, protection, flags, fd, offset] = values;
    return sys_mmap(task, {address}, {length}, static_cast<unsigned>(protection), static_cast<unsigned>(flags),
                    static_cast<int>(fd), {offset * offset_unit});
}
SysResult sys_old_mmap(Task& task, GuestAddr block) { return map_block(task, block, 1); }
SysResult sys_old_mmap2(Task& task, GuestAddr block) { return map_block(task, block, mmap2_unit); }

SysResult sys_munmap(Task& task, GuestAddr address, GuestSize length) {
    return task.memory().unmap(address, length.value);
}

SysResult sys_mprotect(Task& task, GuestAddr address, GuestSize length, unsigned protection) {
    constexpr unsigned grows_down = 0x01000000, grows_up = 0x02000000;
    unsigned growth = protection & (grows_down | grows_up);
    if (growth == (grows_down | grows_up)) return -EINVAL;
    if (address.value & page_mask(task)) return -EINVAL;
    if (length.value == 0) return 0;
    auto size = page_aligned(task, length.value);
    if (!size) return -ENOMEM;
    if (growth != 0) {
        const Mapping* mapping = task.memory().find(address);
        if (!mapping) return -ENOMEM;
        if (growth == grows_up ? !mapping->grows_up : !mapping->grows_down) return -EINVAL;
        GuestAddr end = growth == grows_up ? mapping->end : address + *size;
        if (growth == grows_down) address = mapping->start;
        size = end - address;
    }
    return task.memory().protect(address, *size, permissions_from(protection));
}

SysResult sys_pkey_mprotect(Task& task, GuestAddr address, GuestSize length, unsigned protection, int key) {
    return key == -1 ? sys_mprotect(task, address, length, protection) : SysResult(-EINVAL);
}

SysResult sys_mremap(Task& task, GuestAddr old_address, GuestSize old_length, GuestSize new_length, unsigned flags,
                     GuestAddr new_address) {
    constexpr unsigned known = MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP;
    if (flags & ~known) return -EINVAL;
    if ((flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) && !(flags & MREMAP_MAYMOVE)) return -EINVAL;
    if ((flags & MREMAP_DONTUNMAP) && old_length.value != new_length.value) return -EINVAL;
    if (old_address.value & page_mask(task)) return -EINVAL;
    auto new_size = page_aligned(task, new_length.value);
    if (!new_size) return -ENOMEM;
    if (*new_size == 0) return -EINVAL;
    auto old_size = page_aligned(task, old_length.value);
    if (!old_size) return -EFAULT;
    auto moved = task.memory().remap(old_address, *old_size, *new_size, static_cast<int>(flags), new_address);
    return moved ? static_cast<i64>(moved->value) : moved.error();
}

// --- advice, the disk, residency

/// What madvise does with a piece of advice.
enum class Advice : u8 {
    unknown,
    ignore,       ///< a hint: ignoring it is right
    discard,      ///< the bytes are gone
    punch,        ///< a hole in the file behind a shared mapping
    wipe,         ///< zeros in a forked child
    keep,         ///< a forked child has the bytes
};

Advice advice_kind(int advice) {
    switch (advice) {
        case MADV_NORMAL:
        case MADV_RANDOM:
        case MADV_SEQUENTIAL:
        case MADV_WILLNEED:
        case MADV_FREE:          // may discard, need not
        case MADV_MERGEABLE:
        case MADV_UNMERGEABLE:
        case MADV_HUGEPAGE:
        case MADV_NOHUGEPAGE:
        case MADV_DONTDUMP:
        case MADV_DODUMP:
        case MADV_DOFORK:
        case MADV_COLD:
        case MADV_PAGEOUT:
        case MADV_POPULATE_READ:
        case MADV_POPULATE_WRITE: return Advice::ignore;
        case MADV_DONTNEED: return Advice::discard;
        case MADV_REMOVE: return Advice::punch;
        case MADV_WIPEONFORK: return Advice::wipe;
        case MADV_KEEPONFORK: return Advice::keep;
        // A fork that leaves out a mapping is not to be had: better say so.
        default: return Advice::unknown;
    }
}

/// Asks the host for something about pages of the guest: `number(address, size, argument)`.
i64 host_pages(Task& task, long number, GuestAddr from, GuestAddr to, long argument) {
    while (from < to) {
        auto run = task.memory().host_span(from, to - from, Access::read);
        if (run.empty()) return -ENOMEM;
        if (i64 result = host_call(number, run.data(), run.size(), argument); result < 0) return result;
        from += run.size();
    }
    return 0;
}

SysResult sys_madvise(Task& task, GuestAddr address, GuestSize length, int advice) {
    Advice kind = advice_kind(advice);
    if (kind == Advice::unknown) return -EINVAL;
    if (address.value & page_mask(task)) return -EINVAL;
    u64 size = align_up(length.value, task.memory().page_size());
    if (size < length.value || address.value + size < address.value) return -EINVAL;
    if (size == 0) return 0;
    if (kind == Advice::discard) return task.memory().discard(address, size);
    if (kind == Advice::wipe || kind == Advice::keep)
        return task.memory().set_wipe_on_fork(address, size, kind == Advice::wipe);
    i64 error = 0;
    bool complete = for_each_part(task, address, size, [&](const Mapping& mapping, GuestAddr from, GuestAddr to) {
        if (kind != Advice::punch || error != 0) return;
        bool can = mapping.shared && mapping.permissions.write;
        error = can ? host_pages(task, SYS_madvise, from, to, MADV_REMOVE) : mapping.shared ? -EACCES : -EINVAL;
    });
    if (error != 0) return error;
    return complete ? 0 : -ENOMEM;
}

/// parisc had numbers of its own for the newer pieces of advice.
SysResult sys_parisc_madvise(Task& task, GuestAddr address, GuestSize length, int advice) {
    constexpr int first = 65, madv_collapse = 25;
    constexpr std::array numbers = {MADV_MERGEABLE, MADV_UNMERGEABLE, MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_DONTDUMP,
                                    MADV_DODUMP, MADV_WIPEONFORK, MADV_KEEPONFORK, madv_collapse};
    auto index = static_cast<std::size_t>(advice) - first;
    return sys_madvise(task, address, length, index < numbers.size() ? numbers[index] : advice);
}

SysResult sys_msync(Task& task, GuestAddr address, GuestSize length, unsigned guest_flags) {
    auto flags = static_cast<int>(task.abi().numbers.bits_from_guest(NumberSet::memory_sync_flag, guest_flags));
    if (flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) return -EINVAL;
    if (address.value & page_mask(task)) return -EINVAL;
    if ((flags & MS_ASYNC) && (flags & MS_SYNC)) return -EINVAL;
    u64 size = align_up(length.value, task.memory().page_size());
    if (size < length.value || address.value + size < address.value) return -ENOMEM;
    if (size == 0) return 0;
    i64 error = 0;
    bool complete = for_each_part(task, address, size, [&](const Mapping& mapping, GuestAddr from, GuestAddr to) {
        bool is_file = mapping.shared && mapping.inode != 0;
        if (is_file && error == 0) error = host_pages(task, SYS_msync, from, std::min(to, mapping.bus_start), flags);
    });
    if (error != 0) return error;
    return complete ? 0 : -ENOMEM;
}

SysResult sys_mincore(Task& task, GuestAddr address, GuestSize length, GuestAddr vector) {
    u64 page = task.memory().page_size();
    if (address.value & (page - 1)) return -EINVAL;
    auto size = page_aligned(task, length.value);
    if (!size || !is_mapped(task, address, *size)) return *size == 0 ? 0 : -ENOMEM;
    for (GuestAddr at = address; at - address < *size;) {
        auto run = task.memory().host_span(at, *size - (at - address), Access::read);
        // Pages the guest may not read are not asked about.
        u64 bytes = run.empty() ? page : run.size();
        std::vector<std::byte> resident(bytes / page);
        if (!run.empty()) host_call(SYS_mincore, run.data(), bytes, resident.data());
        if (!task.memory().write(vector, resident)) return -EFAULT;
        vector += resident.size();
        at += bytes;
    }
    return 0;
}

// --- locking: the pages of a guest are never locked, but the calls check what Linux checks

SysResult sys_mlock(Task& task, GuestAddr address, GuestSize length) {
    GuestAddr start = address.align_down(task.memory().page_size());
    auto size = page_aligned(task, length.value + (address - start));
    if (!size) return -EINVAL;
    return *size == 0 || is_mapped(task, start, *size) ? 0 : -ENOMEM;
}

SysResult sys_mlock2(Task& task, GuestAddr address, GuestSize length, int flags) {
    constexpr int on_fault = 1;   // MLOCK_ONFAULT
    return flags & ~on_fault ? SysResult(-EINVAL) : sys_mlock(task, address, length);
}

SysResult sys_mlockall(Task& task, unsigned guest_flags) {
    constexpr u64 known = MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT;
    u64 flags = task.abi().numbers.bits_from_guest(NumberSet::memory_lock_flag, guest_flags);
    return flags == 0 || (flags & ~known) || flags == MCL_ONFAULT ? -EINVAL : 0;
}

SysResult sys_munlockall(Task&) { return 0; }

constexpr std::string_view not_locked = "checks its arguments; nothing is locked";

constexpr SyscallRow rows[] = {
    {"brk", adapt<sys_brk>, Support::full, "ptr"},
    {"mmap", adapt<sys_mmap>, Support::full, "ptr, size, prot, mmap_flags, fd, hex"},
    {"wide_mmap", adapt<sys_wide_mmap>, Support::full, "ptr, size, prot, mmap_flags, fd, off64"},
    {"mmap2", adapt<sys_mmap2>, Support::full, "ptr, size, prot, mmap_flags, fd, hex"},
    {"old_mmap", adapt<sys_old_mmap>, Support::full, "ptr"},
    {"old_mmap2", adapt<sys_old_mmap2>, Support::full, "ptr"},
    {"munmap", adapt<sys_munmap>, Support::full, "ptr, size"},
    {"mprotect", adapt<sys_mprotect>, Support::full, "ptr, size, prot"},
    {"pkey_mprotect", adapt<sys_pkey_mprotect>, Support::partial, "ptr, size, prot, int", "no protection keys: -1 only"},
    {"mremap", adapt<sys_mremap>, Support::full, "ptr, size, size, mremap_flags, ptr"},
    {"madvise", adapt<sys_madvise>, Support::partial, "ptr, size, advice",
     "MADV_DONTFORK: EINVAL"},
    {"parisc_madvise", adapt<sys_parisc_madvise>, Support::partial, "ptr, size, advice",
     "MADV_DONTFORK: EINVAL"},
    {"msync", adapt<sys_msync>, Support::full, "ptr, size, msync_flags"},
    {"mincore", adapt<sys_mincore>, Support::full, "ptr, size, ptr"},
    {"mlock", adapt<sys_mlock>, Support::partial, "ptr, size", not_locked},
    {"mlock2", adapt<sys_mlock2>, Support::partial, "ptr, size, hex", not_locked},
    {"munlock", adapt<sys_mlock>, Support::partial, "ptr, size", not_locked},
    {"mlockall", adapt<sys_mlockall>, Support::partial, "hex", not_locked},
    {"munlockall", adapt<sys_munlockall>, Support::partial, "", not_locked},
};

}  // namespace

std::span<const SyscallRow> memory_rows() { return rows; }

}  // namespace postern::kernel
