// What the system is and what it allows: names, load, limits, usage, random numbers.
#include "kernel/files.hpp"
#include "kernel/syscalls/process.hpp"
#include "kernel/syscalls/support.hpp"

#include <algorithm>
#include <cstring>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

namespace postern::kernel {

namespace {

// --- uname

/// Puts a name of at most `width` - 1 bytes in a field that is already zero.
void put_name(std::span<std::byte> field, std::string_view name) {
    std::memcpy(field.data(), name.data(), std::min(name.size(), field.size() - 1));
}

SysResult sys_uname(Task& task, GuestAddr address) {
    struct utsname host;
    ::uname(&host);
    std::vector<std::byte> bytes(layout_of(task.abi(), Struct::new_utsname).size);
    StructView view(task.abi(), Struct::new_utsname, bytes);
    put_name(view.bytes_of(Field::sysname), host.sysname);
    put_name(view.bytes_of(Field::nodename), host.nodename);
    put_name(view.bytes_of(Field::release), host.release);
    put_name(view.bytes_of(Field::version), host.version);
    put_name(view.bytes_of(Field::machine), task.abi().start.uname_machine);
    put_name(view.bytes_of(Field::domainname), host.domainname);
    return task.memory().write(address, bytes) ? 0 : -EFAULT;
}

/// The two older forms: five names of 65 bytes (struct old_utsname), or of 9 (oldold_utsname).
template <u64 width>
SysResult sys_old_uname(Task& task, GuestAddr address) {
    struct utsname host;
    ::uname(&host);
    std::string_view names[] = {host.sysname, host.nodename, host.release, host.version,
                                task.abi().start.uname_machine};
    std::vector<std::byte> bytes(width * std::size(names));
    for (std::size_t i = 0; i < std::size(names); ++i)
        put_name(std::span(bytes).subspan(i * width, width), names[i]);
    return task.memory().write(address, bytes) ? 0 : -EFAULT;
}

// --- sysinfo

/// Sizes that do not fit the guest's long are counted in pages instead of bytes: the shift to
/// get there (kernel: kernel/sys.c, compat_sys_sysinfo).
unsigned size_shift(const Abi& abi, const struct sysinfo& host) {
    unsigned shift = 0;
    if (abi.long_size() == 8 || (std::max(host.totalram, host.totalswap) >> 32) == 0) return shift;
    while (u64{host.mem_unit} << shift < abi.layout.page_size) ++shift;
    return shift;
}

SysResult sys_sysinfo(Task& task, GuestAddr address) {
    struct sysinfo host;
    if (::sysinfo(&host) != 0) return -errno;
    const Abi& abi = task.abi();
    std::vector<std::byte> bytes(layout_of(abi, Struct::sysinfo).size);
    StructView view(abi, Struct::sysinfo, bytes);
    unsigned shift = size_shift(abi, host);
    // A second begun counts (kernel: do_sysinfo).
    auto uptime = task.process.read_clock(CLOCK_BOOTTIME);
    view.set(Field::uptime, static_cast<u64>(uptime ? uptime->seconds + (uptime->nanoseconds != 0) : host.uptime));
    for (std::size_t i = 0; i < 3; ++i)
        store_unsigned(view.bytes_of(Field::loads).data() + i * abi.long_size(), host.loads[i], abi.long_size(),
                       abi.byte_order);
    view.set(Field::totalram, host.totalram >> shift);
    view.set(Field::freeram, host.freeram >> shift);
    view.set(Field::sharedram, host.sharedram >> shift);
    view.set(Field::bufferram, host.bufferram >> shift);
    view.set(Field::totalswap, host.totalswap >> shift);
    view.set(Field::freeswap, host.freeswap >> shift);
    view.set(Field::procs, host.procs);
    view.set(Field::totalhigh, host.totalhigh >> shift);
    view.set(Field::freehigh, host.freehigh >> shift);
    view.set(Field::mem_unit, host.mem_unit << shift);
    return task.memory().write(address, bytes) ? 0 : -EFAULT;
}

// --- limits

bool is_guest_only(int resource) {
    return resource == RLIMIT_AS || resource == RLIMIT_DATA || resource == RLIMIT_STACK;
}

/// 0 or -errno.
i64 get_limit(Task& task, int resource, rlimit& limit) {
    if (resource < 0 || resource >= RLIM_NLIMITS) return -EINVAL;
    if (auto& own = task.process.system().limits[static_cast<std::size_t>(resource)]) {
        limit = *own;
        return 0;
    }
    if (i64 error = host_call(SYS_prlimit64, 0, resource, nullptr, &limit); error != 0) return error;
    // Descriptors above are Postern's own.
    auto highest_fd = static_cast<rlim_t>(task.process.files().first_reserved_fd);
    if (resource == RLIMIT_NOFILE) limit.rlim_max = std::min(limit.rlim_max, highest_fd);
    return 0;
}

/// The stack may grow at once; what it may not do is to shrink Postern's own below comfort.
void apply_stack_limit(Task& task, const rlimit& limit) {
    constexpr rlim_t own_need = 1 << 20;
    task.memory().set_stack_limit(limit.rlim_cur);
    rlimit host{};
    if (::getrlimit(RLIMIT_STACK, &host) != 0) return;
    host.rlim_cur = std::min(std::max(limit.rlim_cur, own_need), host.rlim_max);
    ::setrlimit(RLIMIT_STACK, &host);
}

/// What Linux checks before it takes a new limit for `old` (kernel: do_prlimit).
i64 check_limit(const rlimit& old, const rlimit& limit) {
    if (limit.rlim_cur > limit.rlim_max) return -EINVAL;
    return limit.rlim_max > old.rlim_max && ::geteuid() != 0 ? -EPERM : 0;
}

/// 0 or -errno.
i64 set_limit(Task& task, int resource, const rlimit& limit) {
    rlimit old{};
    if (i64 error = get_limit(task, resource, old); error != 0) return error;
    if (i64 error = check_limit(old, limit); error != 0) return error;
    if (is_guest_only(resource)) {
        task.process.system().limits[static_cast<std::size_t>(resource)] = limit;
        if (resource == RLIMIT_STACK) apply_stack_limit(task, limit);
        return 0;
    }
    if (resource != RLIMIT_NOFILE) return host_call(SYS_prlimit64, 0, resource, &limit, nullptr);
    // The host's hard limit stays: Postern's own descriptors need the room.
    rlimit host{};
    if (limit.rlim_max > old.rlim_max) return -EPERM;
    if (i64 error = host_call(SYS_prlimit64, 0, resource, nullptr, &host); error != 0) return error;
    host.rlim_cur = limit.rlim_cur;
    return host_call(SYS_prlimit64, 0, resource, &host, nullptr);
}

/// -1, which is no resource, for a number without a meaning.
int resource_from_guest(Task& task, int guest) {
    return static_cast<int>(task.abi().numbers.from_guest(NumberSet::resource_limit, guest).value_or(-1));
}

/// What stands for RLIM_INFINITY in a struct rlimit of the guest's words, or in struct rlimit64.
u64 infinity_of(Task& task, Struct which) {
    if (which != Struct::rlimit) return ~u64{0};
    u64 widest = layout_of(task.abi(), which).find(Field::rlim_cur)->width == 8 ? ~u64{0} : task.abi().word_mask();
    return task.abi().rlimit_infinity.value_or(widest);
}

/// Limits larger than `infinity` of the guest's long read as that (kernel: compat_sys_getrlimit).
SysResult write_limit(Task& task, GuestAddr address, Struct which, const rlimit& limit, u64 infinity) {
    std::byte bytes[16];
    std::span buffer(bytes, layout_of(task.abi(), which).size);
    StructView view(task.abi(), which, buffer);
    view.set(Field::rlim_cur, std::min<u64>(limit.rlim_cur, infinity));
    view.set(Field::rlim_max, std::min<u64>(limit.rlim_max, infinity));
    return task.memory().write(address, buffer) ? 0 : -EFAULT;
}

std::optional<rlimit> read_limit(Task& task, GuestAddr address, Struct which) {
    std::byte bytes[16];
    std::span buffer(bytes, layout_of(task.abi(), which).size);
    if (!task.memory().read(address, buffer)) return std::nullopt;
    StructView view(task.abi(), which, buffer);
    u64 infinity = infinity_of(task, which);
    auto value = [&](Field field) {
        u64 number = view.get(field);
        return number == infinity ? RLIM_INFINITY : static_cast<rlim_t>(number);
    };
    return rlimit{.rlim_cur = value(Field::rlim_cur), .rlim_max = value(Field::rlim_max)};
}

SysResult sys_getrlimit(Task& task, int guest_resource, GuestAddr address) {
    rlimit limit{};
    int resource = resource_from_guest(task, guest_resource);
    if (i64 error = get_limit(task, resource, limit); error != 0) return error;
    return write_limit(task, address, Struct::rlimit, limit, infinity_of(task, Struct::rlimit));
}

/// The first form, whose infinity was the largest signed long.
SysResult sys_old_getrlimit(Task& task, int guest_resource, GuestAddr address) {
    rlimit limit{};
    int resource = resource_from_guest(task, guest_resource);
    if (i64 error = get_limit(task, resource, limit); error != 0) return error;
    return write_limit(task, address, Struct::rlimit, limit, task.abi().word_mask() >> 1);
}

SysResult sys_setrlimit(Task& task, int resource, GuestAddr address) {
    auto limit = read_limit(task, address, Struct::rlimit);
    if (!limit) return -EFAULT;
    return set_limit(task, resource_from_guest(task, resource), *limit);
}

/// Another process's limits are the host's: it is another host process.
SysResult prlimit_of_other(Task& task, i32 pid, int resource, const rlimit* limit, GuestAddr old_address) {
    rlimit old{};
    if (i64 error = host_call(SYS_prlimit64, pid, resource, limit, &old); error != 0) return error;
    return old_address ? write_limit(task, old_address, Struct::rlimit64, old, ~u64{0}) : SysResult{0};
}

SysResult sys_prlimit64(Task& task, i32 pid, int guest_resource, GuestAddr new_address, GuestAddr old_address) {
    int resource = resource_from_guest(task, guest_resource);
    std::optional<rlimit> limit;
    if (new_address) {
        limit = read_limit(task, new_address, Struct::rlimit64);
        if (!limit) return -EFAULT;
    }
    if (pid != 0 && pid != ::getpid())
        return prlimit_of_other(task, pid, resource, limit ? &*limit : nullptr, old_address);
    rlimit old{};
    if (i64 error = get_limit(task, resource, old); error != 0) return error;
    if (limit) {
        if (i64 error = set_limit(task, resource, *limit); error != 0) return error;
    }
    return old_address ? write_limit(task, old_address, Struct::rlimit64, old, ~u64{0}) : SysResult{0};
}

// --- usage

SysResult sys_getrusage(Task& task, int who, GuestAddr address) {
    rusage usage{};
    if (i64 error = host_call(SYS_getrusage, who, &usage); error != 0) return error;
    return write_resource_usage(task, address, usage) ? 0 : -EFAULT;
}

// --- random numbers

SysResult sys_getrandom(Task& task, GuestAddr address, GuestSize size, unsigned flags) {
    if (flags & ~unsigned{GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE}) return -EINVAL;
    if ((flags & (GRND_RANDOM | GRND_INSECURE)) == (GRND_RANDOM | GRND_INSECURE)) return -EINVAL;
    u64 left = std::min<u64>(size.value, max_transfer);
    u64 done = 0;
    while (done < left) {
        std::span<std::byte> piece = task.memory().host_span(address + done, left - done, Access::write);
        if (piece.empty()) return done ? SysResult(static_cast<i64>(done)) : SysResult(-EFAULT);
        i64 got = task.process.system().random.fill(piece, flags);
        if (got < 0) return done ? SysResult(static_cast<i64>(done)) : SysResult(got);
        done += static_cast<u64>(got);
    }
    return static_cast<i64>(done);
}

SysResult sys_membarrier(Task&, int command, unsigned flags, int cpu) {
    return host_call(SYS_membarrier, command, flags, cpu);
}

constexpr SyscallRow rows[] = {
    {"uname", adapt<sys_uname>, Support::full, "utsname_out"},
    {"olduname", adapt<sys_old_uname<65>>, Support::full, "ptr"},
    {"oldolduname", adapt<sys_old_uname<9>>, Support::full, "ptr"},
    {"sysinfo", adapt<sys_sysinfo>, Support::full, "sysinfo_out"},
    {"getrlimit", adapt<sys_getrlimit>, Support::full, "resource, rlimit_out"},
    {"old_getrlimit", adapt<sys_old_getrlimit>, Support::full, "resource, rlimit_out"},
    {"setrlimit", adapt<sys_setrlimit>, Support::partial, "resource, rlimit_in",
     "RLIMIT_AS and RLIMIT_DATA are remembered but not enforced."},
    {"prlimit64", adapt<sys_prlimit64>, Support::partial, "pid, resource, rlimit64_in, rlimit64_out",
     "RLIMIT_AS and RLIMIT_DATA are remembered but not enforced."},
    {"getrusage", adapt<sys_getrusage>, Support::full, "rusage_who, rusage_out"},
    {"getrandom", adapt<sys_getrandom>, Support::full, "buf_out, size, random_flags"},
    {"membarrier", adapt<sys_membarrier>, Support::full, "membarrier, hex, int"},
};

}  // namespace

std::span<const SyscallRow> system_rows() { return rows; }

}  // namespace postern::kernel
