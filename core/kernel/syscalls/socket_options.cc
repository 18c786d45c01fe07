// getsockopt and setsockopt: values between the guest's form and the host's.
#include "kernel/syscalls/network.hpp"
#include "kernel/syscalls/support.hpp"

#include <algorithm>
#include <array>
#include <sys/socket.h>

namespace postern::kernel::network {

namespace {

constexpr u32 largest_value = 4096;

struct OptionName {
    int level, option;
};

/// Level and option in generic numbers; -1, which is none, for one without a meaning.
OptionName option_from_guest(const Abi& abi, int level, int option) {
    auto generic_level = static_cast<int>(abi.numbers.from_guest(NumberSet::socket_level, level).value_or(-1));
    if (generic_level != SOL_SOCKET) return {generic_level, option};
    return {SOL_SOCKET, static_cast<int>(abi.numbers.from_guest(NumberSet::socket_option, option).value_or(-1))};
}

/// Time-outs: {seconds, microseconds}, in the guest's long or in 64 bits.
enum class TimeForm : u8 { none, old_long, wide };

TimeForm time_form(int level, int option) {
    constexpr int receive_timeout = 20, send_timeout = 21;            // kernel: SO_*TIMEO_OLD
    constexpr int receive_timeout_new = 66, send_timeout_new = 67;    // SO_*TIMEO_NEW
    if (level != SOL_SOCKET) return TimeForm::none;
    if (option == receive_timeout || option == send_timeout) return TimeForm::old_long;
    if (option == receive_timeout_new || option == send_timeout_new) return TimeForm::wide;
    return TimeForm::none;
}

u64 time_size(const Abi& abi, TimeForm form) {
    return form == TimeForm::wide ? 16 : layout_of(abi, Struct::old_timeval).size;
}

u64 time_part_size(const Abi& abi, TimeForm form) { return time_size(abi, form) / 2; }

/// Options that carry guest pointers or values of no known form.
bool is_refused(int level, int option) {
    constexpr int attach_filter = 26, attach_reuseport = 51;   // struct sock_fprog
    return level == SOL_SOCKET && (option == attach_filter || option == attach_reuseport);
}

/// Everything else is bytes or 32-bit words: integers, linger, credentials.
void convert_words(const Abi& abi, std::span<std::byte> value) {
    if (value.size() % 4 != 0) return;
    for (std::size_t i = 0; i < value.size(); i += 4)
        store(value.data() + i, load<u32>(value.data() + i, abi.byte_order), host_byte_order);
}

/// Options whose value is a number that ABIs have of their own.
void number_to_guest(const Abi& abi, int option, std::span<std::byte> value) {
    if (value.size() != sizeof(int)) return;
    auto number = load<i32>(value.data(), host_byte_order);
    if (option == SO_TYPE) number = static_cast<i32>(abi.numbers.to_guest(NumberSet::socket_type, number));
    else if (option == SO_ERROR) number = static_cast<i32>(abi.numbers.to_guest(NumberSet::error, number));
    else return;
    store(value.data(), number, host_byte_order);
}

/// IP options with addresses hold network order inside; only single integers are converted.
bool is_convertible(const Abi& abi, int level, u64 size) {
    return abi.byte_order == host_byte_order || level == SOL_SOCKET || size <= 4;
}

SysResult get_time_option(Task& task, int fd, int level, int option, TimeForm form, GuestAddr value,
                          GuestPtr<i32> size_address, u64 room) {
    std::array<i64, 2> host{};
    socklen_t host_size = sizeof host;
    if (i64 error = host_call(SYS_getsockopt, host_fd(task, fd), level, option, host.data(), &host_size); error != 0)
        return error;
    const Abi& abi = task.abi();
    u64 part = time_part_size(abi, form);
    std::byte bytes[16];
    for (std::size_t i = 0; i < 2; ++i)
        store_unsigned(bytes + i * part, static_cast<u64>(host[i]), static_cast<unsigned>(part), abi.byte_order);
    u64 size = std::min(room, 2 * part);
    if (!task.memory().write(value, std::span(bytes, size))) return -EFAULT;
    return task.memory().write(size_address, static_cast<i32>(size)) ? 0 : -EFAULT;
}

SysResult set_time_option(Task& task, int fd, int level, int option, TimeForm form, GuestAddr value, u64 size) {
    const Abi& abi = task.abi();
    if (size < time_size(abi, form)) return -EINVAL;
    u64 part = time_part_size(abi, form);
    std::byte bytes[16];
    if (!task.memory().read(value, std::span(bytes, 2 * part))) return -EFAULT;
    std::array<i64, 2> host{};
    for (std::size_t i = 0; i < 2; ++i) {
        u64 number = load_unsigned(bytes + i * part, static_cast<unsigned>(part), abi.byte_order);
        host[i] = part == 4 ? static_cast<i32>(number) : static_cast<i64>(number);
    }
    return host_call(SYS_setsockopt, host_fd(task, fd), level, option, host.data(), sizeof host);
}

}  // namespace

SysResult getsockopt(Task& task, int fd, int guest_level, int guest_option, GuestAddr value,
                     GuestPtr<i32> size_address) {
    auto [level, option] = option_from_guest(task.abi(), guest_level, guest_option);
    auto room = task.memory().read(size_address);
    if (!room) return -EFAULT;
    if (*room < 0) return -EINVAL;
    if (is_refused(level, option)) return -ENOPROTOOPT;
    u64 size = std::min<u64>(static_cast<u64>(*room), largest_value);
    if (TimeForm form = time_form(level, option); form != TimeForm::none)
        return get_time_option(task, fd, level, option, form, value, size_address, size);
    std::byte bytes[largest_value];
    socklen_t host_size = static_cast<socklen_t>(size);
    if (i64 error = host_call(SYS_getsockopt, host_fd(task, fd), level, option, &bytes[0], &host_size); error != 0)
        return error;
    std::span filled(bytes, std::min<u64>(host_size, size));
    if (!is_convertible(task.abi(), level, filled.size())) return -ENOPROTOOPT;
    if (level == SOL_SOCKET) number_to_guest(task.abi(), option, filled);
    convert_words(task.abi(), filled);
    if (!task.memory().write(value, filled)) return -EFAULT;
    return task.memory().write(size_address, static_cast<i32>(host_size)) ? 0 : -EFAULT;
}

SysResult setsockopt(Task& task, int fd, int guest_level, int guest_option, GuestAddr value, int size) {
    auto [level, option] = option_from_guest(task.abi(), guest_level, guest_option);
    if (size < 0) return -EINVAL;
    if (is_refused(level, option) || static_cast<u32>(size) > largest_value) return -ENOPROTOOPT;
    if (TimeForm form = time_form(level, option); form != TimeForm::none)
        return set_time_option(task, fd, level, option, form, value, static_cast<u64>(size));
    std::byte bytes[largest_value];
    std::span given(bytes, static_cast<std::size_t>(size));
    if (!task.memory().read(value, given)) return -EFAULT;
    if (!is_convertible(task.abi(), level, given.size())) return -ENOPROTOOPT;
    convert_words(task.abi(), given);
    return host_call(SYS_setsockopt, host_fd(task, fd), level, option, &bytes[0], size);
}

}  // namespace postern::kernel::network
