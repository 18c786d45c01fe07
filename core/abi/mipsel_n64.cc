// mipsel-n64: 64-bit MIPS, little-endian. What is odd is told in mips.hpp.

#include "abi/mips.hpp"

#define ABI_SYSCALLS "abi/syscalls/mipsel-n64.tbl"
#define ABI_LAYOUTS "abi/layouts/mipsel-n64.def"
#define ABI_NUMBERS "abi/numbers/mipsel-n64.def"
#define ABI_EXPORTS "abi/vdso/mipsel-n64.def"
#include "abi/tables.inc"

namespace postern {

constinit const Abi mipsel_n64_abi = mips::n64({
    .name = "mipsel-n64",
    .title = "MIPS (64-bit n64, little-endian)",
    .byte_order = ByteOrder::little,
    .image = "mipsel-n64.so",
    .syscall_numbers = syscall_numbers,
    .soname = vdso_soname,
    .exports = vdso_exports,
    .numbers = numbers,
    .layouts = struct_layouts,
    .signals = &mipsel_n64_signals,
});

}  // namespace postern
