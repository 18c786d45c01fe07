// mipsel-o32: 32-bit MIPS, little-endian. What is odd is told in mips.hpp.

#include "abi/mips.hpp"

#define ABI_SYSCALLS "abi/syscalls/mipsel-o32.tbl"
#define ABI_LAYOUTS "abi/layouts/mipsel-o32.def"
#define ABI_NUMBERS "abi/numbers/mipsel-o32.def"
#define ABI_EXPORTS "abi/vdso/mipsel-o32.def"
#include "abi/tables.inc"

namespace postern {

constinit const Abi mipsel_o32_abi{
    .name = "mipsel-o32",
    .title = "MIPS (32-bit o32, little-endian)",
    .machine = Machine::mips32,
    .word_size = 4,
    .byte_order = ByteOrder::little,
    .elf = {.machine = 8, .elf_class = 1, .flags_mask = mips::o32_foreign_flags, .flags_value = 0, .alternative_machine = 10},

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
             .image = "mipsel-o32.so",
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
    .signals = &mipsel_o32_signals,
};

}  // namespace postern
