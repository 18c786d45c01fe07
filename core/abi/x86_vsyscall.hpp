// The vsyscall page of x86-64. (Linux also serves x32 programs there but does not show it to them.)
#pragma once

#include "abi/abi.hpp"

namespace postern::x86 {

inline constexpr ServedFunction vsyscalls[] = {
#define VSYSCALL_ENTRY(name, offset) {offset, #name},
#include "abi/vdso/x86-64-vsyscall.def"
#undef VSYSCALL_ENTRY
};

inline constexpr HelperPage vsyscall_pages[] = {
    {.name = "[vsyscall]", .image = "x86-64-vsyscall.bin", .address = 0xffff'ffff'ff60'0000, .served = vsyscalls},
};

}  // namespace postern::x86
