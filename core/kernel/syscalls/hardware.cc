// What programs may ask of the processor and tell it, beyond the auxiliary vector, and calls that one
// family of processors has.
#include "kernel/signals_frame.hpp"
#include "kernel/syscalls/support.hpp"

#include <algorithm>
#include <signal.h>
#include <vector>

namespace postern::kernel {

namespace {

// --- riscv_hwprobe (kernel: arch/riscv/kernel/sys_hwprobe.c): all harts are alike

constexpr i64 unknown_key = -1;

/// Whether the set of harts is one of which something may be asked. Error: -errno.
std::expected<void, int> check_harts(Task& task, GuestAddr harts, u64 size) {
    constexpr u64 most_bytes = 1024;   // 8192 harts; what follows names none
    if (!harts && size == 0) return {};
    std::vector<std::byte> bytes(std::min(size, most_bytes));
    if (!task.memory().read(harts, bytes)) return std::unexpected(-EFAULT);
    bool is_empty = std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; });
    if (is_empty) return std::unexpected(-EINVAL);
    return {};
}

SysResult sys_riscv_hwprobe(Task& task, GuestAddr pairs, GuestSize count, GuestSize set_size, GuestAddr harts,
                            unsigned flags) {
    if (flags != 0) return -EINVAL;
    if (auto allowed = check_harts(task, harts, set_size.value); !allowed) return allowed.error();
    for (u64 i = 0; i < count.value; ++i) {
        GuestAddr at = pairs + i * 16;
        auto key = task.memory().read(GuestPtr<i64>{at});
        if (!key) return -EFAULT;
        auto known = std::ranges::find(task.abi().hardware_probe, *key, &HardwareProbe::key);
        HardwareProbe answer = known == task.abi().hardware_probe.end() ? HardwareProbe{unknown_key, 0} : *known;
        if (!task.memory().write(GuestPtr<i64>{at}, answer.key)) return -EFAULT;
        if (!task.memory().write(GuestPtr<u64>{at + 8}, answer.value)) return -EFAULT;
    }
    return 0;
}

/// The engine notices changed code by itself: what is left is to check the flags.
SysResult sys_riscv_flush_icache(Task&, GuestAddr, GuestAddr, GuestWord flags) {
    constexpr u64 this_thread_only = 1;
    return flags.value & ~this_thread_only ? -EINVAL : 0;
}

// --- mips (kernel: arch/mips/kernel/syscall.c, arch/mips/mm/cache.c)

SysResult sys_mips_cacheflush(Task& task, GuestAddr start, GuestSize size, unsigned) {
    u64 end = task.abi().layout.task_size;
    return size.value > end || start.value > end - size.value ? -EFAULT : 0;
}

// --- sh (kernel: arch/sh/kernel/sys_sh.c)

/// Instructions are never stale here; the rest is the check of the arguments: one mapping has the range.
SysResult sys_sh_cacheflush(Task& task, GuestAddr start, GuestSize size, int operation) {
    constexpr int purge_all = 7;   // CACHEFLUSH_D_PURGE | CACHEFLUSH_I
    if (operation <= 0 || operation > purge_all) return -EINVAL;
    u64 end = start.value + size.value;
    if (end > task.abi().word_mask()) return -EFAULT;
    bool inside = false;
    task.memory().for_each([&](const memory::Mapping& mapping) {
        inside = inside || (mapping.start <= start && start < mapping.end && end <= mapping.end.value);
    });
    return inside ? 0 : -EFAULT;
}

