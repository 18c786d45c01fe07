// sh4: SuperH-4, little-endian. What is odd is told in sh.hpp.

#include "abi/sh.hpp"

#define ABI_SYSCALLS "abi/syscalls/sh4.tbl"
#define ABI_LAYOUTS "abi/layouts/sh4.def"
#define ABI_NUMBERS "abi/numbers/sh4.def"
#define ABI_EXPORTS "abi/vdso/sh4.def"
#include "abi/tables.inc"

namespace postern {

constinit const Abi sh4_abi = sh::abi({
    .name = "sh4",
    .title = "SuperH (SH-4, little-endian)",
    .byte_order = ByteOrder::little,
    .machine_name = "sh4",
    .image = "sh4.so",
    .syscall_numbers = syscall_numbers,
    .soname = vdso_soname,
    .exports = vdso_exports,
    .numbers = numbers,
    .layouts = struct_layouts,
    .signals = &sh4_signals,
});

}  // namespace postern
