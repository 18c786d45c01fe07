// What riscv64 and riscv32 share: registers, conventions, auxiliary vector.
//
// Odd here:
//  * A young port with the generic system-call table: only the *at, *2, p* forms. Its private
//    calls are riscv_hwprobe (258) and riscv_flush_icache (259).
//  * tp (x4) is the thread pointer, an ordinary register.
//  * Handlers always get three arguments and return to the vDSO: SA_RESTORER is ignored.
//  * AT_HWCAP is a bit per single-letter extension, A = bit 0. There is no AT_PLATFORM. The cache
//    entries of the auxiliary vector are there and say that nothing is known of caches.
//  * `rdtime` is an illegal instruction for the engine. It is carried out for programs, at 10 MHz;
//    the vDSO asks by the reserved trap. `rdcycle` and `rdinstret` execute and count instructions,
//    as under Linux up to 6.5; later kernels make them illegal for programs.
//
// Read in Linux 6.1: include/uapi/asm-generic/unistd.h, arch/riscv/include/asm/elf.h (auxv),
// include/asm/processor.h and pgtable.h (TASK_SIZE), kernel/process.c (start_thread),
// kernel/cpufeature.c (hwcap).
#pragma once

#include "abi/define.hpp"

namespace postern::riscv {

#define POSTERN_RISCV_TEN(name, tens, width)                                                               \
    {name tens "0", width}, {name tens "1", width}, {name tens "2", width}, {name tens "3", width},        \
    {name tens "4", width}, {name tens "5", width}, {name tens "6", width}, {name tens "7", width},        \
    {name tens "8", width}, {name tens "9", width}
/// pc, x1 to x31 of `word` bytes, f0 to f31 (D: 8 bytes on both), fcsr.
#define POSTERN_RISCV_REGISTERS(word)                                                                      \
    {"pc", word}, {"x1", word}, {"x2", word}, {"x3", word}, {"x4", word}, {"x5", word}, {"x6", word},      \
    {"x7", word}, {"x8", word}, {"x9", word}, POSTERN_RISCV_TEN("x", "1", word),                           \
    POSTERN_RISCV_TEN("x", "2", word), {"x30", word}, {"x31", word}, POSTERN_RISCV_TEN("f", "", 8),        \
    POSTERN_RISCV_TEN("f", "1", 8), POSTERN_RISCV_TEN("f", "2", 8), {"f30", 8}, {"f31", 8}, {"fcsr", 4},

inline constexpr Register registers32[] = {POSTERN_RISCV_REGISTERS(4)};
inline constexpr Register registers64[] = {POSTERN_RISCV_REGISTERS(8)};
#undef POSTERN_RISCV_REGISTERS
#undef POSTERN_RISCV_TEN

/// The same place in both tables.
consteval RegisterIndex reg(std::string_view name) { return define::index_of(registers64, name); }

/// a0 to a5; a function call has a6 and a7 as well.
inline constexpr RegisterIndex arguments[] = {reg("x10"), reg("x11"), reg("x12"), reg("x13"), reg("x14"), reg("x15")};

/// 64-bit arguments of riscv32 take two registers, the low word first, in any place.
inline constexpr SyscallConvention convention{.number = reg("x17"),
                                              .arguments = arguments,
                                              .result = reg("x10"),
                                              .trap_length = 4,
                                              .restart_number = 128};
inline constexpr ThreadPointer thread_pointer{
    .kind = ThreadPointerKind::register_value, .low = reg("x4"), .high = {}};

/// AT_L1I_CACHESIZE and its seven followers: sizes and shapes that no device tree tells.
inline constexpr AuxHead auxv_head[] = {aux_vdso,    {.type = 40}, {.type = 41}, {.type = 42}, {.type = 43},
                                        {.type = 44}, {.type = 45}, {.type = 46}, {.type = 47}};

/// Keys of include/uapi/asm/hwprobe.h: vendor, architecture and implementation are nobody's;
/// 3 base behaviour: IMA; 4 extensions: F and D, C; 5 unaligned access: fast.
inline constexpr HardwareProbe hardware_probe[] = {{0, 0}, {1, 0}, {2, 0}, {3, 1}, {4, 1 | 2}, {5, 3}};

constexpr u64 extension(char letter) { return u64{1} << (letter - 'A'); }

consteval ProcessStart start(std::string_view uname_machine) {
    return {.auxv_head = auxv_head,
            .hwcap = extension('I') | extension('M') | extension('A') | extension('F') | extension('D') |
                     extension('C'),
            .hwcap2 = {},
            .platform = "",
            .uname_machine = uname_machine,
            .missing_gnu_stack_means_exec = false};
}

}  // namespace postern::riscv
