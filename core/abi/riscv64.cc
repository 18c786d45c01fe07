// riscv64, the LP64 ABI of RV64GC, little-endian.
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
//  * The address space is that of Sv48, as the CPU model has it.
//
// Read in Linux 6.1: include/uapi/asm-generic/unistd.h, arch/riscv/include/asm/elf.h (auxv),
// include/asm/processor.h and pgtable.h (TASK_SIZE), kernel/process.c (start_thread),
// kernel/cpufeature.c (hwcap).

#include "abi/define.hpp"

#define ABI_SYSCALLS "abi/syscalls/riscv64.tbl"
#define ABI_LAYOUTS "abi/layouts/riscv64.def"
#define ABI_NUMBERS "abi/numbers/riscv64.def"
#define ABI_EXPORTS "abi/vdso/riscv64.def"
#include "abi/tables.inc"

namespace postern {
namespace {

constexpr Register registers[] = {
    {"pc", 8}, {"x1", 8}, {"x2", 8}, {"x3", 8}, {"x4", 8}, {"x5", 8}, {"x6", 8}, {"x7", 8},
    {"x8", 8}, {"x9", 8}, {"x10", 8}, {"x11", 8}, {"x12", 8}, {"x13", 8}, {"x14", 8}, {"x15", 8},
    {"x16", 8}, {"x17", 8}, {"x18", 8}, {"x19", 8}, {"x20", 8}, {"x21", 8}, {"x22", 8}, {"x23", 8},
    {"x24", 8}, {"x25", 8}, {"x26", 8}, {"x27", 8}, {"x28", 8}, {"x29", 8}, {"x30", 8}, {"x31", 8},
    {"f0", 8}, {"f1", 8}, {"f2", 8}, {"f3", 8}, {"f4", 8}, {"f5", 8}, {"f6", 8}, {"f7", 8},
    {"f8", 8}, {"f9", 8}, {"f10", 8}, {"f11", 8}, {"f12", 8}, {"f13", 8}, {"f14", 8}, {"f15", 8},
    {"f16", 8}, {"f17", 8}, {"f18", 8}, {"f19", 8}, {"f20", 8}, {"f21", 8}, {"f22", 8}, {"f23", 8},
    {"f24", 8}, {"f25", 8}, {"f26", 8}, {"f27", 8}, {"f28", 8}, {"f29", 8}, {"f30", 8}, {"f31", 8},
    {"fcsr", 4},
};
consteval RegisterIndex reg(std::string_view name) { return define::index_of(registers, name); }

// a0 to a5; a function call has a6 and a7 as well.
constexpr RegisterIndex arguments[] = {reg("x10"), reg("x11"), reg("x12"), reg("x13"), reg("x14"), reg("x15")};
// AT_L1I_CACHESIZE and its seven followers: sizes and shapes that no device tree tells.
constexpr AuxHead auxv_head[] = {aux_vdso,    {.type = 40}, {.type = 41}, {.type = 42}, {.type = 43},
                                 {.type = 44}, {.type = 45}, {.type = 46}, {.type = 47}};

// Keys of include/uapi/asm/hwprobe.h: vendor, architecture and implementation are nobody's;
// 3 base behaviour: IMA; 4 extensions: F and D, C; 5 unaligned access: fast.
constexpr HardwareProbe hardware_probe[] = {{0, 0}, {1, 0}, {2, 0}, {3, 1}, {4, 1 | 2}, {5, 3}};

constexpr u64 extension(char letter) { return u64{1} << (letter - 'A'); }

}  // namespace

constinit const Abi riscv64_abi{
    .name = "riscv64",
    .title = "RISC-V 64-bit (LP64D)",
    .machine = Machine::riscv64,
    .word_size = 8,
    .byte_order = ByteOrder::little,
    .elf = {.machine = 243, .elf_class = 2},

    .registers = registers,
    .program_counter = reg("pc"),
    .stack_pointer = reg("x2"),
    .entry_pointer = {},

    .syscall = {.number = reg("x17"),
                .arguments = arguments,
                .result = reg("x10"),
                .trap_length = 4,
                .restart_number = 128},
    .syscall_numbers = syscall_numbers,
    .clone_order = CloneOrder::flags_stack_parent_tls_child,
    .thread_pointer = {.kind = ThreadPointerKind::register_value, .low = reg("x4"), .high = {}},

    .layout = {.page_size = 4096,
               .task_size = u64{1} << 47,
               .stack_top = u64{1} << 47,
               .pie_base = 0x5555'5555'5000},
    .start = {.auxv_head = auxv_head,
              .hwcap = extension('I') | extension('M') | extension('A') | extension('F') | extension('D') |
                       extension('C'),
              .hwcap2 = {},
              .platform = "",
              .uname_machine = "riscv64",
              .missing_gnu_stack_means_exec = false},
    .vdso = {.soname = vdso_soname,
             .image = "riscv64.so",
             .exports = vdso_exports,
             .default_clock_mode = ClockMode::trap,
             .helper_pages = {},
             .call_arguments = arguments,
             .call_result = reg("x10"),
             .return_address = reg("x1")},
    .numbers = numbers,
    .hardware_probe = hardware_probe,
    .layouts = struct_layouts,
    .signals = &riscv64_signals,
};

}  // namespace postern