/// Puts a word in memory and returns the old one, whatever it is.
SysResult exchange_word(Task& task, GuestAddr address, u32 value) {
    if (!address.is_aligned(sizeof(u32))) return -EINVAL;
    std::span<std::byte> bytes = task.memory().host_span(address, sizeof(u32), Access::write);
    if (bytes.size() < sizeof(u32)) return -EFAULT;
    ByteOrder order = task.abi().byte_order;
    u32 old = __atomic_exchange_n(reinterpret_cast<u32*>(bytes.data()), convert(value, order), __ATOMIC_SEQ_CST);
    // Beside the usual way: a result that looks like an error is none.
    const SyscallConvention& convention = task.abi().syscall;
    task.cpu().set(convention.result, static_cast<u64>(task.abi().sign_extend_word(convert(old, order))));
    if (convention.error_flag) task.cpu().set(convention.error_flag->index, 0);
    return keep_registers;
}

SysResult sys_sysmips(Task& task, int command, GuestAddr first, GuestWord second) {
    constexpr int flush_cache = 3, fix_unaligned = 7, atomic_set = 2001;
    switch (command) {
        case atomic_set: return exchange_word(task, first, static_cast<u32>(second.value));
        case fix_unaligned: return first.value & ~u64{3} ? -EINVAL : 0;
        case flush_cache: return 0;
        default: return -EINVAL;
    }
}

// --- swapcontext (kernel: arch/powerpc/kernel/signal_32.c)

/// As much of a context as the kernel makes sure of before it gives up the one that calls.
bool context_is_there(Task& task, GuestAddr address, u64 size) {
    std::byte probe;
    return task.memory().read(address, {&probe, 1}) && task.memory().read(address + (size - 1), {&probe, 1});
}

/// Keeps the context that the call would return to, and goes on in another. A call that goes on
/// where it was kept has not failed. With half of another context in the registers nothing can go
/// on: that is death, whatever handles SIGSEGV.
SysResult switch_context(Task& task, GuestAddr old, GuestAddr next, u64 size) {
    FrameContext context = frame_context(task);
    if (const auto& flag = task.abi().syscall.error_flag)
        task.cpu().set(flag->index, task.cpu().get(flag->index) & ~flag->mask);
    if (old && !save_context(context, old, task.signals.blocked)) return -EFAULT;
    if (!next) return 0;
    if (!context_is_there(task, next, size)) return -EFAULT;
    auto mask = load_context(context, next);
    if (mask) {
        set_blocked(task, *mask);
    } else {
        set_action(task.process, SIGSEGV, {});
        force_signal(task, {.signal = SIGSEGV, .code = SI_KERNEL});
    }
    return keep_registers;
}

SysResult sys_swapcontext(Task& task, GuestAddr old, GuestAddr next, GuestSize size) {
    const SignalAbi& rules = *task.abi().signals;
    if (!rules.context_offset) return -ENOSYS;
    if (size.value < u64{rules.rt.size} - rules.rt.gap - *rules.context_offset) return -EINVAL;
    return task.process.finish_outside([&task, old, next, size] { return switch_context(task, old, next, size.value); });
}

constexpr SyscallRow rows[] = {
    {"swapcontext", adapt<sys_swapcontext>, Support::partial, "ptr, ptr, size",
     "ENOSYS on 64-bit PowerPC, where C libraries switch contexts by themselves."},
    {"riscv_hwprobe", adapt<sys_riscv_hwprobe>, Support::partial, "ptr, size, size, ptr, hex",
     "RISCV_HWPROBE_WHICH_CPUS (6.8) answers EINVAL, as older kernels do."},
    {"cacheflush", adapt<sys_mips_cacheflush>, Support::full, "ptr, size, hex"},
    {"sh_cacheflush", adapt<sys_sh_cacheflush>, Support::full, "ptr, size, int"},
    {"sysmips", adapt<sys_sysmips>, Support::partial, "int, ptr, hex",
     "MIPS_FIXADE changes nothing: unaligned accesses are always carried out."},
    {"riscv_flush_icache", adapt<sys_riscv_flush_icache>, Support::full, "ptr, ptr, hex"},
};

}  // namespace

std::span<const SyscallRow> hardware_rows() { return rows; }

}  // namespace postern::kernel
