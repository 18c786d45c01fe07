// What belongs to one thread: its robust list, its thread pointer.
#include "kernel/signals.hpp"
#include "kernel/syscalls/support.hpp"

#include <csignal>

namespace postern::kernel {

namespace {

// --- the robust list, walked when the thread ends

SysResult sys_set_robust_list(Task& task, GuestAddr head, GuestSize size) {
    if (size.value != layout_of(task.abi(), Struct::robust_list_head).size) return -EINVAL;
    task.robust_list = head;
    task.robust_list_size = size.value;
    return 0;
}

SysResult sys_get_robust_list(Task& task, i32 pid, GuestAddr head, GuestAddr size) {
    const Task* owner = pid == 0 ? &task : task.process.threads().find(pid);
    if (!owner) return ::kill(pid, 0) == 0 || errno == EPERM ? -EPERM : -ESRCH;
    u64 known_size = layout_of(task.abi(), Struct::robust_list_head).size;
    if (!task.memory().write_word(size, known_size)) return -EFAULT;
    return task.memory().write_word(head, owner->robust_list.value) ? 0 : -EFAULT;
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

constexpr SyscallRow rows[] = {
    {"set_robust_list", adapt<sys_set_robust_list>, Support::full, "ptr, size"},
    {"get_robust_list", adapt<sys_get_robust_list>, Support::partial, "pid, long_out, long_out",
     "Only of threads of the calling process."},
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
