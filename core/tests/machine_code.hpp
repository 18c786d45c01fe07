// What the tests of the engine contract have guests execute, per ABI.
#pragma once

#include "base/types.hpp"

#include <string_view>
#include <vector>

namespace postern {

using Bytes = std::vector<u8>;

/// Machine code of one behaviour per ABI. `pointer` is the register that load and store
/// address through, `value` the one that they use.
struct MachineCode {
    std::string_view abi;
    Bytes system_call, load, store, illegal, privileged, breakpoint, loop, add_double, counter;
    std::string_view pointer, value, double_0, double_1, counter_low;
    /// What system_call goes through, in the ABI's helper page.
    u64 helper_offset = 0;
    Bytes helper = {};
};

inline const MachineCode codes[] = {
    {.abi = "x86-64", .system_call = {0x0f, 0x05}, .load = {0x8b, 0x07}, .store = {0x89, 0x07}, .illegal = {0x0f, 0x0b},
     .privileged = {0xf4}, .breakpoint = {0xcc}, .loop = {0x48, 0xff, 0xc0, 0xeb, 0xfb},
     .add_double = {0xf2, 0x0f, 0x58, 0xc1}, .counter = {0x0f, 0x31},
     .pointer = "rdi", .value = "rax", .double_0 = "xmm0", .double_1 = "xmm1", .counter_low = "rax"},
    {.abi = "x32", .system_call = {0x0f, 0x05}, .load = {0x8b, 0x07}, .store = {0x89, 0x07}, .illegal = {0x0f, 0x0b},
     .privileged = {0xf4}, .breakpoint = {0xcc}, .loop = {0x48, 0xff, 0xc0, 0xeb, 0xfb},
     .add_double = {0xf2, 0x0f, 0x58, 0xc1}, .counter = {0x0f, 0x31},
     .pointer = "rdi", .value = "rax", .double_0 = "xmm0", .double_1 = "xmm1", .counter_low = "rax"},
    {.abi = "i386", .system_call = {0xcd, 0x80}, .load = {0x8b, 0x07}, .store = {0x89, 0x07}, .illegal = {0x0f, 0x0b},
     .privileged = {0xf4}, .breakpoint = {0xcc}, .loop = {0x40, 0xeb, 0xfd}, .add_double = {0xf2, 0x0f, 0x58, 0xc1},
     .counter = {0x0f, 0x31},
     .pointer = "edi", .value = "eax", .double_0 = "xmm0", .double_1 = "xmm1", .counter_low = "eax"},
    {.abi = "aarch64", .system_call = {0x01, 0, 0, 0xd4}, .load = {0x20, 0, 0x40, 0xb9}, .store = {0x20, 0, 0, 0xb9},
     .illegal = {0, 0, 0, 0}, .privileged = {0, 0x10, 0x38, 0xd5}, .breakpoint = {0, 0, 0x20, 0xd4},
     .loop = {0, 4, 0, 0x91, 0xff, 0xff, 0xff, 0x17}, .add_double = {0, 0x28, 0x61, 0x1e},
     .counter = {0x40, 0xe0, 0x3b, 0xd5},
     .pointer = "x1", .value = "x0", .double_0 = "v0", .double_1 = "v1", .counter_low = "x0"},
    {.abi = "arm", .system_call = {0, 0, 0, 0xef}, .load = {0, 0, 0x91, 0xe5}, .store = {0, 0, 0x81, 0xe5},
     .illegal = {0xf0, 0, 0xf0, 0xe7}, .privileged = {0x10, 0x0f, 0x11, 0xee}, .breakpoint = {0x70, 0, 0x20, 0xe1},
     .loop = {1, 0, 0x80, 0xe2, 0xfd, 0xff, 0xff, 0xea}, .add_double = {1, 0x0b, 0x30, 0xee},
     .counter = {0x1e, 0x0f, 0x51, 0xec},
     .pointer = "r1", .value = "r0", .double_0 = "d0", .double_1 = "d1", .counter_low = "r0"},
    {.abi = "mips-o32", .system_call = {0, 0, 0, 0xc}, .load = {0x8c, 0x82, 0, 0}, .store = {0xac, 0x82, 0, 0},
     .illegal = {0x7c, 0, 0, 0x37}, .privileged = {0x40, 0x8, 0x60, 0}, .breakpoint = {0, 0, 0, 0xd},
     .loop = {0x24, 0x42, 0, 0x1, 0x10, 0, 0xff, 0xfe, 0, 0, 0, 0}, .add_double = {0x46, 0x22, 0, 0}, .counter = {},
     .pointer = "r4", .value = "r2", .double_0 = "d0", .double_1 = "d1", .counter_low = ""},
    {.abi = "mipsel-o32", .system_call = {0xc, 0, 0, 0}, .load = {0, 0, 0x82, 0x8c}, .store = {0, 0, 0x82, 0xac},
     .illegal = {0x37, 0, 0, 0x7c}, .privileged = {0, 0x60, 0x8, 0x40}, .breakpoint = {0xd, 0, 0, 0},
     .loop = {0x1, 0, 0x42, 0x24, 0xfe, 0xff, 0, 0x10, 0, 0, 0, 0}, .add_double = {0, 0, 0x22, 0x46}, .counter = {},
     .pointer = "r4", .value = "r2", .double_0 = "d0", .double_1 = "d1", .counter_low = ""},
    {.abi = "mips-n64", .system_call = {0, 0, 0, 0xc}, .load = {0x8c, 0x82, 0, 0}, .store = {0xac, 0x82, 0, 0},
     .illegal = {0x7c, 0, 0, 0x37}, .privileged = {0x40, 0x8, 0x60, 0}, .breakpoint = {0, 0, 0, 0xd},
     .loop = {0x24, 0x42, 0, 0x1, 0x10, 0, 0xff, 0xfe, 0, 0, 0, 0}, .add_double = {0x46, 0x22, 0, 0}, .counter = {},
     .pointer = "r4", .value = "r2", .double_0 = "f0", .double_1 = "f2", .counter_low = ""},
    {.abi = "mipsel-n64", .system_call = {0xc, 0, 0, 0}, .load = {0, 0, 0x82, 0x8c}, .store = {0, 0, 0x82, 0xac},
     .illegal = {0x37, 0, 0, 0x7c}, .privileged = {0, 0x60, 0x8, 0x40}, .breakpoint = {0xd, 0, 0, 0},
     .loop = {0x1, 0, 0x42, 0x24, 0xfe, 0xff, 0, 0x10, 0, 0, 0, 0}, .add_double = {0, 0, 0x22, 0x46}, .counter = {},
     .pointer = "r4", .value = "r2", .double_0 = "f0", .double_1 = "f2", .counter_low = ""},
    {.abi = "mips-n32", .system_call = {0, 0, 0, 0xc}, .load = {0x8c, 0x82, 0, 0}, .store = {0xac, 0x82, 0, 0},
     .illegal = {0x7c, 0, 0, 0x37}, .privileged = {0x40, 0x8, 0x60, 0}, .breakpoint = {0, 0, 0, 0xd},
     .loop = {0x24, 0x42, 0, 0x1, 0x10, 0, 0xff, 0xfe, 0, 0, 0, 0}, .add_double = {0x46, 0x22, 0, 0}, .counter = {},
     .pointer = "r4", .value = "r2", .double_0 = "f0", .double_1 = "f2", .counter_low = ""},
    {.abi = "mipsel-n32", .system_call = {0xc, 0, 0, 0}, .load = {0, 0, 0x82, 0x8c}, .store = {0, 0, 0x82, 0xac},
     .illegal = {0x37, 0, 0, 0x7c}, .privileged = {0, 0x60, 0x8, 0x40}, .breakpoint = {0xd, 0, 0, 0},
     .loop = {0x1, 0, 0x42, 0x24, 0xfe, 0xff, 0, 0x10, 0, 0, 0, 0}, .add_double = {0, 0, 0x22, 0x46}, .counter = {},
     .pointer = "r4", .value = "r2", .double_0 = "f0", .double_1 = "f2", .counter_low = ""},
    {.abi = "ppc32", .system_call = {0x44, 0, 0, 0x2}, .load = {0x80, 0x64, 0, 0}, .store = {0x90, 0x64, 0, 0},
     .illegal = {0, 0, 0, 0}, .privileged = {0x7c, 0x60, 0, 0xa6}, .breakpoint = {0x7f, 0xe0, 0, 0x8},
     .loop = {0x38, 0x63, 0, 0x1, 0x4b, 0xff, 0xff, 0xfc}, .add_double = {0xfc, 0x21, 0x10, 0x2a}, .counter = {},
     .pointer = "r4", .value = "r3", .double_0 = "f1", .double_1 = "f2", .counter_low = ""},
    {.abi = "ppc64", .system_call = {0x44, 0, 0, 0x2}, .load = {0x80, 0x64, 0, 0}, .store = {0x90, 0x64, 0, 0},
     .illegal = {0, 0, 0, 0}, .privileged = {0x7c, 0x60, 0, 0xa6}, .breakpoint = {0x7f, 0xe0, 0, 0x8},
     .loop = {0x38, 0x63, 0, 0x1, 0x4b, 0xff, 0xff, 0xfc}, .add_double = {0xfc, 0x21, 0x10, 0x2a}, .counter = {},
     .pointer = "r4", .value = "r3", .double_0 = "f1", .double_1 = "f2", .counter_low = ""},
    {.abi = "ppc64le", .system_call = {0x2, 0, 0, 0x44}, .load = {0, 0, 0x64, 0x80}, .store = {0, 0, 0x64, 0x90},
     .illegal = {0, 0, 0, 0}, .privileged = {0xa6, 0, 0x60, 0x7c}, .breakpoint = {0x8, 0, 0xe0, 0x7f},
     .loop = {0x1, 0, 0x63, 0x38, 0xfc, 0xff, 0xff, 0x4b}, .add_double = {0x2a, 0x10, 0x21, 0xfc}, .counter = {},
     .pointer = "r4", .value = "r3", .double_0 = "f1", .double_1 = "f2", .counter_low = ""},
    {.abi = "riscv64", .system_call = {0x73, 0, 0, 0}, .load = {0x03, 0xa5, 0x05, 0}, .store = {0x23, 0xa0, 0xa5, 0},
     .illegal = {0x73, 0x10, 0, 0xc0}, .privileged = {0x73, 0x25, 0, 0x10}, .breakpoint = {0x73, 0, 0x10, 0},
     .loop = {0x13, 0x05, 0x15, 0, 0x6f, 0xf0, 0xdf, 0xff}, .add_double = {0x53, 0x75, 0xb5, 0x02}, .counter = {},
     .pointer = "x11", .value = "x10", .double_0 = "f10", .double_1 = "f11", .counter_low = ""},
    {.abi = "riscv32", .system_call = {0x73, 0, 0, 0}, .load = {0x03, 0xa5, 0x05, 0}, .store = {0x23, 0xa0, 0xa5, 0},
     .illegal = {0x73, 0x10, 0, 0xc0}, .privileged = {0x73, 0x25, 0, 0x10}, .breakpoint = {0x73, 0, 0x10, 0},
     .loop = {0x13, 0x05, 0x15, 0, 0x6f, 0xf0, 0xdf, 0xff}, .add_double = {0x53, 0x75, 0xb5, 0x02}, .counter = {},
     .pointer = "x11", .value = "x10", .double_0 = "f10", .double_1 = "f11", .counter_low = ""},
    {.abi = "s390x", .system_call = {0x0a, 0x00}, .load = {0x58, 0x20, 0x10, 0}, .store = {0x50, 0x20, 0x10, 0},
     .illegal = {0, 0}, .privileged = {0xeb, 0, 0x10, 0, 0, 0x2f}, .breakpoint = {},
     .loop = {0xa7, 0x2b, 0, 1, 0xa7, 0xf4, 0xff, 0xfe}, .add_double = {0xb3, 0x1a, 0, 1}, .counter = {},
     .pointer = "r1", .value = "r2", .double_0 = "f0", .double_1 = "f1", .counter_low = ""},
    {.abi = "s390", .system_call = {0x0a, 0x00}, .load = {0x58, 0x20, 0x10, 0}, .store = {0x50, 0x20, 0x10, 0},
     .illegal = {0, 0}, .privileged = {0xeb, 0, 0x10, 0, 0, 0x2f}, .breakpoint = {},
     .loop = {0xa7, 0x2b, 0, 1, 0xa7, 0xf4, 0xff, 0xfe}, .add_double = {0xb3, 0x1a, 0, 1}, .counter = {},
     .pointer = "r1", .value = "r2", .double_0 = "f0", .double_1 = "f1", .counter_low = ""},
    {.abi = "sh4", .system_call = {0x16, 0xc3}, .load = {0x42, 0x62}, .store = {0x22, 0x24},
     .illegal = {0xfd, 0xff}, .privileged = {0x2e, 0x40}, .breakpoint = {0x20, 0xc3},
     .loop = {0x01, 0x72, 0xfd, 0xaf, 0x09, 0}, .add_double = {0x20, 0xf0}, .counter = {},
     .pointer = "r4", .value = "r2", .double_0 = "fr0", .double_1 = "fr2", .counter_low = ""},
    {.abi = "sh4eb", .system_call = {0xc3, 0x16}, .load = {0x62, 0x42}, .store = {0x24, 0x22},
     .illegal = {0xff, 0xfd}, .privileged = {0x40, 0x2e}, .breakpoint = {0xc3, 0x20},
     .loop = {0x72, 0x01, 0xaf, 0xfd, 0, 0x09}, .add_double = {0xf0, 0x20}, .counter = {},
     .pointer = "r4", .value = "r2", .double_0 = "fr0", .double_1 = "fr2", .counter_low = ""},
    {.abi = "parisc", .system_call = {0xe4, 0, 0x82, 0, 0x08, 0, 0x02, 0x40}, .load = {0x0c, 0x80, 0x10, 0x85},
     .store = {0x0c, 0x85, 0x12, 0x80}, .illegal = {0x1c, 0, 0, 0}, .privileged = {0, 0, 0x18, 0x60}, .breakpoint = {0, 0x01, 0, 0x04},
     .loop = {0x34, 0xa5, 0, 0x02, 0xe8, 0x1f, 0x1f, 0xed, 0x08, 0, 0x02, 0x40}, .add_double = {0x30, 0x85, 0x0e, 0x04},
     .counter = {0x02, 0, 0x08, 0xa5},
     .pointer = "r4", .value = "r5", .double_0 = "fr4", .double_1 = "fr5", .counter_low = "r5",
     .helper_offset = 0x100, .helper = {0xe8, 0, 0x20, 0, 0xd7, 0xe6, 0x1c, 0x1e, 0x14, 0x53, 0x74, 0x01}},
};

}  // namespace postern
