// What the MIPS ABIs share: registers, and the facts that do not depend on the byte order.
//
// Odd here:
//  * A system call says by $7 (a3) whether it failed; $2 (v0) is then errno itself. v0 carries the
//    number too, so that a restart needs nothing but the program counter. pipe(2) has its second
//    result in $3 (v1).
//  * Numbers of their own for errors, signals, flags, requests, and three tables of system calls
//    which begin at 4000 (o32), 5000 (n64) and 6000 (n32).
//  * 128 signals, so a sigset has 16 bytes; struct sigaction begins with the flags, siginfo has the
//    code before the error, stack_t the size before the flags.
//  * o32 passes the fifth argument and the following on the stack, and aligns 64-bit ones to even
//    places.
//  * n64 and n32 pass everything in registers of 64 bits, words of n32 sign-extended.
//  * The thread pointer is a register that `rdhwr $29` reads and set_thread_area(2) sets.
//  * The cycle counter (`rdhwr $2`) does not count in the engine: the vDSO asks by the reserved trap.
//
// Read in Linux 6.1: arch/mips/kernel/scall32-o32.S, scall64-{n64,n32}.S, syscalls/*.tbl, include/asm/elf.h (e_flags),
// include/asm/processor.h and kernel/process.c (address space, start), kernel/cpu-probe.c
// (platform), include/uapi/asm/{signal,siginfo,resource,ioctl}.h.
#pragma once

#include "abi/define.hpp"

