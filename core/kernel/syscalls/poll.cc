// Waiting for descriptors: poll, ppoll, select, pselect6.
#include "kernel/syscalls/descriptor_set.hpp"
#include "kernel/files.hpp"
#include "kernel/syscalls/support.hpp"
#include "kernel/syscalls/waiting.hpp"

#include <algorithm>
#include <climits>
#include <poll.h>

namespace postern::kernel {

namespace {

// --- poll

/// The guest's pollfd array as the host's.
class PollList {
public:
    /// 0, -EINVAL or -EFAULT.
    int read(Task& task, GuestAddr address, unsigned count) {
        const FileState& files = task.process.files();
        if (count > static_cast<unsigned>(files.first_reserved_fd)) return -EINVAL;
        u64 size = layout_of(task.abi(), Struct::pollfd).size;
        bytes_.resize(count * size);
        if (!task.memory().read(address, bytes_)) return -EFAULT;
        host_.resize(count);
        for (std::size_t i = 0; i < count; ++i) {
            StructView view(task.abi(), Struct::pollfd, std::span(bytes_).subspan(i * size, size));
            int fd = static_cast<int>(view.get(Field::fd));
            // A descriptor of ours does not exist; -1 would be skipped.
            host_[i].fd = fd >= files.first_reserved_fd ? INT_MAX : fd;
            host_[i].events = static_cast<short>(
                task.abi().numbers.bits_from_guest(NumberSet::poll_event, view.get(Field::events) & 0xffff));
        }
        return 0;
    }

    /// Writes the revents fields and nothing else.
    bool write(Task& task, GuestAddr address) const {
        const StructLayout& rows = layout_of(task.abi(), Struct::pollfd);
        u64 offset = rows.find(Field::revents)->offset;
        for (std::size_t i = 0; i < host_.size(); ++i) {
            auto events = static_cast<i16>(
                task.abi().numbers.bits_to_guest(NumberSet::poll_event, static_cast<u16>(host_[i].revents)));
            if (!task.memory().write(GuestPtr<i16>{address + i * rows.size + offset}, events)) return false;
        }
        return true;
    }

