// sh4eb: SuperH-4, big-endian. What is odd is told in sh.hpp.

#include "abi/sh.hpp"

#define ABI_SYSCALLS "abi/syscalls/sh4eb.tbl"
#define ABI_LAYOUTS "abi/layouts/sh4eb.def"
#define ABI_NUMBERS "abi/numbers/sh4eb.def"
#define ABI_EXPORTS "abi/vdso/sh4eb.def"
#include "abi/tables.inc"

namespace postern {

constinit const Abi sh4eb_abi = sh::abi({
    .name = "sh4eb",
    .title = "SuperH (SH-4, big-endian)",
    .byte_order = ByteOrder::big,
    .machine_name = "sh4eb",
    .image = "sh4eb.so",
    .syscall_numbers = syscall_numbers,
    .soname = vdso_soname,
    .exports = vdso_exports,
    .numbers = numbers,
    .layouts = struct_layouts,
    .signals = &sh4eb_signals,
});

}  // namespace postern
