// What most handlers of this folder need: host calls that return -errno, times in guest memory.
#pragma once

#include "abi/layouts.hpp"
#include "kernel/process.hpp"
#include "kernel/signals.hpp"
#include "kernel/syscall.hpp"

#include <concepts>
#include <ctime>
#include <expected>
#include <limits>
#include <optional>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>

namespace postern::kernel {

template <std::integral T> long host_argument(T value) { return static_cast<long>(value); }
template <typename T> long host_argument(T* pointer) { return reinterpret_cast<long>(pointer); }
inline long host_argument(const std::string& text) { return host_argument(text.c_str()); }
inline long host_argument(std::nullptr_t) { return 0; }

/// A host system call that cannot block for long: its result, or -errno.
template <typename... Args>
i64 host_call(long number, const Args&... args) {
    long result = ::syscall(number, host_argument(args)...);
    return result == -1 ? -errno : result;
}

/// A host system call that may sleep: a guest signal ends it with `restart`.
template <typename... Args>
SysResult restartable_call(Task& task, i64 restart, long number, const Args&... args) {
    i64 result = interruptible_call(task, number, static_cast<u64>(host_argument(args))...);
    return result == -EINTR ? restart : result;
}

inline int host_fd(const Task& task, int fd) { return task.process.files().host_fd(fd); }

/// The signal mask argument of ppoll and friends; nothing inside: a null pointer. Error: -errno.
inline std::expected<std::optional<SignalSet>, int> mask_argument(Task& task, GuestAddr address, u64 size) {
    if (!address) return std::nullopt;
    if (size != signal_set_size(task)) return std::unexpected(-EINVAL);
    auto set = read_signal_set(task, address);
    if (!set) return std::unexpected(-EFAULT);
    return set;
}

/// An unsigned long in guest memory. Nothing: EFAULT.
inline std::optional<u64> read_long(Task& task, GuestAddr address) {
    std::byte bytes[8];
    std::span buffer(bytes, task.abi().long_size());
    if (!task.memory().read(address, buffer)) return std::nullopt;
    return load_unsigned(bytes, task.abi().long_size(), task.abi().byte_order);
}

inline bool write_long(Task& task, GuestAddr address, u64 value) {
    std::byte bytes[8];
    store_unsigned(bytes, value, task.abi().long_size(), task.abi().byte_order);
    return task.memory().write(address, std::span<const std::byte>(bytes, task.abi().long_size()));
}

/// As nanoseconds; what does not fit is the nearest that does, which no call takes either.
inline long nanoseconds_of(long microseconds) {
    long result;
    if (!__builtin_mul_overflow(microseconds, 1000L, &result)) return result;
    return microseconds < 0 ? std::numeric_limits<long>::min() : std::numeric_limits<long>::max();
}

/// A time in guest memory: Struct::timespec64, old_timespec or old_timeval. Nothing: EFAULT.
/// The values are as the guest wrote them, microseconds times 1000.
inline std::optional<timespec> read_time(Task& task, GuestAddr address, Struct which) {
    std::byte bytes[16];
    std::span buffer(bytes, layout_of(task.abi(), which).size);
    if (!task.memory().read(address, buffer)) return std::nullopt;
    StructView view(task.abi(), which, buffer);
    timespec time{};
    time.tv_sec = static_cast<time_t>(view.get(Field::tv_sec));
    if (view.has(Field::tv_usec)) time.tv_nsec = nanoseconds_of(static_cast<long>(view.get(Field::tv_usec)));
    else time.tv_nsec = static_cast<long>(view.get(Field::tv_nsec));
    // 32-bit callers leave the upper half of a 64-bit nanosecond field undefined.
    if (!task.abi().is_64bit() && which == Struct::timespec64) time.tv_nsec &= 0xffffffff;
    return time;
}

inline bool write_time(Task& task, GuestAddr address, Struct which, timespec time) {
    std::byte bytes[16] = {};
    std::span buffer(bytes, layout_of(task.abi(), which).size);
    StructView view(task.abi(), which, buffer);
    view.set(Field::tv_sec, static_cast<u64>(time.tv_sec));
    view.set(Field::tv_usec, static_cast<u64>(time.tv_nsec / 1000));
    view.set(Field::tv_nsec, static_cast<u64>(time.tv_nsec));
    return task.memory().write(address, buffer);
}

}  // namespace postern::kernel