    SysResult wait(Task& task, TimeLimit& limit, i64 restart) {
        if (host_.empty()) limit.nothing_else();
        SysResult result =
            restartable_call(task, restart, SYS_ppoll, host_.data(), host_.size(), limit.host(), nullptr, 8);
        if (result.value == 0) limit.reached();
        if (result.value != restart) return result;
        // Linux looks at the descriptors before it looks at signals.
        timespec at_once{};
        i64 ready = host_call(SYS_ppoll, host_.data(), host_.size(), &at_once, nullptr, 8);
        return ready > 0 ? SysResult(ready) : result;
    }

private:
    std::vector<std::byte> bytes_;
    std::vector<pollfd> host_;
};

/// poll(2) with a limit that the host counts down; a signal without a handler continues it with
/// what is left.
SysResult poll_for(Task& task, GuestAddr address, unsigned count, TimeLimit limit) {
    PollList list;
    if (int error = list.read(task, address, count); error != 0) return error;
    SysResult result = list.wait(task, limit, restart_block);
    if (result.value == restart_block) {
        task.restart = [=](Task& again) { return poll_for(again, address, count, limit); };
        return result;
    }
    if (result.value < 0) return result;
    return list.write(task, address) ? result : SysResult(-EFAULT);
}

SysResult sys_poll(Task& task, GuestAddr address, unsigned count, int milliseconds) {
    std::optional<timespec> limit;
    if (milliseconds >= 0) limit = timespec{milliseconds / 1000, milliseconds % 1000 * 1'000'000L};
    return poll_for(task, address, count, TimeLimit(task, limit));
}

/// Reads an optional time limit; -errno, or 0.
int read_limit(Task& task, GuestAddr address, Struct layout, std::optional<timespec>& limit) {
    if (!address) return 0;
    limit = read_time(task, address, layout);
    if (!limit) return -EFAULT;
    return is_valid(*limit) ? 0 : -EINVAL;
}

/// Linux writes back what is left of the time. If it cannot, an interrupted call is not
/// restarted, because it would wait for the whole time again.
SysResult write_rest(Task& task, GuestAddr address, Struct layout, const std::optional<timespec>& rest,
                     SysResult result) {
    if (!rest || write_time(task, address, layout, *rest)) return result;
    return result.value == restart_no_hand ? SysResult(-EINTR) : result;
}

template <Struct layout>
SysResult sys_ppoll(Task& task, GuestAddr address, unsigned count, GuestAddr time, GuestAddr mask,
                    GuestSize mask_size) {
    std::optional<timespec> limit;
    if (int error = read_limit(task, time, layout, limit); error != 0) return error;
    auto blocked = mask_argument(task, mask, mask_size.value);
    if (!blocked) return blocked.error();
    PollList list;
    if (int error = list.read(task, address, count); error != 0) return error;
    TimeLimit time_limit(task, limit);
    TemporaryMask temporary(task, *blocked);
    SysResult result = temporary.finish(list.wait(task, time_limit, restart_no_hand));
    if (result.value >= 0 && !list.write(task, address)) result = -EFAULT;
    return write_rest(task, time, layout, time_limit.left(), result);
}

// --- select

SysResult select_on_host(Task& task, int count, DescriptorSet (&sets)[3], u64* (&host)[3], TimeLimit& limit) {
    DescriptorSet asked[3] = {sets[0], sets[1], sets[2]};
    if (!host[0] && !host[1] && !host[2]) limit.nothing_else();
    SysResult result = restartable_call(task, restart_no_hand, SYS_pselect6, count, host[0], host[1], host[2],
                                        limit.host(), nullptr);
    if (result.value == 0) limit.reached();
    if (result.value != restart_no_hand) return result;
    // Linux looks at the descriptors before it looks at signals.
    std::ranges::copy(asked, sets);
    for (std::size_t i = 0; i < 3; ++i) host[i] = host[i] ? sets[i].words() : nullptr;
    timespec at_once{};
    i64 ready = host_call(SYS_pselect6, count, host[0], host[1], host[2], &at_once, nullptr);
    return ready > 0 ? SysResult(ready) : result;
}

/// Waits for three sets; `limit` is counted down by the host.
SysResult select_for(Task& task, int count, const GuestAddr (&addresses)[3], TimeLimit& limit,
                     std::optional<SignalSet> mask) {
    if (count < 0) return -EINVAL;
    count = std::min(count, task.process.files().first_reserved_fd);
    DescriptorSet sets[3];
    u64* host[3] = {};
    for (std::size_t i = 0; i < 3; ++i) {
        if (!addresses[i]) continue;
        std::vector<std::byte> guest(DescriptorSet::guest_size(task.abi(), count));
        if (!task.memory().read(addresses[i], guest)) return -EFAULT;
        sets[i] = DescriptorSet::from_guest(task.abi(), guest, count);
        host[i] = sets[i].words();
    }
    TemporaryMask temporary(task, mask);
    SysResult result = temporary.finish(select_on_host(task, count, sets, host, limit));
    if (result.value < 0) return result;
    for (std::size_t i = 0; i < 3; ++i) {
        if (addresses[i] && !task.memory().write(addresses[i], sets[i].to_guest(task.abi()))) return -EFAULT;
    }
    return result;
}

SysResult sys_select(Task& task, int count, GuestAddr in, GuestAddr out, GuestAddr except, GuestAddr time) {
    std::optional<timespec> limit;
    if (time) {
        limit = read_time(task, time, Struct::old_timeval);
        if (!limit) return -EFAULT;
        // Microseconds may exceed a second here.
        limit->tv_sec += limit->tv_nsec / 1'000'000'000;
        limit->tv_nsec %= 1'000'000'000;
        if (!is_valid(*limit)) return -EINVAL;
    }
    TimeLimit time_limit(task, limit);
    SysResult result = select_for(task, count, {in, out, except}, time_limit, std::nullopt);
    return write_rest(task, time, Struct::old_timeval, time_limit.left(), result);
}

/// One argument: the address of all five.
SysResult sys_old_select(Task& task, GuestAddr block) {
    u64 values[5];
    for (std::size_t i = 0; i < 5; ++i) {
        auto word = task.memory().read_word(block + i * task.abi().word_size);
        if (!word) return -EFAULT;
        values[i] = *word;
    }
    return sys_select(task, static_cast<int>(values[0]), {values[1]}, {values[2]}, {values[3]}, {values[4]});
}

/// The sixth argument is the address of a pair: signal set address, its size.
template <Struct layout>
SysResult sys_pselect6(Task& task, int count, GuestAddr in, GuestAddr out, GuestAddr except, GuestAddr time,
                       GuestAddr pair) {
    std::optional<u64> mask = 0, mask_size = 0;
    if (pair) {
        mask = read_long(task, pair);
        mask_size = read_long(task, pair + task.abi().long_size());
        if (!mask || !mask_size) return -EFAULT;
    }
    std::optional<timespec> limit;
    if (int error = read_limit(task, time, layout, limit); error != 0) return error;
    auto blocked = mask_argument(task, {*mask}, *mask_size);
    if (!blocked) return blocked.error();
    TimeLimit time_limit(task, limit);
    SysResult result = select_for(task, count, {in, out, except}, time_limit, *blocked);
    return write_rest(task, time, layout, time_limit.left(), result);
}

constexpr Support full = Support::full;

constexpr SyscallRow rows[] = {
    waits({"poll", adapt<sys_poll>, full, "pollfds, uint, int"}),
    waits({"ppoll", adapt<sys_ppoll<Struct::timespec64>>, full, "pollfds, uint, timespec64_in, sigset, size"}),
    waits({"ppoll_time32", adapt<sys_ppoll<Struct::old_timespec>>, full, "pollfds, uint, timespec_in, sigset, size"}),
    waits({"select", adapt<sys_select>, full, "int, fdset, fdset, fdset, timeval_in"}),
    waits({"old_select", adapt<sys_old_select>, full, "ptr"}),
    waits({"pselect6", adapt<sys_pselect6<Struct::timespec64>>, full, "int, fdset, fdset, fdset, timespec64_in, ptr"}),
    waits({"pselect6_time32", adapt<sys_pselect6<Struct::old_timespec>>, full, "int, fdset, fdset, fdset, timespec_in, ptr"}),
};

}  // namespace

std::span<const SyscallRow> poll_rows() { return rows; }

}  // namespace postern::kernel
