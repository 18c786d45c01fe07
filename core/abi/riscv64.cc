// riscv64, the LP64 ABI of RV64GC, little-endian. What is odd is told in riscv.hpp. The address
// space is that of Sv48, as the CPU model has it.

#include "abi/riscv.hpp"

#define ABI_SYSCALLS "abi/syscalls/riscv64.tbl"
#define ABI_LAYOUTS "abi/layouts/riscv64.def"
#define ABI_NUMBERS "abi/numbers/riscv64.def"
#define ABI_EXPORTS "abi/vdso/riscv64.def"
#include "abi/tables.inc"

namespace postern {

constinit const Abi riscv64_abi{
    .name = "riscv64",
    .title = "RISC-V 64-bit (LP64D)",
    .machine = Machine::riscv64,
    .word_size = 8,
    .byte_order = ByteOrder::little,
    .elf = {.machine = 243, .elf_class = 2},

    .registers = riscv::registers64,
    .program_counter = riscv::reg("pc"),
    .stack_pointer = riscv::reg("x2"),
    .entry_pointer = {},

    .syscall = riscv::convention,
    .syscall_numbers = syscall_numbers,
    .clone_order = CloneOrder::flags_stack_parent_tls_child,
    .thread_pointer = riscv::thread_pointer,

    .layout = {.page_size = 4096,
               .task_size = u64{1} << 47,
               .stack_top = u64{1} << 47,
               .pie_base = 0x5555'5555'5000},
    .start = riscv::start("riscv64"),
    .vdso = {.soname = vdso_soname,
             .image = "riscv64.so",
             .exports = vdso_exports,
             .default_clock_mode = ClockMode::trap,
             .helper_pages = {},
             .call_arguments = riscv::arguments,
             .call_result = riscv::reg("x10"),
             .return_address = riscv::reg("x1")},
    .numbers = numbers,
    .hardware_probe = riscv::hardware_probe,
    .layouts = struct_layouts,
    .signals = &riscv64_signals,
};

}  // namespace postern
