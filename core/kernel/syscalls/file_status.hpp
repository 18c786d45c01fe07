// struct stat and struct statfs of any ABI, written from the host's.
#pragma once

#include "abi/layouts.hpp"

#include <cstdint>
#include <linux/stat.h>
#include <span>
#include <sys/vfs.h>

namespace postern::kernel {

/// Writes Struct::stat, stat64, oldstat or statx into `out` (the layout's size, zeroed first).
/// 0, or -EOVERFLOW where a number does not fit, as the kernel has it.
int convert_status(const Abi& abi, Struct layout, const struct statx& host, std::span<std::byte> out);

/// Writes Struct::statfs or statfs64 into `out`. 0 or -EOVERFLOW.
int convert_statfs(const Abi& abi, Struct layout, const struct statfs& host, std::span<std::byte> out);

}  // namespace postern::kernel
