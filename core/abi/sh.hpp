// What sh4 and sh4eb share: a SuperH-4 with floating point and memory management (no FDPIC).
//
// Odd here:
//  * A system call is `trapa` with any of the numbers 0x10 to 0x1f: C libraries say how many arguments
//    there are, or 0x1f; the kernel looks at nothing of it. The number is in r3. The fifth argument and
//    the following are in r0, r1 and r2, so that the first register is also the result's, and a repeated
//    call needs it as it was.
//  * pipe(2) has its second result in r1.
//  * 64-bit arguments take two registers, in the order that their words have in memory, in any position;
//    pread64 and pwrite64 have an unused word in front of the position.
//  * 64-bit members of structs are 4-aligned: stat64 is 96 bytes and ends with st_ino, flock64 is 24.
//  * Most terminal requests of ioctl(2) have numbers of the encoded kind, with sizes.
//  * Atomic sequences ("gUSA") rest on starting over: while r15, the stack pointer, is a small negative
//    number, it is the length of a sequence that ends at the address in r0, and r1 has the stack pointer.
//    An interruption in the middle of it makes it begin again. One processor runs a process and all that
//    shares memory with it.
//  * The machine name of a big-endian kernel is "sh4eb", and AT_PLATFORM is the machine name. Structs and
//    numbers do not depend on the byte order.
//  * The floating-point registers are named as programs have them while FPSCR.FR is 0: fr0 to fr15 are
//    the first bank, xf0 to xf15 the second.
//  * Delay slots: a program counter is never that of an instruction in one.
//  * The kernel looks for room from a third of the address space upwards; here it is looked for below the
//    stack, as everywhere.
//  * The vDSO holds a system call and signal trampolines. C libraries read the clocks by system call.
//
// Read in Linux 6.1: arch/sh/kernel/{entry-common.S,sys_sh.c,sys_sh32.c,syscalls/syscall.tbl},
// kernel/cpu/sh3/entry.S (gUSA), include/asm/{elf,processor_32}.h, kernel/vsyscall,
// include/asm/bugs.h (machine name), include/uapi/asm.
#pragma once

#include "abi/define.hpp"

namespace postern::sh {

inline constexpr Register registers[] = {
    {"r0", 4}, {"r1", 4}, {"r2", 4}, {"r3", 4}, {"r4", 4}, {"r5", 4}, {"r6", 4}, {"r7", 4},
    {"r8", 4}, {"r9", 4}, {"r10", 4}, {"r11", 4}, {"r12", 4}, {"r13", 4}, {"r14", 4}, {"r15", 4},
    {"pc", 4}, {"pr", 4}, {"sr", 4}, {"gbr", 4}, {"mach", 4}, {"macl", 4},
    {"fr0", 4}, {"fr1", 4}, {"fr2", 4}, {"fr3", 4}, {"fr4", 4}, {"fr5", 4}, {"fr6", 4}, {"fr7", 4},
    {"fr8", 4}, {"fr9", 4}, {"fr10", 4}, {"fr11", 4}, {"fr12", 4}, {"fr13", 4}, {"fr14", 4}, {"fr15", 4},
    {"xf0", 4}, {"xf1", 4}, {"xf2", 4}, {"xf3", 4}, {"xf4", 4}, {"xf5", 4}, {"xf6", 4}, {"xf7", 4},
    {"xf8", 4}, {"xf9", 4}, {"xf10", 4}, {"xf11", 4}, {"xf12", 4}, {"xf13", 4}, {"xf14", 4}, {"xf15", 4},
    {"fpscr", 4}, {"fpul", 4},
};
consteval RegisterIndex reg(std::string_view name) { return define::index_of(registers, name); }

inline constexpr RegisterIndex syscall_arguments[] = {reg("r4"), reg("r5"), reg("r6"), reg("r7"),
                                                      reg("r0"), reg("r1"), reg("r2")};
inline constexpr RegisterIndex call_arguments[] = {reg("r4"), reg("r5"), reg("r6"), reg("r7")};

/// The shape of a cache: size, line of 32 bytes, ways.
constexpr u64 cache_shape(u64 bytes, u64 ways) { return bytes | 5 << 4 | ways; }
inline constexpr u64 no_cache = 0xffff'ffff;

// The caches are those of the SH7750.
inline constexpr AuxHead auxv_head[] = {
    {.type = 18 /* AT_FPUCW */, .constant = 0x0008'0000},
    aux_vdso,
    {.type = 34 /* AT_L1I_CACHESHAPE */, .constant = cache_shape(8 * 1024, 1)},
    {.type = 35 /* AT_L1D_CACHESHAPE */, .constant = cache_shape(16 * 1024, 1)},
    {.type = 36 /* AT_L2_CACHESHAPE */, .constant = no_cache},
};

/// Doubles, as C has them.
inline constexpr StartRegister start_registers[] = {{.index = reg("fpscr"), .constant = 0x0008'0000}};

/// AT_HWCAP: CPU_HAS_FPU. Other bits speak of the SH-4A (LLSC), of DSPs and of what only kernels see.
inline constexpr u64 has_fpu = 1 << 0;

/// What the two byte orders do not share: names and tables.
struct Variant {
    std::string_view name, title;
    ByteOrder byte_order;
    std::string_view machine_name;   ///< of uname(2) and AT_PLATFORM
    std::string_view image;
    std::span<const SyscallNumber> syscall_numbers;
    std::string_view soname;
    std::span<const VdsoExport> exports;
    NumberTables numbers;
    std::span<const StructLayout> layouts;
    const SignalAbi* signals;
};

/// What a SuperH-4 is in either byte order.
constexpr Abi abi(const Variant& variant) {
    return {
        .name = variant.name,
        .title = variant.title,
        .machine = Machine::sh4,
        .word_size = 4,
        .byte_order = variant.byte_order,
        .elf = {.machine = 42, .elf_class = 1, .flags_mask = 0x8000 /* FDPIC */, .flags_value = 0},

        .registers = registers,
        .program_counter = reg("pc"),
        .stack_pointer = reg("r15"),
        .entry_pointer = {},

        .syscall = {.number = reg("r3"),
                    .arguments = syscall_arguments,
                    .result = reg("r0"),
                    .second_result = reg("r1"),
                    .trap_length = 2,
                    .restart_number = 0},
        .syscall_numbers = variant.syscall_numbers,
        .clone_order = CloneOrder::flags_stack_parent_child_tls,
        .thread_pointer = {.kind = ThreadPointerKind::register_value, .low = reg("gbr"), .high = {}},

        .layout = {.page_size = 4096,
                   .task_size = 0x7c00'0000,
                   .stack_top = 0x7c00'0000,
                   .pie_base = 0x52aa'a000},
        .start = {.auxv_head = auxv_head,
                  .hwcap = has_fpu,
                  .hwcap2 = {},
                  .platform = variant.machine_name,
                  .uname_machine = variant.machine_name,
                  .missing_gnu_stack_means_exec = true,
                  .registers = start_registers},
        .vdso = {.soname = variant.soname,
                 .image = variant.image,
                 .exports = variant.exports,
                 .default_clock_mode = ClockMode::trap,
                 .helper_pages = {},
                 .call_arguments = call_arguments,
                 .call_result = reg("r0"),
                 .return_address = reg("pr")},
        .numbers = variant.numbers,
        .layouts = variant.layouts,
        .signals = variant.signals,
    };
}

}  // namespace postern::sh
