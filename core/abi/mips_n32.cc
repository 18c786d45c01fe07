// mips-n32: 64-bit MIPS, big-endian. What is odd is told in mips.hpp.

#include "abi/mips.hpp"

#define ABI_SYSCALLS "abi/syscalls/mips-n32.tbl"
#define ABI_LAYOUTS "abi/layouts/mips-n32.def"
#define ABI_NUMBERS "abi/numbers/mips-n32.def"
#define ABI_EXPORTS "abi/vdso/mips-n32.def"
#include "abi/tables.inc"

namespace postern {

constinit const Abi mips_n32_abi = mips::n32({
    .name = "mips-n32",
    .title = "MIPS (64-bit n32, big-endian)",
    .byte_order = ByteOrder::big,
    .image = "mips-n32.so",
    .syscall_numbers = syscall_numbers,
    .soname = vdso_soname,
    .exports = vdso_exports,
    .numbers = numbers,
    .layouts = struct_layouts,
    .signals = &mips_n32_signals,
});

}  // namespace postern
