// Directory entries: the host's records become the guest's.
#pragma once

#include "abi/layouts.hpp"
#include "kernel/syscall.hpp"

#include <expected>
#include <span>
#include <vector>

namespace postern::kernel {

struct ConvertedEntries {
    std::vector<std::byte> bytes;   ///< guest records, every byte defined
    i64 next_offset = 0;            ///< host position behind the last converted entry
    bool complete = true;           ///< all of the host's entries fitted
    bool overflow = false;          ///< stopped at an entry whose numbers do not fit
};

/// Converts host records (as getdents64 returns them) into records of `layout`
/// (Struct::linux_dirent or linux_dirent64) as long as they fit into `capacity` bytes.
ConvertedEntries convert_entries(const Abi& abi, Struct layout, std::span<const std::byte> host, u64 capacity);

SysResult sys_getdents(Task& task, int fd, GuestAddr buffer, unsigned size);
SysResult sys_getdents64(Task& task, int fd, GuestAddr buffer, unsigned size);

}  // namespace postern::kernel
