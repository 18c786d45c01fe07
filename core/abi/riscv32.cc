// riscv32, the ILP32 ABI of RV32GC, little-endian. What both widths share is told in riscv.hpp.
//
// Odd here:
//  * Every time is 64 bits wide: there is no call with 32-bit time at all. The stat family, getrlimit
//    and setrlimit, and wait4 are missing as well: programs have statx, prlimit64 and waitid.
//  * Linux builds the vDSO's clocks for 64-bit kernels only; here they are, as C libraries ask for them.
//  * `rdtimeh` brings the upper half of the time.
//  * Programs end where a native 32-bit kernel's fixed mappings begin (pgtable.h: FIXADDR_START).

#include "abi/riscv.hpp"

#define ABI_SYSCALLS "abi/syscalls/riscv32.tbl"
#define ABI_LAYOUTS "abi/layouts/riscv32.def"
#define ABI_NUMBERS "abi/numbers/riscv32.def"
#define ABI_EXPORTS "abi/vdso/riscv32.def"
#include "abi/tables.inc"

namespace postern {

constinit const Abi riscv32_abi{
    .name = "riscv32",
    .title = "RISC-V 32-bit (ILP32D)",
    .machine = Machine::riscv32,
    .word_size = 4,
    .byte_order = ByteOrder::little,
    .elf = {.machine = 243, .elf_class = 1},

    .registers = riscv::registers32,
    .program_counter = riscv::reg("pc"),
    .stack_pointer = riscv::reg("x2"),
    .entry_pointer = {},

    .syscall = riscv::convention,
    .syscall_numbers = syscall_numbers,
    .clone_order = CloneOrder::flags_stack_parent_tls_child,
    .thread_pointer = riscv::thread_pointer,

    .layout = {.page_size = 4096,
               .task_size = 0x9c80'0000,
               .stack_top = 0x9c80'0000,
               .pie_base = 0x6855'5000},
    .start = riscv::start("riscv32"),
    .vdso = {.soname = vdso_soname,
             .image = "riscv32.so",
             .exports = vdso_exports,
             .default_clock_mode = ClockMode::trap,
             .helper_pages = {},
             .call_arguments = riscv::arguments,
             .call_result = riscv::reg("x10"),
             .return_address = riscv::reg("x1")},
    .numbers = numbers,
    .hardware_probe = riscv::hardware_probe,
    .layouts = struct_layouts,
    .signals = &riscv32_signals,
};

}  // namespace postern
