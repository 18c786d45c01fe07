// Arguments that are numbers.
#include "kernel/signals.hpp"
#include "trace/formatters.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>

namespace postern::trace {

namespace {

std::string join_flags(std::string first, const std::string& rest) {
    return rest == "0" ? first : first + "|" + rest;
}

}  // namespace

std::string format_int(const CallView& view) { return fmt::format("{}", static_cast<i32>(view.value())); }
std::string format_uint(const CallView& view) { return fmt::format("{}", static_cast<u32>(view.value())); }
std::string format_long(const CallView& view) { return fmt::format("{}", view.abi.sign_extend_word(view.value())); }
std::string format_ulong(const CallView& view) { return fmt::format("{}", view.value()); }
std::string format_wide(const CallView& view) { return fmt::format("{}", static_cast<i64>(view.value())); }

std::string format_hex(const CallView& view) {
    return view.value() == 0 ? "0" : fmt::format("{:#x}", view.value());
}

std::string format_pointer(const CallView& view) {
    return view.value() == 0 ? "NULL" : fmt::format("{:#x}", view.value());
}

std::string format_octal_mode(const CallView& view) { return fmt::format("{:#o}", view.value() & 0xffff); }

std::string format_descriptor_at(const CallView& view) {
    return static_cast<i32>(view.value()) == AT_FDCWD ? "AT_FDCWD" : format_int(view);
}

std::string format_open_flags(const CallView& view) {
    u64 flags = view.abi.numbers.bits_from_guest(NumberSet::open_flag, view.value() & 0xffffffffu);
    return join_flags(format_choice(static_cast<i64>(flags & O_ACCMODE), access_mode_names()),
                      format_flags(flags & ~u64{O_ACCMODE}, open_flag_names()));
}

std::string format_descriptor_flags(const CallView& view) {
    return format_numbered_flags<NumberSet::open_flag, open_flag_names>(view);
}

std::string format_map_flags(const CallView& view) {
    u64 flags = view.abi.numbers.bits_from_guest(NumberSet::map_flag, view.value() & 0xffffffffu);
    constexpr u64 type_mask = 0x0f;
    return join_flags(format_choice(static_cast<i64>(flags & type_mask), map_type_names()),
                      format_flags(flags & ~type_mask, map_flag_names()));
}

std::string format_clone_flags(const CallView& view) {
    int guest_signal = static_cast<int>(view.value() & 0xff);
    std::string flags = format_flags(view.value() & ~u64{0xff}, clone_flag_names());
    if (guest_signal == 0) return flags;
    std::string signal = signal_name(kernel::signal_from_guest(view.abi, guest_signal));
    return flags == "0" ? signal : flags + "|" + signal;
}

std::string format_access_check(const CallView& view) {
    return view.value() == 0 ? "F_OK" : format_flags(view.value() & 0xffffffffu, access_check_names());
}

std::string format_signal(const CallView& view) {
    int guest = static_cast<int>(view.value());
    return guest == 0 ? "0" : signal_name(kernel::signal_from_guest(view.abi, guest));
}

std::string format_clock(const CallView& view) { return clock_name(static_cast<i32>(view.value())); }

std::string format_device(const CallView& view) {
    return fmt::format("makedev({:#x}, {:#x})", major(view.value()), minor(view.value()));
}

std::string format_futex_operation(const CallView& view) {
    constexpr u64 private_flag = 128, realtime_flag = 256;
    u64 operation = view.value() & 0xffffffffu;
    std::string text = format_choice(static_cast<i64>(operation & ~(private_flag | realtime_flag)),
                                     futex_operation_names());
    if (operation & private_flag) text += "_PRIVATE";
    if (operation & realtime_flag) text += "|FUTEX_CLOCK_REALTIME";
    return text;
}

std::string format_socket_type(const CallView& view) {
    constexpr NumberName extras[] = {{SOCK_NONBLOCK, "SOCK_NONBLOCK"}, {SOCK_CLOEXEC, "SOCK_CLOEXEC"}};
    constexpr u64 type_mask = 0x0f;
    const NumberTables& numbers = view.abi.numbers;
    auto guest_type = static_cast<i64>(view.value() & type_mask);
    u64 flags = numbers.bits_from_guest(NumberSet::socket_flag, view.value() & 0xffffffffu & ~type_mask);
    return join_flags(format_choice(numbers.from_guest(NumberSet::socket_type, guest_type).value_or(guest_type),
                                    socket_type_names()),
                      format_flags(flags, extras));
}

std::string format_ioctl_request(const CallView& view) {
    u32 request = view.abi.ioctl_from_guest(static_cast<u32>(view.value()));
    std::string text = format_choice(static_cast<i64>(request), ioctl_names());
    return text.front() >= '0' && text.front() <= '9' ? format_hex(view) : text;
}

}  // namespace postern::trace
