// mipsel-n32: 64-bit MIPS, little-endian. What is odd is told in mips.hpp.

#include "abi/mips.hpp"

#define ABI_SYSCALLS "abi/syscalls/mipsel-n32.tbl"
#define ABI_LAYOUTS "abi/layouts/mipsel-n32.def"
#define ABI_NUMBERS "abi/numbers/mipsel-n32.def"
#define ABI_EXPORTS "abi/vdso/mipsel-n32.def"
#include "abi/tables.inc"

namespace postern {

constinit const Abi mipsel_n32_abi = mips::n32({
    .name = "mipsel-n32",
    .title = "MIPS (64-bit n32, little-endian)",
    .byte_order = ByteOrder::little,
    .image = "mipsel-n32.so",
    .syscall_numbers = syscall_numbers,
    .soname = vdso_soname,
    .exports = vdso_exports,
    .numbers = numbers,
    .layouts = struct_layouts,
    .signals = &mipsel_n32_signals,
});

}  // namespace postern
