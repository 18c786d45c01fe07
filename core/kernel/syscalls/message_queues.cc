// POSIX message queues: the host's, in its own name space for them. A queue is a descriptor.
#include "kernel/files.hpp"
#include "kernel/syscalls/support.hpp"
#include "kernel/syscalls/waiting.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <mqueue.h>

namespace postern::kernel {

namespace {

/// Nothing: EFAULT.
std::optional<mq_attr> read_attributes(Task& task, GuestAddr address) {
    std::array<std::byte, 64> bytes{};
    StructView view(task.abi(), Struct::mq_attr, bytes);
    if (!task.memory().read(address, view.bytes())) return std::nullopt;
    mq_attr attributes{};
    attributes.mq_flags = open_flags_from_guest(task.abi(), static_cast<unsigned>(view.get(Field::mq_flags)));
    attributes.mq_maxmsg = static_cast<long>(view.get(Field::mq_maxmsg));
    attributes.mq_msgsize = static_cast<long>(view.get(Field::mq_msgsize));
    return attributes;
}

bool write_attributes(Task& task, GuestAddr address, const mq_attr& attributes) {
    std::array<std::byte, 64> bytes{};
    StructView view(task.abi(), Struct::mq_attr, bytes);
    view.set(Field::mq_flags, open_flags_to_guest(task.abi(), static_cast<int>(attributes.mq_flags)));
    view.set(Field::mq_maxmsg, static_cast<u64>(attributes.mq_maxmsg));
    view.set(Field::mq_msgsize, static_cast<u64>(attributes.mq_msgsize));
    view.set(Field::mq_curmsgs, static_cast<u64>(attributes.mq_curmsgs));
    return task.memory().write(address, view.bytes());
}

SysResult sys_mq_open(Task& task, GuestAddr name_address, unsigned flags, unsigned mode, GuestAddr attributes_address) {
    std::optional<mq_attr> attributes;
    if (attributes_address && !(attributes = read_attributes(task, attributes_address))) return -EFAULT;
    auto name = string_argument(task, name_address);
    if (!name) return name.error();
    return host_call(SYS_mq_open, *name, open_flags_from_guest(task.abi(), flags), mode, attributes ? &*attributes : nullptr);
}

SysResult sys_mq_unlink(Task& task, GuestAddr name_address) {
    auto name = string_argument(task, name_address);
    return name ? SysResult(host_call(SYS_mq_unlink, *name)) : SysResult(name.error());
}

SysResult sys_mq_getsetattr(Task& task, int queue, GuestAddr wanted, GuestAddr old) {
    std::optional<mq_attr> attributes;
    if (wanted && !(attributes = read_attributes(task, wanted))) return -EFAULT;
    mq_attr before{};
    i64 error = host_call(SYS_mq_getsetattr, host_fd(task, queue), attributes ? &*attributes : nullptr, &before);
    if (error != 0) return error;
    return !old || write_attributes(task, old, before) ? 0 : -EFAULT;
}

// --- messages

timespec host_now(clockid_t clock) {
    timespec time{};
    ::clock_gettime(clock, &time);
    return time;
}

/// A deadline by the guest's CLOCK_REALTIME, by the host's. Error: -EFAULT, -EINVAL.
std::expected<std::optional<timespec>, int> read_deadline(Task& task, GuestAddr address, Struct layout) {
    if (!address) return std::nullopt;
    auto guest = read_time(task, address, layout);
    if (!guest) return std::unexpected(-EFAULT);
    if (!is_valid(*guest)) return std::unexpected(-EINVAL);
    auto host = task.process.clock().to_host(CLOCK_REALTIME, to_guest_time(*guest));
    timespec end = to_timespec(host.time);
    if (host.clock_id != CLOCK_REALTIME) end = host_now(CLOCK_REALTIME) + (end - host_now(host.clock_id));
    return end;
}

/// A call that waits until a deadline at most.
template <typename... Args>
SysResult call_until(Task& task, GuestAddr timeout, Struct layout, const std::optional<timespec>& deadline, long number,
                     const Args&... args) {
    SysResult result = restartable_call(task, restart_sys, number, args..., deadline ? &*deadline : nullptr);
    if (result.value != -ETIMEDOUT) return result;
    if (auto guest = read_time(task, timeout, layout)) task.process.clock().pass_until(CLOCK_REALTIME, to_guest_time(*guest));
    return result;
}

/// The size that messages of a queue may have in bytes, or -errno.
i64 message_size(int queue) {
    mq_attr attributes{};
    i64 error = host_call(SYS_mq_getsetattr, queue, nullptr, &attributes);
    return error != 0 ? error : attributes.mq_msgsize;
}

template <Struct time>
SysResult sys_mq_timedsend(Task& task, int fd, GuestAddr address, GuestSize size, unsigned priority, GuestAddr timeout) {
    auto deadline = read_deadline(task, timeout, time);
    if (!deadline) return deadline.error();
    int queue = host_fd(task, fd);
    i64 limit = message_size(queue);
    if (limit < 0) return limit;
    if (size.value > static_cast<u64>(limit)) return -EMSGSIZE;
    std::vector<std::byte> bytes(size.value);
    if (!task.memory().read(address, bytes)) return -EFAULT;
    return call_until(task, timeout, time, *deadline, SYS_mq_timedsend, queue, bytes.data(), bytes.size(), priority);
}

template <Struct time>
SysResult sys_mq_timedreceive(Task& task, int fd, GuestAddr address, GuestSize size, GuestPtr<u32> priority_address,
                              GuestAddr timeout) {
    auto deadline = read_deadline(task, timeout, time);
    if (!deadline) return deadline.error();
    int queue = host_fd(task, fd);
    i64 limit = message_size(queue);
    if (limit < 0) return limit;
    std::vector<std::byte> bytes(std::min(size.value, static_cast<u64>(limit)));
    unsigned priority = 0;
    SysResult result = call_until(task, timeout, time, *deadline, SYS_mq_timedreceive, queue, bytes.data(), bytes.size(), &priority);
    if (result.value < 0) return result;
    auto text = std::span(bytes).first(static_cast<std::size_t>(result.value));
    if (!task.memory().write(address, text)) return -EFAULT;
    return !priority_address || task.memory().write(priority_address, priority) ? result : -EFAULT;
}

// --- notification

/// kernel: NOTIFY_COOKIE_LEN, what SIGEV_THREAD sends over a netlink socket of the caller's.
constexpr std::size_t cookie_size = 32;

SysResult sys_mq_notify(Task& task, int queue, GuestAddr event_address) {
    if (!event_address) return host_call(SYS_mq_notify, host_fd(task, queue), nullptr);
    std::array<std::byte, 64> bytes{};
    StructView view(task.abi(), Struct::sigevent, bytes);
    if (!task.memory().read(event_address, view.bytes())) return -EFAULT;
    sigevent event{};
    std::array<std::byte, cookie_size> cookie{};
    u64 value = view.get(Field::sigev_value_sival_ptr);
    auto number = static_cast<int>(view.get(Field::sigev_signo));
    event.sigev_notify = static_cast<int>(view.get(Field::sigev_notify));
    if (event.sigev_notify == SIGEV_THREAD) {
        if (!task.memory().read({value}, cookie)) return -EFAULT;
        event.sigev_value.sival_ptr = cookie.data();
        event.sigev_signo = host_fd(task, number);
    } else {
        if (event.sigev_notify == SIGEV_SIGNAL && (number < 0 || number > signal_count)) return -EINVAL;
        event.sigev_value.sival_ptr = reinterpret_cast<void*>(value);
        event.sigev_signo = number == 0 ? 0 : signal_from_guest(task.abi(), number);
    }
    return host_call(SYS_mq_notify, host_fd(task, queue), &event);
}

constexpr SyscallRow rows[] = {
    {"mq_open", adapt<sys_mq_open>, Support::full, "str, oflags, mode, ptr"},
    {"mq_unlink", adapt<sys_mq_unlink>, Support::full, "str"},
    waits({"mq_timedsend", adapt<sys_mq_timedsend<Struct::timespec64>>, Support::full, "fd, buf_in, size, uint, timespec64_in"}),
    waits({"mq_timedsend_time32", adapt<sys_mq_timedsend<Struct::old_timespec>>, Support::full,
           "fd, buf_in, size, uint, timespec_in"}),
    waits({"mq_timedreceive", adapt<sys_mq_timedreceive<Struct::timespec64>>, Support::full,
           "fd, buf_out, size, int_out, timespec64_in"}),
    waits({"mq_timedreceive_time32", adapt<sys_mq_timedreceive<Struct::old_timespec>>, Support::full,
           "fd, buf_out, size, int_out, timespec_in"}),
    {"mq_notify", adapt<sys_mq_notify>, Support::full, "fd, ptr"},
    {"mq_getsetattr", adapt<sys_mq_getsetattr>, Support::full, "fd, ptr, ptr"},
};

}  // namespace

std::span<const SyscallRow> queue_rows() { return rows; }

}  // namespace postern::kernel
