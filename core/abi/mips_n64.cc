// mips-n64: 64-bit MIPS, big-endian. What is odd is told in mips.hpp.

#include "abi/mips.hpp"

#define ABI_SYSCALLS "abi/syscalls/mips-n64.tbl"
#define ABI_LAYOUTS "abi/layouts/mips-n64.def"
#define ABI_NUMBERS "abi/numbers/mips-n64.def"
#define ABI_EXPORTS "abi/vdso/mips-n64.def"
#include "abi/tables.inc"

namespace postern {

constinit const Abi mips_n64_abi = mips::n64({
    .name = "mips-n64",
    .title = "MIPS (64-bit n64, big-endian)",
    .byte_order = ByteOrder::big,
    .image = "mips-n64.so",
    .syscall_numbers = syscall_numbers,
    .soname = vdso_soname,
    .exports = vdso_exports,
    .numbers = numbers,
    .layouts = struct_layouts,
    .signals = &mips_n64_signals,
});

}  // namespace postern
