#include "kernel/syscall.hpp"

#include "kernel/process.hpp"

namespace postern::kernel {

/// The next register, or the next word of the stack.
u64 Arguments::next() {
    const SyscallConvention& convention = task_.abi().syscall;
    unsigned index = next_++;
    if (index < convention.arguments.size()) [[likely]] return task_.cpu().get(convention.arguments[index]);
    POSTERN_ASSERT(convention.stack_arguments);
    index -= static_cast<unsigned>(convention.arguments.size());
    POSTERN_ASSERT(index < convention.stack_arguments->count);
    auto word = task_.memory().read_word(
        GuestAddr{task_.cpu().sp()} + convention.stack_arguments->offset + u64{index} * task_.abi().word_size);
    unreadable_ |= !word;
    return word.value_or(0);
}

u64 Arguments::word() { return next() & task_.abi().word_mask(); }

u64 Arguments::wide() {
    const Abi& abi = task_.abi();
    if (abi.has_64bit_registers()) return next();
    if (abi.syscall.align_pairs && next_ % 2 != 0) ++next_;
    u64 first = word();
    u64 second = word();
    return abi.byte_order == ByteOrder::little ? first | second << 32 : second | first << 32;
}

GuestLong ArgumentReader<GuestLong>::read(Arguments& in) { return {in.sign_extended_word()}; }

void set_result(Cpu& cpu, SysResult result) {
    const Abi& abi = cpu.abi();
    const SyscallConvention& convention = abi.syscall;
    u64 mask = convention.wide_registers ? ~u64{0} : abi.word_mask();
    i64 value = result.value;
    if (result.is_error()) [[unlikely]] {
        i64 number = abi.numbers.to_guest(NumberSet::error, -value);
        value = convention.error_flag ? number : -number;
    }
    cpu.set(convention.result, static_cast<u64>(value) & mask);
    if (!convention.error_flag) [[likely]] return;
    const ErrorFlag& flag = *convention.error_flag;
    u64 others = cpu.get(flag.index) & ~flag.mask;
    cpu.set(flag.index, others | (result.is_error() ? flag.set : 0));
}

u64 Arguments::long_word() { return task_.abi().long_size() == 8 ? next() : word(); }

i64 Arguments::sign_extended_word() {
    u64 value = long_word();
    return task_.abi().long_size() == 8 ? static_cast<i64>(value) : static_cast<i32>(value);
}

}  // namespace postern::kernel
