// Descriptors that announce events: epoll, eventfd, inotify.
#include "kernel/files.hpp"
#include "kernel/syscalls/support.hpp"
#include "kernel/syscalls/waiting.hpp"

#include <algorithm>
#include <fcntl.h>
#include <memory>
#include <sys/epoll.h>
#include <sys/eventfd.h>

namespace postern::kernel {

namespace {

SysResult sys_eventfd2(Task& task, unsigned count, int flags) {
    // EFD_SEMAPHORE is the one bit that is no O_ flag.
    int host = (flags & EFD_SEMAPHORE) | creation_flags_from_guest(task.abi(), flags & ~EFD_SEMAPHORE);
    task.process.files().has_event_descriptors = true;
    return host_call(SYS_eventfd2, count, host);
}

SysResult sys_eventfd(Task& task, unsigned count) { return sys_eventfd2(task, count, 0); }

SysResult sys_inotify_init1(Task& task, int flags) {
    task.process.files().has_event_descriptors = true;
    return host_call(SYS_inotify_init1, creation_flags_from_guest(task.abi(), flags));
}

SysResult sys_inotify_init(Task& task) { return sys_inotify_init1(task, 0); }

SysResult sys_inotify_add_watch(Task& task, int fd, GuestAddr path, unsigned mask) {
    auto host = path_argument(task, AT_FDCWD, path, LastLink::follow);
    if (!host) return host.error();
    return host_call(SYS_inotify_add_watch, host_fd(task, fd), *host, mask);
}

SysResult sys_inotify_rm_watch(Task& task, int fd, int watch) {
    return host_call(SYS_inotify_rm_watch, host_fd(task, fd), watch);
}

// --- epoll

SysResult sys_epoll_create1(Task& task, int flags) {
    return host_call(SYS_epoll_create1, open_flags_from_guest(task.abi(), static_cast<unsigned>(flags)));
}

SysResult sys_epoll_create(Task&, int size) {
    if (size <= 0) return -EINVAL;
    return host_call(SYS_epoll_create1, 0);
}

SysResult sys_epoll_ctl(Task& task, int epoll, int operation, int fd, GuestAddr address) {
    epoll_event event{};
    if (operation != EPOLL_CTL_DEL) {
        std::byte bytes[16];
        std::span buffer(bytes, layout_of(task.abi(), Struct::epoll_event).size);
        if (!task.memory().read(address, buffer)) return -EFAULT;
        StructView view(task.abi(), Struct::epoll_event, buffer);
        event.events = static_cast<u32>(view.get(Field::events));
        event.data.u64 = view.get(Field::data);
    }
    return host_call(SYS_epoll_ctl, host_fd(task, epoll), operation, host_fd(task, fd), &event);
}

bool write_events_to(Task& task, GuestAddr address, std::span<const epoll_event> events) {
    u64 size = layout_of(task.abi(), Struct::epoll_event).size;
    std::vector<std::byte> bytes(size * events.size());
    for (std::size_t i = 0; i < events.size(); ++i) {
        StructView view(task.abi(), Struct::epoll_event, std::span(bytes).subspan(i * size, size));
        view.set(Field::events, events[i].events);
        view.set(Field::data, events[i].data.u64);
    }
    return task.memory().write(address, bytes);
}

/// Every form of waiting ends with EINTR on a signal, handler's SA_RESTART or not.
SysResult wait(Task& task, int epoll, GuestAddr address, int maximum, std::optional<timespec> limit) {
    u64 size = layout_of(task.abi(), Struct::epoll_event).size;
    if (maximum <= 0 || static_cast<u64>(maximum) > INT32_MAX / size) return -EINVAL;
    // Room for every descriptor, not for as many as the guest names.
    auto room = static_cast<std::size_t>(std::min(maximum, std::max(task.process.files().first_reserved_fd, 4096)));
    auto storage = std::make_unique_for_overwrite<epoll_event[]>(room);
    std::span events(storage.get(), room);
    TimeLimit time_limit(task, limit);
    const timespec* timeout = time_limit.host();
    SysResult result = restartable_call(task, -EINTR, SYS_epoll_pwait2, host_fd(task, epoll), events.data(),
                                     events.size(), timeout, nullptr, 8);
    if (result.value == -ENOSYS) {   // hosts before Linux 5.11
        i64 milliseconds = timeout ? std::min<i64>(timeout->tv_sec * 1000 + (timeout->tv_nsec + 999'999) / 1'000'000,
                                                   INT32_MAX)
                                   : -1;
        result = restartable_call(task, -EINTR, SYS_epoll_pwait, host_fd(task, epoll), events.data(), events.size(),
                               milliseconds, nullptr, 8);
    }
    if (result.value == -EINTR) {
        // Linux looks at the descriptors before it looks at signals.
        i64 count = host_call(SYS_epoll_pwait, host_fd(task, epoll), events.data(), events.size(), 0, nullptr, 8);
        if (count > 0) result = count;
    }
    if (result.value == 0) time_limit.reached();
    if (result.value <= 0) return result;
    auto ready = events.first(static_cast<std::size_t>(result.value));
    return write_events_to(task, address, ready) ? result : SysResult(-EFAULT);
}

SysResult wait_milliseconds(Task& task, int epoll, GuestAddr address, int maximum, int milliseconds) {
    if (milliseconds < 0) return wait(task, epoll, address, maximum, std::nullopt);
    return wait(task, epoll, address, maximum, timespec{milliseconds / 1000, milliseconds % 1000 * 1'000'000L});
}

SysResult sys_epoll_wait(Task& task, int epoll, GuestAddr events, int maximum, int milliseconds) {
    return wait_milliseconds(task, epoll, events, maximum, milliseconds);
}

SysResult sys_epoll_pwait(Task& task, int epoll, GuestAddr events, int maximum, int milliseconds, GuestAddr mask,
                          GuestSize mask_size) {
    auto blocked = mask_argument(task, mask, mask_size.value);
    if (!blocked) return blocked.error();
    TemporaryMask temporary(task, *blocked);
    return temporary.finish(wait_milliseconds(task, epoll, events, maximum, milliseconds));
}

SysResult sys_epoll_pwait2(Task& task, int epoll, GuestAddr events, int maximum, GuestAddr timeout, GuestAddr mask,
                           GuestSize mask_size) {
    std::optional<timespec> time;
    if (timeout) {
        time = read_time(task, timeout, Struct::timespec64);
        if (!time) return -EFAULT;
        if (!is_valid(*time)) return -EINVAL;
    }
    auto blocked = mask_argument(task, mask, mask_size.value);
    if (!blocked) return blocked.error();
    TemporaryMask temporary(task, *blocked);
    return temporary.finish(wait(task, epoll, events, maximum, time));
}

constexpr SyscallRow rows[] = {
    {"eventfd", adapt<sys_eventfd>, Support::full, "int"},
    {"eventfd2", adapt<sys_eventfd2>, Support::full, "int, hex"},
    {"inotify_init", adapt<sys_inotify_init>, Support::full, ""},
    {"inotify_init1", adapt<sys_inotify_init1>, Support::full, "hex"},
    {"inotify_add_watch", adapt<sys_inotify_add_watch>, Support::full, "fd, path, hex"},
    {"inotify_rm_watch", adapt<sys_inotify_rm_watch>, Support::full, "fd, int"},
    {"epoll_create", adapt<sys_epoll_create>, Support::full, "int"},
    {"epoll_create1", adapt<sys_epoll_create1>, Support::full, "hex"},
    {"epoll_ctl", adapt<sys_epoll_ctl>, Support::full, "fd, int, fd, ptr"},
    waits({"epoll_wait", adapt<sys_epoll_wait>, Support::full, "fd, ptr, int, int"}),
    waits({"epoll_pwait", adapt<sys_epoll_pwait>, Support::full, "fd, ptr, int, int, sigset, size"}),
    waits({"epoll_pwait2", adapt<sys_epoll_pwait2>, Support::full, "fd, ptr, int, timespec64_in, sigset, size"}),
};

}  // namespace

std::span<const SyscallRow> event_rows() { return rows; }

}  // namespace postern::kernel