namespace postern::mips {

// The registers of o32. Floating point: sixteen pairs, each a double (FR = 0), as programs that
// are not FP64 see them.
#define POSTERN_MIPS_ROW(name, first, word)                                                              \
    {name #first "0", word}, {name #first "1", word}, {name #first "2", word}, {name #first "3", word},    \
    {name #first "4", word}, {name #first "5", word}, {name #first "6", word}, {name #first "7", word},    \
    {name #first "8", word}, {name #first "9", word}

#define POSTERN_MIPS_GENERAL(word)                                                                         \
    {"pc", word},                                                                                            \
    {"r1", word}, {"r2", word}, {"r3", word}, {"r4", word}, {"r5", word}, {"r6", word}, {"r7", word},        \
    {"r8", word}, {"r9", word}, POSTERN_MIPS_ROW("r", 1, word), POSTERN_MIPS_ROW("r", 2, word),              \
    {"r30", word}, {"r31", word}, {"hi", word}, {"lo", word}, {"userlocal", word}

inline constexpr Register o32_registers[] = {
    POSTERN_MIPS_GENERAL(4),
    {"d0", 8}, {"d1", 8}, {"d2", 8}, {"d3", 8}, {"d4", 8}, {"d5", 8}, {"d6", 8}, {"d7", 8}, {"d8", 8}, {"d9", 8},
    {"d10", 8}, {"d11", 8}, {"d12", 8}, {"d13", 8}, {"d14", 8}, {"d15", 8},
    {"fcsr", 4},
};
/// Of n32 and n64. Floating point: 32 registers (FR = 1).
inline constexpr Register wide_registers[] = {
    POSTERN_MIPS_GENERAL(8),
    {"f0", 8}, {"f1", 8}, {"f2", 8}, {"f3", 8}, {"f4", 8}, {"f5", 8}, {"f6", 8}, {"f7", 8}, {"f8", 8}, {"f9", 8},
    POSTERN_MIPS_ROW("f", 1, 8), POSTERN_MIPS_ROW("f", 2, 8), {"f30", 8}, {"f31", 8},
    {"fcsr", 4},
};
#undef POSTERN_MIPS_GENERAL
#undef POSTERN_MIPS_ROW

consteval RegisterIndex o32_register(std::string_view name) { return define::index_of(o32_registers, name); }
consteval RegisterIndex wide_register(std::string_view name) { return define::index_of(wide_registers, name); }

inline constexpr RegisterIndex o32_arguments[] = {o32_register("r4"), o32_register("r5"), o32_register("r6"),
                                                  o32_register("r7")};
inline constexpr RegisterIndex wide_arguments[] = {wide_register("r4"), wide_register("r5"), wide_register("r6"),
                                                   wide_register("r7"), wide_register("r8"), wide_register("r9")};
inline constexpr AuxHead auxv_head[] = {aux_vdso};

/// e_flags that no o32 program for this processor has: ABI2 (n32), an ABI other than o32, registers
/// of 64 bits for floating point, NaNs as IEEE 754-2008 has them, an instruction set from MIPS64r2
/// on (release 6 among them).
inline constexpr u32 o32_foreign_flags = 0x8000'e620;
/// Of n64 and n32: an ABI other than those two, NaNs as IEEE 754-2008 has them, which release 6 always
/// has. Only ABI2 tells n32 from o32.
inline constexpr u32 wide_foreign_flags = 0xf400, abi2_flag = 0x20;

/// Everything of o32 that the byte order does not change.
constexpr SyscallConvention o32_convention() {
    return {.number = o32_register("r2"),
            .arguments = o32_arguments,
            .stack_arguments = StackArguments{.offset = 16, .count = 4},
            .result = o32_register("r2"),
            .error_flag = ErrorFlag{.index = o32_register("r7"), .set = 1, .mask = ~u64{0}},
            .second_result = o32_register("r3"),
            .trap_length = 4,
            .align_pairs = true,
            .restart_number = 4253};
}

/// The same of the 64-bit ABIs, whose arguments are all in registers.
constexpr SyscallConvention wide_convention(bool has_short_words, u32 restart_number) {
    return {.number = wide_register("r2"),
            .arguments = wide_arguments,
            .result = wide_register("r2"),
            .error_flag = ErrorFlag{.index = wide_register("r7"), .set = 1, .mask = ~u64{0}},
            .second_result = wide_register("r3"),
            .trap_length = 4,
            .wide_registers = has_short_words,
            .restart_number = restart_number};
}

/// A native 32-bit kernel's: below the end of user space are the page for emulated delay slots,
/// the vDSO and its data.
inline constexpr AddressSpaceLayout o32_layout{.page_size = 4096,
                                               .task_size = 0x8000'0000,
                                               .stack_top = 0x7fff'8000,
                                               .pie_base = 0x5555'5000};

inline constexpr ProcessStart o32_start{.auxv_head = auxv_head,
                                        .hwcap = 0,
                                        .hwcap2 = {},
                                        .platform = "mips",
                                        .base_platform = "mips32r2",
                                        .uname_machine = "mips",
                                        .missing_gnu_stack_means_exec = true};

/// A 64-bit kernel's with 40 bits of addresses. n32 ends a little below the 2 GiB of o32.
inline constexpr AddressSpaceLayout n64_layout{.page_size = 4096,
                                               .task_size = u64{1} << 40,
                                               .stack_top = (u64{1} << 40) - 0x8000,
                                               .pie_base = 0xaa'aaaa'a000};
inline constexpr AddressSpaceLayout n32_layout{.page_size = 4096,
                                               .task_size = 0x7fff'8000,
                                               .stack_top = 0x7fff'0000,
                                               .pie_base = 0x5555'0000};

inline constexpr ProcessStart wide_start{.auxv_head = auxv_head,
                                         .hwcap = 0,
                                         .hwcap2 = {},
                                         .platform = "mips",
                                         .base_platform = "mips64r2",
                                         .uname_machine = "mips64",
                                         .missing_gnu_stack_means_exec = true};

/// Direction bits of ioctl requests (include/uapi/asm/ioctl.h).
inline constexpr IoctlEncoding ioctl_encoding{.direction_shift = 29, .none = 1, .write = 4, .read = 2};
inline constexpr u64 word_infinity = 0x7fff'ffff;   ///< RLIM_INFINITY of the ABIs with 32-bit words

/// What the two byte orders of an ABI do not share: names and tables.
struct Variant {
    std::string_view name, title;
    ByteOrder byte_order;
    u16 alternative_machine = 0;
    std::string_view image;
    std::span<const SyscallNumber> syscall_numbers;
    std::string_view soname;
    std::span<const VdsoExport> exports;
    NumberTables numbers;
    std::span<const StructLayout> layouts;
    const SignalAbi* signals;
};

/// What o32 is in either byte order.
constexpr Abi o32(const Variant& variant) {
    return {
        .name = variant.name,
        .title = variant.title,
        .machine = Machine::mips32,
        .word_size = 4,
        .byte_order = variant.byte_order,
        .elf = {.machine = 8, .elf_class = 1, .flags_mask = o32_foreign_flags, .flags_value = 0,
                .alternative_machine = variant.alternative_machine},

        .registers = o32_registers,
        .program_counter = o32_register("pc"),
        .stack_pointer = o32_register("r29"),
        .entry_pointer = {},

        .syscall = o32_convention(),
        .syscall_numbers = variant.syscall_numbers,
        .clone_order = CloneOrder::flags_stack_parent_tls_child,
        .thread_pointer = {.kind = ThreadPointerKind::register_value, .low = o32_register("userlocal"), .high = {}},

        .layout = o32_layout,
        .start = o32_start,
        .vdso = {.soname = variant.soname,
                 .image = variant.image,
                 .exports = variant.exports,
                 .default_clock_mode = ClockMode::trap,
                 .helper_pages = {},
                 .call_arguments = o32_arguments,
                 .call_result = o32_register("r2"),
                 .return_address = o32_register("r31")},
        .numbers = variant.numbers,
        .ioctl = ioctl_encoding,
        .rlimit_infinity = word_infinity,
        .layouts = variant.layouts,
        .signals = variant.signals,
    };
}

/// What n64 is in either byte order.
constexpr Abi n64(const Variant& variant) {
    return {
        .name = variant.name,
        .title = variant.title,
        .machine = Machine::mips64,
        .word_size = 8,
        .byte_order = variant.byte_order,
        .elf = {.machine = 8, .elf_class = 2, .flags_mask = wide_foreign_flags, .flags_value = 0},

        .registers = wide_registers,
        .program_counter = wide_register("pc"),
        .stack_pointer = wide_register("r29"),
        .entry_pointer = {},

        .syscall = wide_convention(false, 5213),
        .syscall_numbers = variant.syscall_numbers,
        .clone_order = CloneOrder::flags_stack_parent_tls_child,
        .thread_pointer = {.kind = ThreadPointerKind::register_value, .low = wide_register("userlocal"), .high = {}},

        .layout = n64_layout,
        .start = wide_start,
        .vdso = {.soname = variant.soname,
                 .image = variant.image,
                 .exports = variant.exports,
                 .default_clock_mode = ClockMode::trap,
                 .helper_pages = {},
                 .call_arguments = wide_arguments,
                 .call_result = wide_register("r2"),
                 .return_address = wide_register("r31")},
        .numbers = variant.numbers,
        .ioctl = ioctl_encoding,
        .layouts = variant.layouts,
        .signals = variant.signals,
    };
}

/// 32-bit words on the 64-bit machine.
constexpr Abi n32(const Variant& variant) {
    Abi abi = n64(variant);
    abi.word_size = 4;
    abi.elf = {.machine = 8, .elf_class = 1, .flags_mask = wide_foreign_flags | abi2_flag, .flags_value = abi2_flag};
    abi.syscall = wide_convention(true, 6214);
    abi.layout = n32_layout;
    abi.rlimit_infinity = word_infinity;
    return abi;
}

}  // namespace postern::mips
