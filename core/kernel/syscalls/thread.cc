// What belongs to one thread: futexes, its robust list, its thread pointer.
#include "kernel/signals.hpp"
#include "kernel/syscalls/support.hpp"
#include "kernel/syscalls/waiting.hpp"

#include <csignal>
#include <linux/futex.h>

namespace postern::kernel {

namespace {

// --- futexes. Guest memory is host memory, so the host's own futexes work on it, between
//     guest processes that share a mapping too. The host compares in its own byte order.

/// The futex word as the host sees it, or null with the errno that Linux gives.
std::expected<u32*, int> futex_word(Task& task, GuestAddr address) {
    if (!address.is_aligned(sizeof(u32))) return std::unexpected(-EINVAL);
    std::span<std::byte> bytes = task.memory().host_span(address, sizeof(u32), Access::read);
    if (bytes.size() < sizeof(u32)) return std::unexpected(-EFAULT);
    return reinterpret_cast<u32*>(bytes.data());
}

/// A wait that ends at a host time, or never: as FUTEX_WAIT_BITSET, whose time is absolute, so
/// that a wait continued after a signal ends when the first one would have.
struct FutexWait {
    GuestAddr address;
    int operation;                       ///< FUTEX_WAIT_BITSET with its flags
    u32 value, mask;
    bool relative;                       ///< restarted by restart_syscall
    std::optional<timespec> host_end;
    int clock = CLOCK_MONOTONIC;         ///< of the guest's end
    vdso::GuestTime end{};
};

SysResult wait_on(Task& task, const FutexWait& wait) {
    auto word = futex_word(task, wait.address);
    if (!word) return word.error();
    i64 result = interruptible_call(task, SYS_futex, reinterpret_cast<u64>(*word), static_cast<u64>(wait.operation),
                                    convert(wait.value, task.abi().byte_order),
                                    reinterpret_cast<u64>(wait.host_end ? &*wait.host_end : nullptr), 0, wait.mask);
    if (result == -ETIMEDOUT) task.process.clock().pass_until(wait.clock, wait.end);
    task.process.clock().catch_up();
    if (result != -EINTR) return result;
    if (!wait.host_end || !wait.relative) return restart_sys;
    task.restart = [wait](Task& later) { return wait_on(later, wait); };
    return restart_block;
}

/// Gives the wait an end in guest time.
void end_at(Task& task, FutexWait& wait, int clock, const timespec& end) {
    wait.clock = clock;
    wait.end = to_guest_time(end);
    auto host = task.process.clock().to_host(clock, wait.end);
    if (host.clock_id == CLOCK_REALTIME) wait.operation |= FUTEX_CLOCK_REALTIME;
    wait.host_end = to_timespec(host.time);
}

/// FUTEX_WAIT counts from now, FUTEX_WAIT_BITSET to a time of its clock.
SysResult futex_wait(Task& task, GuestAddr address, int operation, u32 value, u32 mask, GuestAddr timeout,
                     Struct layout) {
    bool relative = (operation & FUTEX_CMD_MASK) == FUTEX_WAIT;
    int clock = operation & FUTEX_CLOCK_REALTIME ? CLOCK_REALTIME : CLOCK_MONOTONIC;
    FutexWait wait{.address = address, .operation = FUTEX_WAIT_BITSET | (operation & FUTEX_PRIVATE_FLAG),
                   .value = value, .mask = mask, .relative = relative, .host_end = {}};
    if (mask == 0) return -EINVAL;
    if (timeout) {
        auto time = read_time(task, timeout, layout);
        if (!time) return -EFAULT;
        if (!is_valid(*time)) return -EINVAL;
        if (relative) {
            clock = CLOCK_MONOTONIC;
            auto now = task.process.clock().now(clock);
            if (!now) return -EINVAL;
            *time = to_timespec(*now) + *time;
        }
        end_at(task, wait, clock, *time);
    }
    return wait_on(task, wait);
}

/// FUTEX_REQUEUE and FUTEX_CMP_REQUEUE; the fourth argument is a count here.
SysResult futex_requeue(Task& task, GuestAddr address, int operation, u32 wake, u32 requeue, GuestAddr target,
                        u32 expected) {
    auto from = futex_word(task, address);
    if (!from) return from.error();
    auto to = futex_word(task, target);
    if (!to) return to.error();
    return host_call(SYS_futex, *from, operation, wake, static_cast<u64>(requeue), *to,
                     convert(expected, task.abi().byte_order));
}

template <Struct layout>
SysResult sys_futex(Task& task, GuestAddr address, int operation, u32 value, GuestAddr timeout, GuestAddr second,
                    u32 third_value) {
    int command = operation & FUTEX_CMD_MASK;
    switch (command) {
        case FUTEX_WAIT:
            return futex_wait(task, address, operation, value, FUTEX_BITSET_MATCH_ANY, timeout, layout);
        case FUTEX_WAIT_BITSET: return futex_wait(task, address, operation, value, third_value, timeout, layout);
        case FUTEX_WAKE:
        case FUTEX_WAKE_BITSET: {
            auto word = futex_word(task, address);
            if (!word) return word.error();
            return host_call(SYS_futex, *word, operation, value, nullptr, nullptr, third_value);
        }
        case FUTEX_REQUEUE:
        case FUTEX_CMP_REQUEUE:
            return futex_requeue(task, address, operation, value, static_cast<u32>(timeout.value), second,
                                 third_value);
        default: return -ENOSYS;
    }
}

// --- the robust list: remembered; walked by nobody while a process has one thread

SysResult sys_set_robust_list(Task& task, GuestAddr head, GuestSize size) {
    if (size.value != layout_of(task.abi(), Struct::robust_list_head).size) return -EINVAL;
    task.robust_list = head;
    task.robust_list_size = size.value;
    return 0;
}

SysResult sys_get_robust_list(Task& task, i32 pid, GuestAddr head, GuestAddr size) {
    if (pid != 0 && pid != task.tid) return ::kill(pid, 0) == 0 || errno == EPERM ? -EPERM : -ESRCH;
    u64 known_size = layout_of(task.abi(), Struct::robust_list_head).size;
    if (!task.memory().write_word(size, known_size)) return -EFAULT;
    return task.memory().write_word(head, task.robust_list.value) ? 0 : -EFAULT;
}

// --- the thread pointer as x86-64 sets it: the bases of fs and gs (kernel: do_arch_prctl_64)

enum ArchPrctl : int {
    set_gs = 0x1001, set_fs = 0x1002, get_fs = 0x1003, get_gs = 0x1004, get_cpuid = 0x1011, set_cpuid = 0x1012,
};

SysResult sys_arch_prctl(Task& task, int code, GuestAddr address) {
    const Abi& abi = task.abi();
    if (code == get_cpuid) return 1;          // cpuid executes
    if (code == set_cpuid) return -ENODEV;    // and cannot be made to fault
    bool is_fs = code == set_fs || code == get_fs;
    bool is_gs = code == set_gs || code == get_gs;
    auto base = is_fs ? abi.find_register("fs_base") : is_gs ? abi.find_register("gs_base") : std::nullopt;
    if (!base) return -EINVAL;
    if (code == get_fs || code == get_gs)
        return write_long(task, address, task.cpu().get(*base)) ? 0 : -EFAULT;
    if (address.value >= abi.layout.task_size) return -EPERM;
    task.cpu().set(*base, address.value);
    return 0;
}

// --- the thread pointer as i386 sets it: a segment (kernel: arch/x86/kernel/tls.c)

/// Entries of the descriptor table that threads may use on a 64-bit kernel.
constexpr u32 first_thread_entry = 12, last_thread_entry = 14;
constexpr u32 any_entry = 0xffff'ffff;
enum SegmentFlags : u32 { is_32bit = 1, contents = 6, read_only = 8, not_present = 0x20 };
constexpr u32 empty_flags = read_only | not_present;

bool uses_segments(const Task& task) {
    return task.abi().thread_pointer.kind == ThreadPointerKind::segment_descriptor;
}

bool is_empty(u32 base, u32 limit, u32 flags) { return base == 0 && limit == 0 && flags == empty_flags; }

/// Only expanding data segments; two spellings of "none".
bool is_acceptable(u32 base, u32 limit, u32 flags) {
    constexpr u32 defined = 0x7f;
    flags &= defined;
    if (is_empty(base, limit, flags) || (base == 0 && limit == 0 && flags == 0)) return true;
    return (flags & is_32bit) && (flags & contents) <= 2 && !(flags & not_present);
}

std::optional<u32> free_entry(Task& task) {
    for (u32 entry = first_thread_entry; entry <= last_thread_entry; ++entry) {
        auto segment = task.cpu().segment(entry);
        if (segment && is_empty(segment->base, segment->limit, segment->flags)) return entry;
    }
    return std::nullopt;
}

SysResult sys_set_thread_area(Task& task, GuestAddr address) {
    if (!uses_segments(task)) return -ENOSYS;
    std::byte bytes[16];
    if (!task.memory().read(address, bytes)) return -EFAULT;
    StructView view(task.abi(), Struct::user_desc, bytes);
    u32 base = static_cast<u32>(view.get(Field::base_addr)), limit = static_cast<u32>(view.get(Field::limit));
    u32 flags = static_cast<u32>(view.get(Field::flags)), entry = static_cast<u32>(view.get(Field::entry_number));
    if (!is_acceptable(base, limit, flags)) return -EINVAL;
    if (entry == any_entry) {
        auto chosen = free_entry(task);
        if (!chosen) return -ESRCH;
        entry = *chosen;
        view.set(Field::entry_number, entry);
        if (!task.memory().write(address, bytes)) return -EFAULT;
    }
    if (flags == 0 && base == 0 && limit == 0) flags = empty_flags;
    return task.cpu().set_segment(entry, base, limit, flags) ? 0 : -EINVAL;
}

SysResult sys_get_thread_area(Task& task, GuestAddr address) {
    if (!uses_segments(task)) return -ENOSYS;
    auto entry = task.memory().read(GuestPtr<u32>{address});
    if (!entry) return -EFAULT;
    auto segment = task.cpu().segment(*entry);
    if (!segment) return -EINVAL;
    std::byte bytes[16] = {};
    StructView view(task.abi(), Struct::user_desc, bytes);
    view.set(Field::entry_number, *entry);
    view.set(Field::base_addr, segment->base);
    view.set(Field::limit, segment->limit);
    view.set(Field::flags, segment->flags);
    return task.memory().write(address, bytes) ? 0 : -EFAULT;
}

// --- ARM's private calls (kernel: arch/arm/kernel/traps.c, arch/arm64/kernel/sys_compat.c)

/// The engine notices changed code by itself: what is left is to check the range.
SysResult sys_cache_flush(Task&, GuestAddr start, GuestAddr end, int flags) {
    return end < start || flags != 0 ? -EINVAL : 0;
}

SysResult sys_set_tls(Task& task, GuestWord value) {
    task.cpu().set(task.abi().thread_pointer.low, value.value);
    return 0;
}

SysResult sys_get_tls(Task& task) { return static_cast<i64>(task.cpu().get(task.abi().thread_pointer.low)); }

/// A software breakpoint in the form of a call: SIGTRAP at the instruction itself.
SysResult sys_breakpoint(Task& task) {
    const SyscallConvention& convention = task.abi().syscall;
    u64 length = convention.trap_length;
    if (auto flags = task.abi().find_register("cpsr"); flags && (task.cpu().get(*flags) & 0x20))
        length = convention.trap_length_thumb;
    GuestAddr address{task.cpu().pc() - length};
    task.cpu().set_pc(address.value);
    force_signal(task, {.signal = SIGTRAP, .code = TRAP_BRKPT, .kind = SignalInfo::Kind::fault, .address = address});
    return keep_registers;
}

constexpr std::string_view futex_note = "Priority inheritance (FUTEX_*_PI) and FUTEX_WAKE_OP answer ENOSYS.";

constexpr SyscallRow rows[] = {
    {"futex", adapt<sys_futex<Struct::timespec64>>, Support::partial,
     "ptr, futex_op, uint, timespec64_in, ptr, hex", futex_note},
    {"futex_time32", adapt<sys_futex<Struct::old_timespec>>, Support::partial,
     "ptr, futex_op, uint, timespec_in, ptr, hex", futex_note},
    {"set_robust_list", adapt<sys_set_robust_list>, Support::full, "ptr, size"},
    {"get_robust_list", adapt<sys_get_robust_list>, Support::partial, "pid, long_out, long_out",
     "Only the calling thread's own."},
    {"arch_prctl", adapt<sys_arch_prctl>, Support::full, "hex, ptr"},
    {"set_thread_area", adapt<sys_set_thread_area>, Support::full, "user_desc"},
    {"get_thread_area", adapt<sys_get_thread_area>, Support::full, "user_desc"},
    {"mips_set_thread_area", adapt<sys_set_tls>, Support::full, "ptr"},
    {"ARM_cacheflush", adapt<sys_cache_flush>, Support::full, "ptr, ptr, hex"},
    {"ARM_set_tls", adapt<sys_set_tls>, Support::full, "ptr"},
    {"ARM_get_tls", adapt<sys_get_tls>, Support::full, ""},
    {"ARM_breakpoint", adapt<sys_breakpoint>, Support::full, ""},
};

}  // namespace

std::span<const SyscallRow> thread_rows() { return rows; }

}  // namespace postern::kernel
