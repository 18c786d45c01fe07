// System calls that Postern knows and does not have, with the reason and the errno it answers.
#include "kernel/syscall.hpp"

namespace postern::kernel {

namespace {

/// A refused row; the arguments print as hex words.
constexpr SyscallRow refuse(std::string_view name, std::string_view note, int error_number = ENOSYS,
                            std::string_view arguments = "hex, hex, hex") {
    return {name, nullptr, Support::refused, arguments, note, error_number};
}

constexpr std::string_view gone = "Linux itself no longer has this call and answers ENOSYS.";
constexpr std::string_view unused = "Only a name in the table: no Linux of this ABI implements it.";
constexpr std::string_view asynchronous_io = "Asynchronous I/O rings would let the host kernel write to guest memory "
                                             "behind Postern's back; answered like a kernel without them.";
constexpr std::string_view keyrings = "Kernel key rings are the host's; answered like a kernel without them.";
constexpr std::string_view numa = "Memory placement on NUMA nodes is not modelled.";
constexpr std::string_view machine = "Would change the host machine, not the guest; refused as to an unprivileged user.";
constexpr std::string_view modules = "Kernel modules and kernel images belong to the host; refused as to an "
                                     "unprivileged user.";
constexpr std::string_view ports = "The guest has no hardware ports; refused as to an unprivileged user.";
constexpr std::string_view other_processes = "Reads or controls another process below its system calls, where it is "
                                             "an emulator and not the guest program.";
constexpr std::string_view sandboxing = "The guest cannot add rules of its own to the host's sandboxing; answered "
                                        "like a kernel without it.";
constexpr std::string_view namespaces = "New namespaces would separate Postern itself from its host; refused as to an "
                                        "unprivileged user.";
constexpr std::string_view mounts = "The new mount interface is not provided; answered like a kernel without it.";
constexpr std::string_view tracing = "Tracing the kernel and user-supplied kernel code are the host's; refused as to "
                                     "an unprivileged user.";
constexpr std::string_view file_handles = "File handles bypass the guest's view of the file system.";
constexpr std::string_view security_modules = "Security modules are the host's; answered like a kernel without any.";
constexpr std::string_view new_futex = "The futex2 calls for one word are not provided, as before Linux 6.7; futex and futex_waitv are.";
constexpr std::string_view page_tricks = "Needs page-table features that the guest's address space does not have.";
constexpr std::string_view segments = "Local descriptor tables and virtual-8086 mode are not emulated.";
constexpr std::string_view s390_hardware = "The guest's processor has no such facility; answered like a kernel on a "
                                           "machine without it.";
constexpr std::string_view ppc_hardware = "The guest's machine has no such processors or firmware; answered like a "
                                          "kernel without them.";
constexpr std::string_view old_directory = "One entry per call, superseded by getdents, which is provided.";

constexpr SyscallRow rows[] = {
    refuse("cachectl", "No processor of this kind can make memory uncached; Linux answers ENOSYS too."),
    refuse("syscall", "The indirect form, whose arguments begin one place later; C libraries make the call itself."),
    refuse("ni_syscall", unused),
    refuse("_sysctl", gone), refuse("afs_syscall", unused), refuse("break", unused),
    refuse("create_module", gone), refuse("epoll_ctl_old", unused), refuse("epoll_wait_old", unused),
    refuse("ftime", unused), refuse("get_kernel_syms", gone), refuse("getpmsg", unused), refuse("gtty", unused),
    refuse("idle", gone), refuse("lock", unused), refuse("mpx", unused), refuse("nfsservctl", gone),
    refuse("prof", unused), refuse("profil", unused), refuse("putpmsg", unused), refuse("query_module", gone),
    refuse("security", unused), refuse("stty", unused), refuse("timerfd", gone), refuse("tuxcall", unused),
    refuse("x86_64_only", "The call of x86-64 takes structures with 64-bit pointers; an x32 process has its own number for it, "
                          "where there is one."),
    refuse("ulimit", unused), refuse("uselib", gone), refuse("vserver", unused), refuse("lookup_dcookie", gone),
    refuse("sysfs", gone), refuse("pciconfig_iobase", unused), refuse("pciconfig_read", unused),
    refuse("pciconfig_write", unused), refuse("ARM_usr26", "26-bit mode does not exist on this processor."),
    refuse("ARM_usr32", "The processor is always in 32-bit mode; an arm64 kernel has no such call."),

    refuse("rseq", "Restartable sequences are not provided, as on a kernel before 4.18; no AT_RSEQ entries "
                   "announce them."),
    refuse("futex_wait", new_futex), refuse("futex_wake", new_futex), refuse("futex_requeue", new_futex),
    refuse("kcmp", other_processes),

    refuse("io_setup", asynchronous_io), refuse("io_destroy", asynchronous_io), refuse("io_submit", asynchronous_io),
    refuse("io_cancel", asynchronous_io), refuse("io_getevents", asynchronous_io),
    refuse("io_getevents_time32", asynchronous_io), refuse("io_pgetevents", asynchronous_io),
    refuse("io_pgetevents_time32", asynchronous_io), refuse("io_uring_setup", asynchronous_io),
    refuse("io_uring_enter", asynchronous_io), refuse("io_uring_register", asynchronous_io),

    refuse("add_key", keyrings), refuse("request_key", keyrings), refuse("keyctl", keyrings),

    refuse("mbind", numa), refuse("get_mempolicy", numa), refuse("set_mempolicy", numa),
    refuse("set_mempolicy_home_node", numa), refuse("migrate_pages", numa), refuse("move_pages", numa),

    refuse("reboot", machine, EPERM), refuse("sethostname", machine, EPERM), refuse("setdomainname", machine, EPERM),
    refuse("swapon", machine, EPERM), refuse("swapoff", machine, EPERM), refuse("acct", machine, EPERM),
    refuse("vhangup", machine, EPERM), refuse("syslog", machine, EPERM), refuse("quotactl", machine, EPERM),
    refuse("quotactl_fd", machine, EPERM),
    refuse("init_module", modules, EPERM), refuse("finit_module", modules, EPERM),
    refuse("delete_module", modules, EPERM), refuse("kexec_load", modules, EPERM),
    refuse("kexec_file_load", modules, EPERM),
    refuse("ioperm", ports, EPERM), refuse("iopl", ports, EPERM),

    refuse("ptrace", other_processes, EPERM), refuse("process_vm_readv", other_processes, EPERM),
    refuse("process_vm_writev", other_processes, EPERM), refuse("process_madvise", other_processes, EPERM),
    refuse("process_mrelease", other_processes),

    refuse("seccomp", sandboxing), refuse("landlock_create_ruleset", sandboxing),
    refuse("landlock_add_rule", sandboxing), refuse("landlock_restrict_self", sandboxing),
    refuse("lsm_get_self_attr", security_modules), refuse("lsm_set_self_attr", security_modules),
    refuse("lsm_list_modules", security_modules),
    refuse("setns", namespaces, EPERM), refuse("unshare", namespaces, EPERM),
    refuse("pivot_root", namespaces, EPERM),
    refuse("fsopen", mounts), refuse("fsconfig", mounts), refuse("fsmount", mounts), refuse("fspick", mounts),
    refuse("open_tree", mounts), refuse("move_mount", mounts), refuse("mount_setattr", mounts),
    refuse("statmount", mounts), refuse("listmount", mounts),
    refuse("bpf", tracing, EPERM), refuse("perf_event_open", tracing, EACCES),
    refuse("fanotify_init", tracing, EPERM), refuse("fanotify_mark", tracing, EPERM),
    refuse("name_to_handle_at", file_handles, EOPNOTSUPP), refuse("open_by_handle_at", file_handles, EPERM),
    refuse("ustat", "Addresses a file system by device number; statfs is provided."),
    refuse("readdir", old_directory), refuse("old_readdir", old_directory),
    refuse("cachestat", "The host's page cache is not shown to guests."),
    refuse("vmsplice", "Would hand guest pages to the host kernel for keeping; programs fall back to write.", EINVAL),

    refuse("userfaultfd", page_tricks), refuse("memfd_secret", page_tricks), refuse("map_shadow_stack", page_tricks),
    refuse("pkey_alloc", "The guest's processor has no protection keys: none is ever free.", ENOSPC),
    refuse("pkey_free", "The guest's processor has no protection keys: none was allocated.", EINVAL),
    refuse("remap_file_pages", page_tricks), refuse("mseal", page_tricks),

    refuse("modify_ldt", segments), refuse("vm86", segments), refuse("vm86old", segments),
    refuse("s390_guarded_storage", s390_hardware, EOPNOTSUPP), refuse("s390_pci_mmio_read", s390_hardware),
    refuse("s390_pci_mmio_write", s390_hardware), refuse("s390_runtime_instr", s390_hardware, EOPNOTSUPP),
    refuse("s390_sthyi", s390_hardware, EOPNOTSUPP),
    refuse("rtas", ppc_hardware), refuse("spu_create", ppc_hardware), refuse("spu_run", ppc_hardware),
    refuse("debug_setcontext", "Single-stepping itself by a context is a debugger's business."),
    refuse("subpage_prot", "Pages are 4 KiB: there is nothing smaller to protect, as on a kernel with such pages."),
    refuse("switch_endian", "The byte order of a running program cannot change: its memory is read in one order."),
    refuse("ioprio_get", "I/O priorities are the host's."), refuse("ioprio_set", "I/O priorities are the host's."),
};

}  // namespace

std::span<const SyscallRow> refused_rows() { return rows; }

}  // namespace postern::kernel
