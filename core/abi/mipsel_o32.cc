// mipsel-o32: 32-bit MIPS, little-endian. What is odd is told in mips.hpp.

#include "abi/mips.hpp"

#define ABI_SYSCALLS "abi/syscalls/mipsel-o32.tbl"
#define ABI_LAYOUTS "abi/layouts/mipsel-o32.def"
#define ABI_NUMBERS "abi/numbers/mipsel-o32.def"
#define ABI_EXPORTS "abi/vdso/mipsel-o32.def"
#include "abi/tables.inc"

namespace postern {

constinit const Abi mipsel_o32_abi = mips::o32({
    .name = "mipsel-o32",
    .title = "MIPS (32-bit o32, little-endian)",
    .byte_order = ByteOrder::little,
    .alternative_machine = 10,   // EM_MIPS_RS3_LE
    .image = "mipsel-o32.so",
    .syscall_numbers = syscall_numbers,
    .soname = vdso_soname,
    .exports = vdso_exports,
    .numbers = numbers,
    .layouts = struct_layouts,
    .signals = &mipsel_o32_signals,
});

}  // namespace postern
