// mips-o32: 32-bit MIPS, big-endian. What is odd is told in mips.hpp.

#include "abi/mips.hpp"

#define ABI_SYSCALLS "abi/syscalls/mips-o32.tbl"
#define ABI_LAYOUTS "abi/layouts/mips-o32.def"
#define ABI_NUMBERS "abi/numbers/mips-o32.def"
#define ABI_EXPORTS "abi/vdso/mips-o32.def"
#include "abi/tables.inc"

namespace postern {

constinit const Abi mips_o32_abi{
    .name = "mips-o32",
    .title = "MIPS (32-bit o32, big-endian)",
    .machine = Machine::mips32,
    .word_size = 4,
    .byte_order = ByteOrder::big,
    .elf = {.machine = 8, .elf_class = 1, .flags_mask = mips::o32_foreign_flags, .flags_value = 0},

    .registers = mips::o32_registers,
    .program_counter = mips::o32_register("pc"),
    .stack_pointer = mips::o32_register("r29"),
    .entry_pointer = {},

    .syscall = mips::o32_convention(),
    .syscall_numbers = syscall_numbers,
    .clone_order = CloneOrder::flags_stack_parent_tls_child,
    .thread_pointer = {.kind = ThreadPointerKind::register_value, .low = mips::o32_register("userlocal"), .high = {}},

    .layout = mips::o32_layout,
    .start = mips::o32_start,
    .vdso = {.soname = vdso_soname,
             .image = "mips-o32.so",
             .exports = vdso_exports,
             .default_clock_mode = ClockMode::trap,
             .helper_pages = {},
             .call_arguments = mips::o32_arguments,
             .call_result = mips::o32_register("r2"),
             .return_address = mips::o32_register("r31")},
    .numbers = numbers,
    .ioctl = mips::ioctl_encoding,
    .rlimit_infinity = mips::word_infinity,
    .layouts = struct_layouts,
    .signals = &mips_o32_signals,
};

}  // namespace postern
