// prctl and personality: switches of the calling process.
#include "kernel/syscalls/support.hpp"

#include <linux/capability.h>
#include <sys/personality.h>
#include <sys/prctl.h>

namespace postern::kernel {

namespace {


constexpr std::size_t name_size = 16;   // kernel: TASK_COMM_LEN

SysResult set_name(Task& task, GuestAddr address) {
    auto name = task.memory().read_string(address, name_size - 1);
    return name ? SysResult(host_call(SYS_prctl, PR_SET_NAME, *name)) : SysResult(-EFAULT);
}

SysResult get_name(Task& task, GuestAddr address) {
    char name[name_size] = {};
    if (i64 error = host_call(SYS_prctl, PR_GET_NAME, &name[0]); error != 0) return error;
    return task.memory().write(address, std::as_bytes(std::span(name))) ? 0 : -EFAULT;
}

SysResult set_death_signal(Task& task, u64 signal) {
    if (signal > u64{signal_count}) return -EINVAL;
    int host = signal == 0 ? 0 : signal_from_guest(task.abi(), static_cast<int>(signal));
    return host_call(SYS_prctl, PR_SET_PDEATHSIG, host);
}

SysResult get_death_signal(Task& task, GuestPtr<i32> address) {
    int host = 0;
    if (i64 error = host_call(SYS_prctl, PR_GET_PDEATHSIG, &host); error != 0) return error;
    i32 guest = host == 0 ? 0 : signal_to_guest(task.abi(), host);
    return task.memory().write(address, guest) ? 0 : -EFAULT;
}

SysResult get_host_int(Task& task, int option, GuestPtr<i32> address) {
    int value = 0;
    if (i64 error = host_call(SYS_prctl, option, &value); error != 0) return error;
    return task.memory().write(address, i32{value}) ? 0 : -EFAULT;
}

SysResult set_dumpable(Task& task, u64 value) {
    if (value > 1) return -EINVAL;
    task.process.system().dumpable = static_cast<int>(value);
    return 0;
}

/// Options whose arguments and effect are the host's: numbers only, about this process.
bool is_host_option(int option) {
    switch (option) {
        case PR_GET_KEEPCAPS: case PR_SET_KEEPCAPS: case PR_GET_SECUREBITS: case PR_SET_SECUREBITS:
        case PR_CAPBSET_READ: case PR_CAPBSET_DROP: case PR_CAP_AMBIENT: case PR_SET_CHILD_SUBREAPER:
        case PR_GET_NO_NEW_PRIVS: case PR_SET_NO_NEW_PRIVS: case PR_GET_TIMERSLACK: case PR_SET_TIMERSLACK:
        case PR_GET_THP_DISABLE: case PR_SET_THP_DISABLE: case PR_GET_TIMING: case PR_SET_TIMING:
        case PR_GET_SPECULATION_CTRL: case PR_MCE_KILL_GET: case PR_GET_IO_FLUSHER: return true;
        default: return false;
    }
}

SysResult sys_prctl(Task& task, int option, GuestWord second, GuestWord third, GuestWord fourth, GuestWord fifth) {
    switch (option) {
        case PR_SET_NAME: return set_name(task, {second.value});
        case PR_GET_NAME: return get_name(task, {second.value});
        case PR_SET_PDEATHSIG: return set_death_signal(task, second.value);
        case PR_GET_PDEATHSIG: return get_death_signal(task, {{second.value}});
        case PR_GET_CHILD_SUBREAPER: return get_host_int(task, option, {{second.value}});
        case PR_SET_DUMPABLE: return set_dumpable(task, second.value);
        case PR_GET_DUMPABLE: return task.process.system().dumpable;
        case PR_GET_TID_ADDRESS:
            return task.memory().write_word({second.value}, task.clear_child_tid.value) ? 0 : -EFAULT;
        case PR_GET_SECCOMP: return 0;
        default: break;
    }
    if (!is_host_option(option)) return -EINVAL;
    return host_call(SYS_prctl, option, second.value, third.value, fourth.value, fifth.value);
}

SysResult sys_personality(Task& task, unsigned wanted) {
    constexpr unsigned only_ask = 0xffff'ffff;
    u32& current = task.process.system().personality;
    u32 old = current;
    if (wanted != only_ask) current = wanted;
    return i64{old};
}

constexpr SyscallRow rows[] = {
    {"prctl", adapt<sys_prctl>, Support::partial, "prctl, hex, hex, hex, hex",
     "Names, death signal, dumpable, capabilities and the host's plain switches; PR_SET_MM, PR_SET_SECCOMP and "
     "options of one architecture answer EINVAL."},
    {"personality", adapt<sys_personality>, Support::partial, "hex",
     "Remembered, without effect on address-space layout."},
};

}  // namespace

std::span<const SyscallRow> control_rows() { return rows; }

}  // namespace postern::kernel
