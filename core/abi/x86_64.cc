// x86-64, the 64-bit ABI of AMD64 machines.
//
// Odd here:
//  * `syscall` itself overwrites rcx (with the return address) and r11 (with the flags), so
//    the fourth argument is in r10, not in rcx as for functions.
//  * The thread pointer is the base of fs; arch_prctl sets it, and so can wrfsbase.
//  * The first stat family is the only one: stat, fstat, lstat are the entries newstat ...
//  * AT_HWCAP is CPUID leaf 1, EDX, as the engine's CPU model answers it: an Ice Lake client
//    without AVX and without XSAVE. So signal frames carry the 512 bytes of FXSAVE only, and AT_MINSIGSTKSZ is what the kernel computes for such a
//    CPU: largest frame without floating point, 512 + 112 bytes of it, and padding.
//  * The historic vsyscall page at 0xffffffffff600000 lies above every user address.
//
// Read in Linux 6.1: arch/x86/entry/entry_64.S (convention), syscalls/syscall_64.tbl,
// include/asm/elf.h (auxv, bases), include/asm/processor.h and page_64_types.h (TASK_SIZE),
// kernel/signal.c (init_sigframe_size), kernel/process_64.c (arch_prctl).

#include "abi/define.hpp"
#include "abi/x86_vsyscall.hpp"

#define ABI_SYSCALLS "abi/syscalls/x86-64.tbl"
#define ABI_LAYOUTS "abi/layouts/x86-64.def"
#define ABI_NUMBERS "abi/numbers/x86-64.def"
#define ABI_EXPORTS "abi/vdso/x86-64.def"
#include "abi/tables.inc"

namespace postern {
namespace {

constexpr Register registers[] = {
    {"rax", 8}, {"rbx", 8}, {"rcx", 8}, {"rdx", 8}, {"rsi", 8}, {"rdi", 8}, {"rbp", 8}, {"rsp", 8},
    {"r8", 8}, {"r9", 8}, {"r10", 8}, {"r11", 8}, {"r12", 8}, {"r13", 8}, {"r14", 8}, {"r15", 8},
    {"rip", 8}, {"eflags", 8},
    {"cs", 2}, {"ss", 2}, {"ds", 2}, {"es", 2}, {"fs", 2}, {"gs", 2}, {"fs_base", 8}, {"gs_base", 8},
    {"fpcw", 2}, {"fpsw", 2}, {"fptag", 2}, {"mxcsr", 4},
    {"st0", 10}, {"st1", 10}, {"st2", 10}, {"st3", 10}, {"st4", 10}, {"st5", 10}, {"st6", 10}, {"st7", 10},
    {"xmm0", 16}, {"xmm1", 16}, {"xmm2", 16}, {"xmm3", 16}, {"xmm4", 16}, {"xmm5", 16}, {"xmm6", 16},
    {"xmm7", 16}, {"xmm8", 16}, {"xmm9", 16}, {"xmm10", 16}, {"xmm11", 16}, {"xmm12", 16}, {"xmm13", 16},
    {"xmm14", 16}, {"xmm15", 16},
};

/// AT_HWCAP2: rdfsbase, wrfsbase and so on execute.
constexpr u64 fsgsbase = 1 << 1;

consteval RegisterIndex reg(std::string_view name) { return define::index_of(registers, name); }

constexpr RegisterIndex syscall_arguments[] = {reg("rdi"), reg("rsi"), reg("rdx"), reg("r10"), reg("r8"), reg("r9")};
constexpr RegisterIndex call_arguments[] = {reg("rdi"), reg("rsi"), reg("rdx"), reg("rcx"), reg("r8"), reg("r9")};
constexpr AuxHead auxv_head[] = {aux_vdso, {.type = 51 /* AT_MINSIGSTKSZ */, .constant = 1440}};

}  // namespace

constinit const Abi x86_64_abi{
    .name = "x86-64",
    .title = "x86-64 (AMD64)",
    .machine = Machine::x86_64,
    .word_size = 8,
    .byte_order = ByteOrder::little,
    .elf = {.machine = 62, .elf_class = 2},

    .registers = registers,
    .program_counter = reg("rip"),
    .stack_pointer = reg("rsp"),
    .entry_pointer = {},

    .syscall = {.number = reg("rax"),
                .arguments = syscall_arguments,
                .result = reg("rax"),
                .trap_length = 2,
                .restart_number = 219},
    .syscall_numbers = syscall_numbers,
    .clone_order = CloneOrder::flags_stack_parent_child_tls,
    .thread_pointer = {.kind = ThreadPointerKind::register_value, .low = reg("fs_base"), .high = {}},

    .layout = {.page_size = 4096,
               .task_size = 0x7fff'ffff'f000,
               .stack_top = 0x7fff'ffff'f000,
               .pie_base = 0x5555'5555'4000},
    .start = {.auxv_head = auxv_head,
              .hwcap = 0x078b'fbfd,
              .hwcap2 = fsgsbase,
              .platform = "x86_64",
              .uname_machine = "x86_64",
              .missing_gnu_stack_means_exec = false},
    .vdso = {.soname = vdso_soname,
             .image = "x86-64.so",
             .exports = vdso_exports,
             .default_clock_mode = ClockMode::counter,
             .counter_instruction = true,
             .helper_pages = x86::vsyscall_pages,
             .call_arguments = call_arguments,
             .call_result = reg("rax"),
             .return_address = {}},
    .numbers = numbers,
    .layouts = struct_layouts,
    .signals = &x86_64_signals,
};

}  // namespace postern
