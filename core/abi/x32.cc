// x32: x86-64's machine and registers with 32-bit pointers.
//
// Odd here:
//  * Bit 30 of a system call number says x32. Calls that x86-64 has too keep their number and
//    behaviour, with 64-bit longs in structs and arguments (`wide_long_size`); calls that take
//    structs with pointers have numbers from 512 on and the layouts of a 32-bit ABI.
//  * Numbers without the bit are x86-64's own calls (kernel: do_syscall_x64). They work where
//    both ABIs share a call, and here answer ENOSYS where x86-64's takes 64-bit pointers in memory.
//  * A time's nanoseconds are still cut to 32 bits (kernel: get_timespec64, in_compat_syscall).
//  * The loader is the one for 32-bit programs: AT_PLATFORM is that of i386. Memory ends below
//    4 GiB; an address above is a fault, it does not wrap.
//  * The signal frame is x86-64's from the registers on.
//
// Read in Linux 6.1: arch/x86/entry/common.c and syscalls/syscall_64.tbl, include/asm/elf.h and
// fs/compat_binfmt_elf.c (auxv, bases), kernel/signal_compat.c, include/asm/sigframe.h.

#include "abi/define.hpp"

#define ABI_SYSCALLS "abi/syscalls/x32.tbl"
#define ABI_LAYOUTS "abi/layouts/x32.def"
#define ABI_NUMBERS "abi/numbers/x32.def"
#define ABI_EXPORTS "abi/vdso/x32.def"
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

/// x86-64's numbers, as an x32 process may use them, in front of x32's.
constexpr SyscallNumber plain_numbers[] = {
#define CALL(number, name) {number, #name, #name},
#define CALL_AS(number, name, handler) {number, #name, #handler},
#include "abi/syscalls/x86-64.tbl"
#undef CALL
#undef CALL_AS
};
constexpr u32 x32_bit = 0x4000'0000;

consteval bool is_shared(const SyscallNumber& plain) {
    for (const SyscallNumber& own : syscall_numbers)
        if (own.number == (plain.number | x32_bit)) return own.handler == plain.handler;
    return false;
}

consteval auto both_numbers() {
    std::array<SyscallNumber, std::size(plain_numbers) + std::size(syscall_numbers)> all{};
    auto* next = all.data();
    for (SyscallNumber plain : plain_numbers) {
        if (!is_shared(plain)) plain.handler = "x86_64_only";
        *next++ = plain;
    }
    for (const SyscallNumber& own : syscall_numbers) *next++ = own;
    return all;
}
constexpr auto all_numbers = both_numbers();

consteval RegisterIndex reg(std::string_view name) { return define::index_of(registers, name); }

constexpr RegisterIndex syscall_arguments[] = {reg("rdi"), reg("rsi"), reg("rdx"), reg("r10"), reg("r8"), reg("r9")};
constexpr RegisterIndex call_arguments[] = {reg("rdi"), reg("rsi"), reg("rdx"), reg("rcx"), reg("r8"), reg("r9")};
constexpr AuxHead auxv_head[] = {aux_vdso, {.type = 51 /* AT_MINSIGSTKSZ */, .constant = 1440}};

}  // namespace

constinit const Abi x32_abi{
    .name = "x32",
    .title = "x32 (AMD64, 32-bit pointers)",
    .machine = Machine::x86_64,
    .word_size = 4,
    .wide_long_size = 8,
    .byte_order = ByteOrder::little,
    .elf = {.machine = 62, .elf_class = 1},

    .registers = registers,
    .program_counter = reg("rip"),
    .stack_pointer = reg("rsp"),
    .entry_pointer = {},

    .syscall = {.number = reg("rax"),
                .arguments = syscall_arguments,
                .result = reg("rax"),
                .trap_length = 2,
                .wide_registers = true,
                .restart_number = 0x4000'00db},
    .syscall_numbers = all_numbers,
    .clone_order = CloneOrder::flags_stack_parent_child_tls,
    .thread_pointer = {.kind = ThreadPointerKind::register_value, .low = reg("fs_base"), .high = {}},

    .layout = {.page_size = 4096,
               .task_size = 0xffff'e000,
               .stack_top = 0xffff'e000,
               .pie_base = 0x5655'5000},
    .start = {.auxv_head = auxv_head,
              .hwcap = 0x078b'fbfd,
              .hwcap2 = fsgsbase,
              .platform = "i686",
              .uname_machine = "x86_64",
              .missing_gnu_stack_means_exec = false},
    .vdso = {.soname = vdso_soname,
             .image = "x32.so",
             .exports = vdso_exports,
             .default_clock_mode = ClockMode::counter,
             .counter_instruction = true,
             .helper_pages = {},
             .call_arguments = call_arguments,
             .call_result = reg("rax"),
             .return_address = {}},
    .numbers = numbers,
    .layouts = struct_layouts,
    .signals = &x32_signals,
};

}  // namespace postern
