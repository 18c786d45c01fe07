// s390x, the 64-bit ABI of IBM Z; the one big-endian machine of the first five.
//
// Odd here:
//  * The system call number is the low byte of the `svc` instruction itself; svc 0 means that
//    it is in r1. Always two bytes long (unless executed by EXECUTE).
//  * mmap has five arguments too many for the registers of the 31-bit ancestors: number 90
//    takes a pointer to six longs. ipc and socketcall multiplexers exist; ipc has five
//    arguments.
//  * clone takes the stack first, then the flags.
//  * The thread pointer is in access registers a0 (upper half) and a1 (lower half).
//  * Program counter and flags are one 128-bit register, the PSW: psw_mask selects 64-bit
//    addressing and problem state, psw_addr is the program counter.
//  * sigaltstack frames, siginfo and stat are 64-bit, but statfs has 32-bit type words.
//  * No CLONE_BACKWARDS, no AT_MINSIGSTKSZ, no AT_HWCAP2. The stack starts without the 160-byte
//    register save area that functions expect of their callers.
//  * The address space grows on demand; the stack ends below the vDSO's place at 4 TiB.
//  * User code has a clock instruction (stcke); the engine answers it with zero, so the vDSO
//    asks by a reserved trap.
//
// Read in Linux 6.1: arch/s390/kernel/syscall.c, kernel/entry.S, kernel/syscalls/syscall.tbl,
// include/asm/elf.h (auxv, hwcaps, PIE base), include/asm/processor.h (STACK_TOP, TASK_SIZE),
// kernel/vdso.c (place), kernel/processor.c (setup_hwcaps, platform).

#include "abi/define.hpp"

#define ABI_SYSCALLS "abi/syscalls/s390x.tbl"
#define ABI_LAYOUTS "abi/layouts/s390x.def"
#define ABI_NUMBERS "abi/numbers/s390x.def"
#define ABI_EXPORTS "abi/vdso/s390x.def"
#include "abi/tables.inc"

namespace postern {
namespace {

constexpr Register registers[] = {
    {"r0", 8}, {"r1", 8}, {"r2", 8}, {"r3", 8}, {"r4", 8}, {"r5", 8}, {"r6", 8}, {"r7", 8},
    {"r8", 8}, {"r9", 8}, {"r10", 8}, {"r11", 8}, {"r12", 8}, {"r13", 8}, {"r14", 8}, {"r15", 8},
    {"psw_mask", 8}, {"psw_addr", 8},
    {"a0", 4}, {"a1", 4}, {"a2", 4}, {"a3", 4}, {"a4", 4}, {"a5", 4}, {"a6", 4}, {"a7", 4},
    {"a8", 4}, {"a9", 4}, {"a10", 4}, {"a11", 4}, {"a12", 4}, {"a13", 4}, {"a14", 4}, {"a15", 4},
    {"f0", 8}, {"f1", 8}, {"f2", 8}, {"f3", 8}, {"f4", 8}, {"f5", 8}, {"f6", 8}, {"f7", 8},
    {"f8", 8}, {"f9", 8}, {"f10", 8}, {"f11", 8}, {"f12", 8}, {"f13", 8}, {"f14", 8}, {"f15", 8},
    {"fpc", 4},
};
consteval RegisterIndex reg(std::string_view name) { return define::index_of(registers, name); }

constexpr RegisterIndex syscall_arguments[] = {reg("r2"), reg("r3"), reg("r4"), reg("r5"), reg("r6"), reg("r7")};
constexpr RegisterIndex call_arguments[] = {reg("r2"), reg("r3"), reg("r4"), reg("r5"), reg("r6")};
constexpr AuxHead auxv_head[] = {aux_vdso};

/// AT_HWCAP bits that the engine's CPU executes. The vector facility (VXRS) works too, but is
/// not promised: signal frames do not carry vector registers. There is no decimal floating
/// point and no transactional execution, and `stfle` (STFLE) stores nothing.
enum : u64 {
    esan3 = 1 << 0, zarch = 1 << 1, ldisp = 1 << 4, eimm = 1 << 5, etf3eh = 1 << 8, high_gprs = 1 << 9,
};

}  // namespace

constinit const Abi s390x_abi{
    .name = "s390x",
    .title = "s390x (IBM Z, 64-bit)",
    .machine = Machine::s390x,
    .word_size = 8,
    .byte_order = ByteOrder::big,
    .elf = {.machine = 22, .elf_class = 2, .alternative_machine = 0xa390},

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
    .thread_pointer = {.kind = ThreadPointerKind::register_value, .low = reg("a1"), .high = reg("a0")},

    .layout = {.page_size = 4096,
               .task_size = 0xffff'ffff'ffff'f000,
               .stack_top = 0x3ff'ffff'b000,
               .pie_base = 0x2aa'0000'0000},
    .start = {.auxv_head = auxv_head,
              .hwcap = esan3 | zarch | ldisp | eimm | etf3eh | high_gprs,
              .hwcap2 = {},
              .platform = "z10",
              .uname_machine = "s390x",
              .missing_gnu_stack_means_exec = false},
    .vdso = {.soname = vdso_soname,
             .image = "s390x.so",
             .exports = vdso_exports,
             .default_clock_mode = ClockMode::trap,
             .helper_pages = {},
             .call_arguments = call_arguments,
             .call_result = reg("r2"),
             .return_address = reg("r14")},
    .numbers = numbers,
    .layouts = struct_layouts,
    .signals = &s390x_signals,
};

}  // namespace postern
