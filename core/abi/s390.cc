// s390, the 31-bit ABI of IBM Z, as a 64-bit kernel serves it.
//
// Odd here:
//  * An address has 31 bits: the machine ignores the top bit of a word, and return addresses have
//    it set (it says 31-bit addressing to the instructions that switch modes). Pointers given to
//    the kernel may have it too.
//  * Registers have 64 bits all the same. The kernel's interface shows their lower halves r0 to
//    r15; signal frames carry the upper ones, h0 to h15, behind everything else. Writing a lower
//    half clears the upper one, as the kernel does it.
//  * The PSW is two words there, with the addressing mode as top bit of the second: psw_mask is
//    the first one.
//  * System call numbers, trampolines and conventions are those of s390 with 32-bit words. A
//    64-bit argument takes two registers, the upper half first. mmap, mmap2 and fadvise64_64 have
//    their arguments in memory, since there are too many for five registers.
//  * The thread pointer is access register a0 alone.
//  * The stack ends three pages, the size of Linux's vDSO, and a guard page below 2 GiB.
//  * Linux had the vDSO's clocks until before 5.10, its trampolines from 5.14 on, and both under one
//    soname.
//
// Read: arch/s390/kernel/compat_signal.c of an older Linux, its headers for user space (the sizes of
// register blocks are those of 6.1), vdso32/getcpu.S. What concerns the clocks of the vDSO and the
// address space was not compared with a kernel.

#include "abi/define.hpp"

#define ABI_SYSCALLS "abi/syscalls/s390.tbl"
#define ABI_LAYOUTS "abi/layouts/s390.def"
#define ABI_NUMBERS "abi/numbers/s390.def"
#define ABI_EXPORTS "abi/vdso/s390.def"
#include "abi/tables.inc"

namespace postern {
namespace {

constexpr Register registers[] = {
    {"r0", 4}, {"r1", 4}, {"r2", 4}, {"r3", 4}, {"r4", 4}, {"r5", 4}, {"r6", 4}, {"r7", 4},
    {"r8", 4}, {"r9", 4}, {"r10", 4}, {"r11", 4}, {"r12", 4}, {"r13", 4}, {"r14", 4}, {"r15", 4},
    {"psw_mask", 4}, {"psw_addr", 4},
    {"a0", 4}, {"a1", 4}, {"a2", 4}, {"a3", 4}, {"a4", 4}, {"a5", 4}, {"a6", 4}, {"a7", 4},
    {"a8", 4}, {"a9", 4}, {"a10", 4}, {"a11", 4}, {"a12", 4}, {"a13", 4}, {"a14", 4}, {"a15", 4},
    {"f0", 8}, {"f1", 8}, {"f2", 8}, {"f3", 8}, {"f4", 8}, {"f5", 8}, {"f6", 8}, {"f7", 8},
    {"f8", 8}, {"f9", 8}, {"f10", 8}, {"f11", 8}, {"f12", 8}, {"f13", 8}, {"f14", 8}, {"f15", 8},
    {"fpc", 4},
    {"h0", 4}, {"h1", 4}, {"h2", 4}, {"h3", 4}, {"h4", 4}, {"h5", 4}, {"h6", 4}, {"h7", 4},
    {"h8", 4}, {"h9", 4}, {"h10", 4}, {"h11", 4}, {"h12", 4}, {"h13", 4}, {"h14", 4}, {"h15", 4},
};
consteval RegisterIndex reg(std::string_view name) { return define::index_of(registers, name); }

constexpr RegisterIndex syscall_arguments[] = {reg("r2"), reg("r3"), reg("r4"), reg("r5"), reg("r6"), reg("r7")};
constexpr RegisterIndex call_arguments[] = {reg("r2"), reg("r3"), reg("r4"), reg("r5"), reg("r6")};
constexpr AuxHead auxv_head[] = {aux_vdso};

/// AT_HWCAP bits that the engine's CPU executes: see s390x. high_gprs: upper halves survive signals.
enum : u64 {
    esan3 = 1 << 0, zarch = 1 << 1, ldisp = 1 << 4, eimm = 1 << 5, etf3eh = 1 << 8, high_gprs = 1 << 9,
};

}  // namespace

constinit const Abi s390_abi{
    .name = "s390",
    .title = "s390 (IBM Z, 31-bit)",
    .machine = Machine::s390x,
    .word_size = 4,
    .byte_order = ByteOrder::big,
    .elf = {.machine = 22, .elf_class = 1, .alternative_machine = 0xa390},

    .registers = registers,
    .program_counter = reg("psw_addr"),
    .stack_pointer = reg("r15"),
    .entry_pointer = {},

    .syscall = {.number = reg("r1"),
                .arguments = syscall_arguments,
                .result = reg("r2"),
                .trap_length = 2,
                .restart_number = 7},
    .syscall_numbers = syscall_numbers,
    .clone_order = CloneOrder::stack_flags_parent_child_tls,
    .thread_pointer = {.kind = ThreadPointerKind::register_value, .low = reg("a0"), .high = {}},

    .layout = {.page_size = 4096,
               .task_size = 0x8000'0000,
               .stack_top = 0x7fff'c000,
               .pie_base = 0x5555'2000,
               .ignored_address_bits = 0x8000'0000},
    .start = {.auxv_head = auxv_head,
              .hwcap = esan3 | zarch | ldisp | eimm | etf3eh | high_gprs,
              .hwcap2 = {},
              .platform = "z10",
              .uname_machine = "s390",
              .missing_gnu_stack_means_exec = false},
    .vdso = {.soname = vdso_soname,
             .image = "s390.so",
             .exports = vdso_exports,
             .default_clock_mode = ClockMode::trap,
             .helper_pages = {},
             .call_arguments = call_arguments,
             .call_result = reg("r2"),
             .return_address = reg("r14")},
    .numbers = numbers,
    .layouts = struct_layouts,
    .signals = &s390_signals,
};

}  // namespace postern
