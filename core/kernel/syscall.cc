#include "kernel/syscall.hpp"

#include "kernel/process.hpp"

namespace postern::kernel {

u64 Arguments::word() {
    const Abi& abi = task_.abi();
    auto registers = abi.syscall.arguments;
    POSTERN_ASSERT(next_ < registers.size());
    return task_.cpu().get(registers[next_++]) & abi.word_mask();
}

u64 Arguments::wide() {
    const Abi& abi = task_.abi();
    if (abi.is_64bit()) return word();
    if (abi.syscall.align_pairs && next_ % 2 != 0) ++next_;
    u64 first = word();
    u64 second = word();
    return abi.byte_order == ByteOrder::little ? first | second << 32 : second | first << 32;
}

GuestLong ArgumentReader<GuestLong>::read(Arguments& in) { return {in.sign_extended_word()}; }

i64 Arguments::sign_extended_word() { return task_.abi().sign_extend_word(word()); }

}  // namespace postern::kernel
