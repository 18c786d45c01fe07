// mips-o32: 32-bit MIPS, big-endian. What is odd is told in mips.hpp.

#include "abi/mips.hpp"

#define ABI_SYSCALLS "abi/syscalls/mips-o32.tbl"
#define ABI_LAYOUTS "abi/layouts/mips-o32.def"
#define ABI_NUMBERS "abi/numbers/mips-o32.def"
#define ABI_EXPORTS "abi/vdso/mips-o32.def"
#include "abi/tables.inc"

namespace postern {

constinit const Abi mips_o32_abi = mips::o32({
    .name = "mips-o32",
    .title = "MIPS (32-bit o32, big-endian)",
    .byte_order = ByteOrder::big,
    .image = "mips-o32.so",
    .syscall_numbers = syscall_numbers,
    .soname = vdso_soname,
    .exports = vdso_exports,
    .numbers = numbers,
    .layouts = struct_layouts,
    .signals = &mips_o32_signals,
});

}  // namespace postern
