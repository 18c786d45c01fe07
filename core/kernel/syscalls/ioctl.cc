// ioctl: a row per request says what its argument is. Request numbers are the generic ones; the
// guest's are translated first, one by one where they are old, by their parts where they are
// encoded.
#include "kernel/files.hpp"
#include "kernel/syscalls/support.hpp"

#include <algorithm>
#include <array>
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <linux/fs.h>
#include <linux/random.h>
#include <linux/sockios.h>

namespace postern::kernel {

namespace {

/// What the argument of a request is.
enum class Argument : u8 {
    value,          ///< a number or nothing: passed on
    int_in,         ///< address of an int
    int_out,
    int_in_out,
    char_in,        ///< address of one byte
    long_out,       ///< address of a word of the ABI
    wide_out,       ///< address of 64 bits
    window_size_in, window_size_out,
    termios_in, termios_out,
    termios2_in, termios2_out,
};

struct Request {
    u32 number;
    Argument argument;
};

constexpr Request requests[] = {
    // terminals
    {TCGETS, Argument::termios_out},
    {TCSETS, Argument::termios_in},
    {TCSETSW, Argument::termios_in},
    {TCSETSF, Argument::termios_in},
    {0x802c542a, Argument::termios2_out},   // TCGETS2
    {0x402c542b, Argument::termios2_in},    // TCSETS2
    {0x402c542c, Argument::termios2_in},    // TCSETSW2
    {0x402c542d, Argument::termios2_in},    // TCSETSF2
    {TCSBRK, Argument::value},
    {TCSBRKP, Argument::value},
    {TCXONC, Argument::value},
    {TCFLSH, Argument::value},
    {TIOCEXCL, Argument::value},
    {TIOCNXCL, Argument::value},
    {TIOCGEXCL, Argument::int_out},
    {TIOCSCTTY, Argument::value},
    {TIOCNOTTY, Argument::value},
    {TIOCGPGRP, Argument::int_out},
    {TIOCSPGRP, Argument::int_in},
    {TIOCGSID, Argument::int_out},
    {TIOCOUTQ, Argument::int_out},
    {TIOCSTI, Argument::char_in},
    {TIOCGWINSZ, Argument::window_size_out},
    {TIOCSWINSZ, Argument::window_size_in},
    {TIOCMGET, Argument::int_out},
    {TIOCMSET, Argument::int_in},
    {TIOCMBIS, Argument::int_in},
    {TIOCMBIC, Argument::int_in},
    {TIOCGSOFTCAR, Argument::int_out},
    {TIOCSSOFTCAR, Argument::int_in},
    {TIOCCONS, Argument::value},
    {TIOCPKT, Argument::int_in},
    {TIOCGPKT, Argument::int_out},
    {TIOCGETD, Argument::int_out},
    {TIOCSETD, Argument::int_in},
    {TIOCSBRK, Argument::value},
    {TIOCCBRK, Argument::value},
    {TIOCVHANGUP, Argument::value},
    {TIOCGPTN, Argument::int_out},
    {TIOCSPTLCK, Argument::int_in},
    {TIOCGPTLCK, Argument::int_out},
    {TIOCGPTPEER, Argument::value},
    {TIOCGDEV, Argument::int_out},
    {TIOCSIG, Argument::value},
    // any descriptor
    {FIONREAD, Argument::int_out},
    {FIONBIO, Argument::int_in},
    {FIOASYNC, Argument::int_in},
    {FIOCLEX, Argument::value},
    {FIONCLEX, Argument::value},
    {FIOQSIZE, Argument::wide_out},
    {FIGETBSZ, Argument::int_out},
    {FIBMAP, Argument::int_in_out},
    {FICLONE, Argument::value},
    // FS_IOC_GETFLAGS and SETFLAGS: encoded with the size of a long, but an int
    {0x80086601, Argument::int_out},
    {0x80046601, Argument::int_out},
    {0x40086602, Argument::int_in},
    {0x40046602, Argument::int_in},
    // block devices
    {BLKROGET, Argument::int_out},
    {BLKROSET, Argument::int_in},
    {BLKRRPART, Argument::value},
    {BLKFLSBUF, Argument::value},
    {BLKSSZGET, Argument::int_out},
    {BLKPBSZGET, Argument::int_out},
    {BLKGETSIZE, Argument::long_out},
    {0x80081272, Argument::wide_out},       // BLKGETSIZE64, encoded with the size of a size_t
    {0x80041272, Argument::wide_out},
    // others
    {RNDGETENTCNT, Argument::int_out},
    {SIOCATMARK, Argument::int_out},
    {SIOCSPGRP, Argument::int_in},
    {SIOCGPGRP, Argument::int_out},
};

/// The host's number where the word size is encoded in it.
u32 host_number(u32 number) {
    switch (number) {
        case 0x80046601: return 0x80086601;
        case 0x40046602: return 0x40086602;
        case 0x80041272: return 0x80081272;
        default: return number;
    }
}

template <typename T>
SysResult pointer_in(Task& task, int fd, u32 request, GuestAddr address) {
    auto value = task.memory().read(GuestPtr<T>{address});
    if (!value) return -EFAULT;
    return host_call(SYS_ioctl, fd, request, &*value);
}

/// The host writes a `HostType`; the guest gets it as `T`.
template <typename T, typename HostType>
SysResult pointer_out(Task& task, int fd, u32 request, GuestAddr address, HostType value = {}) {
    i64 result = host_call(SYS_ioctl, fd, request, &value);
    if (result < 0) return result;
    return task.memory().write(GuestPtr<T>{address}, static_cast<T>(value)) ? result : -EFAULT;
}

SysResult window_size(Task& task, int fd, u32 request, GuestAddr address, bool reads) {
    constexpr Field fields[4] = {Field::ws_row, Field::ws_col, Field::ws_xpixel, Field::ws_ypixel};
    std::array<u16, 4> host{};
    std::byte bytes[8] = {};
    if (reads && !task.memory().read(address, bytes)) return -EFAULT;
    StructView view(task.abi(), Struct::winsize, bytes);
    for (std::size_t i = 0; reads && i < 4; ++i) host[i] = static_cast<u16>(view.get(fields[i]));
    i64 result = host_call(SYS_ioctl, fd, request, host.data());
    if (result < 0 || reads) return result;
    for (std::size_t i = 0; i < 4; ++i) view.set(fields[i], host[i]);
    return task.memory().write(address, bytes) ? result : -EFAULT;
}

/// The host kernel's struct termios2; its first 36 bytes are struct termios.
struct HostTermios {
    u32 input, output, control, local;
    u8 line;
    u8 characters[19];
    u32 input_speed, output_speed;
};
static_assert(sizeof(HostTermios) == 44);

/// Words of struct termios, each with the set of bits that it holds.
struct SettingsWord {
    Field field;
    u32 HostTermios::* host;
    NumberSet bits;
};
constexpr SettingsWord flag_words[] = {
    {Field::c_iflag, &HostTermios::input, NumberSet::terminal_input_flag},
    {Field::c_oflag, &HostTermios::output, NumberSet::terminal_output_flag},
    {Field::c_lflag, &HostTermios::local, NumberSet::terminal_local_flag},
};

/// CBAUD of the host; the input speed stands 16 bits further up, on every ABI.
constexpr u32 host_speeds = CBAUD;
constexpr unsigned input_speed_shift = 16;

u32 speeds_of(const Abi& abi) {
    return static_cast<u32>(abi.numbers.to_guest(NumberSet::terminal_speed_mask, host_speeds));
}

u32 control_from_guest(const Abi& abi, u32 guest) {
    const NumberTables& numbers = abi.numbers;
    u32 mask = speeds_of(abi);
    auto speed = [&](u32 bits) {
        return static_cast<u32>(numbers.from_guest(NumberSet::terminal_speed, bits & mask).value_or(B38400));
    };
    u64 flags = numbers.bits_from_guest(NumberSet::terminal_control_flag, guest & ~(mask | mask << input_speed_shift));
    return static_cast<u32>(flags) | speed(guest) | speed(guest >> input_speed_shift) << input_speed_shift;
}

u32 control_to_guest(const Abi& abi, u32 host) {
    const NumberTables& numbers = abi.numbers;
    auto speed = [&](u32 bits) {
        return static_cast<u32>(numbers.to_guest(NumberSet::terminal_speed, bits & host_speeds));
    };
    u64 flags = numbers.bits_to_guest(NumberSet::terminal_control_flag,
                                      host & ~(host_speeds | host_speeds << input_speed_shift));
    return static_cast<u32>(flags) | speed(host) | speed(host >> input_speed_shift) << input_speed_shift;
}

void settings_from_guest(const Abi& abi, const StructView& view, HostTermios& host) {
    for (const SettingsWord& word : flag_words)
        host.*word.host = static_cast<u32>(abi.numbers.bits_from_guest(word.bits, view.get(word.field)));
    host.control = control_from_guest(abi, static_cast<u32>(view.get(Field::c_cflag)));
    host.input_speed = static_cast<u32>(view.get(Field::c_ispeed));
    host.output_speed = static_cast<u32>(view.get(Field::c_ospeed));
    host.line = static_cast<u8>(view.get(Field::c_line));
    auto characters = view.bytes_of(Field::c_cc);
    for (std::size_t i = 0; i < std::size(host.characters); ++i) {
        auto place = static_cast<std::size_t>(abi.numbers.to_guest(NumberSet::terminal_character, static_cast<i64>(i)));
        if (place < characters.size()) host.characters[i] = static_cast<u8>(characters[place]);
    }
}

void settings_to_guest(const Abi& abi, StructView& view, const HostTermios& host) {
    for (const SettingsWord& word : flag_words)
        view.set(word.field, abi.numbers.bits_to_guest(word.bits, host.*word.host));
    view.set(Field::c_cflag, control_to_guest(abi, host.control));
    view.set(Field::c_ispeed, host.input_speed);
    view.set(Field::c_ospeed, host.output_speed);
    view.set(Field::c_line, host.line);
    auto characters = view.bytes_of(Field::c_cc);
    for (std::size_t i = 0; i < std::size(host.characters); ++i) {
        auto place = static_cast<std::size_t>(abi.numbers.to_guest(NumberSet::terminal_character, static_cast<i64>(i)));
        if (place < characters.size()) characters[place] = static_cast<std::byte>(host.characters[i]);
    }
}

SysResult terminal(Task& task, int fd, u32 request, GuestAddr address, Struct layout, bool reads) {
    HostTermios host{};
    std::byte bytes[64] = {};
    std::span buffer(bytes, layout_of(task.abi(), layout).size);
    if (reads && !task.memory().read(address, buffer)) return -EFAULT;
    StructView view(task.abi(), layout, buffer);
    if (reads) {
        settings_from_guest(task.abi(), view, host);
        return restartable_call(task, restart_sys, SYS_ioctl, fd, request, &host);
    }
    i64 result = host_call(SYS_ioctl, fd, request, &host);
    if (result < 0) return result;
    settings_to_guest(task.abi(), view, host);
    return task.memory().write(address, buffer) ? result : -EFAULT;
}

SysResult perform(Task& task, int fd, const Request& row, GuestWord argument) {
    GuestAddr address{argument.value};
    u32 request = host_number(row.number);
    switch (row.argument) {
        case Argument::value: return restartable_call(task, restart_sys, SYS_ioctl, fd, request, argument.value);
        case Argument::int_in: return pointer_in<i32>(task, fd, request, address);
        case Argument::char_in: return pointer_in<u8>(task, fd, request, address);
        case Argument::int_out: return pointer_out<i32, i32>(task, fd, request, address);
        case Argument::wide_out: return pointer_out<u64, u64>(task, fd, request, address);
        case Argument::long_out:
            return task.abi().is_64bit() ? pointer_out<u64, u64>(task, fd, request, address)
                                         : pointer_out<u32, u64>(task, fd, request, address);
        case Argument::int_in_out: {
            auto value = task.memory().read(GuestPtr<i32>{address});
            return value ? pointer_out<i32, i32>(task, fd, request, address, *value) : SysResult(-EFAULT);
        }
        case Argument::window_size_in: return window_size(task, fd, request, address, true);
        case Argument::window_size_out: return window_size(task, fd, request, address, false);
        case Argument::termios_in: return terminal(task, fd, request, address, Struct::termios, true);
        case Argument::termios_out: return terminal(task, fd, request, address, Struct::termios, false);
        case Argument::termios2_in: return terminal(task, fd, request, address, Struct::termios2, true);
        case Argument::termios2_out: return terminal(task, fd, request, address, Struct::termios2, false);
    }
    return -ENOTTY;
}

SysResult sys_ioctl(Task& task, int fd, unsigned request, GuestWord argument) {
    fd = host_fd(task, fd);
    auto row = std::ranges::find(requests, task.abi().ioctl_from_guest(request), &Request::number);
    if (row != std::end(requests)) return perform(task, fd, *row, argument);
    i64 exists = host_call(SYS_fcntl, fd, 1 /* F_GETFD */);
    return exists < 0 ? exists : -ENOTTY;
}

constexpr SyscallRow rows[] = {
    waits({"ioctl", adapt<sys_ioctl>, Support::partial, "fd, ioctl, hex",
           "terminals, descriptors, sizes of block devices; other requests: ENOTTY"}),
};

}  // namespace

std::span<const SyscallRow> ioctl_rows() { return rows; }

}  // namespace postern::kernel
