// Processes: fork, execve, exit, wait.
#include "kernel/syscalls/process.hpp"

#include "kernel/loader.hpp"
#include "kernel/syscalls/support.hpp"

#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>
#include <ranges>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>

namespace postern::kernel {

namespace {

// --- fork

constexpr u64 signal_mask = 0xff;   // kernel: CSIGNAL, the exit signal in clone's flags

SysResult sys_fork(Task& task) {
    return start_child(task, {.exit_signal = signal_to_guest(task.abi(), SIGCHLD)});
}

SysResult sys_vfork(Task& task) {
    return start_child(
        task, {.flags = CLONE_VFORK | CLONE_VM, .exit_signal = signal_to_guest(task.abi(), SIGCHLD)});
}

SysResult sys_clone(Task& task, GuestWord first, GuestWord second, GuestAddr parent_tid, GuestWord fourth,
                    GuestWord fifth) {
    CloneOrder order = task.abi().clone_order;
    u64 flags = first.value, stack = second.value, child_tid = fourth.value, tls = fifth.value;
    if (order == CloneOrder::stack_flags_parent_child_tls) std::swap(flags, stack);
    if (order == CloneOrder::flags_stack_parent_tls_child) std::swap(child_tid, tls);
    flags &= 0xffffffff;
    return start_child(task, {.flags = flags & ~signal_mask,
                              .exit_signal = static_cast<int>(flags & signal_mask),
                              .stack = {stack},
                              .parent_tid = parent_tid,
                              .child_tid = {child_tid},
                              .pidfd = parent_tid,
                              .tls = tls});
}

SysResult sys_clone3(Task& task, GuestAddr arguments, GuestSize size) {
    constexpr u64 first_size = 64;   // kernel: CLONE_ARGS_SIZE_VER0
    if (size.value > task.memory().page_size()) return -E2BIG;
    if (size.value < first_size) return -EINVAL;
    u64 known = layout_of(task.abi(), Struct::clone_args).size;
    std::vector<std::byte> bytes(std::max(size.value, known));
    if (!task.memory().read(arguments, std::span(bytes).first(size.value))) return -EFAULT;
    if (std::ranges::any_of(bytes | std::views::drop(known), [](std::byte b) { return b != std::byte{0}; })) {
        return -E2BIG;
    }
    StructView view(task.abi(), Struct::clone_args, bytes);
    u64 flags = view.get(Field::flags), signal = view.get(Field::exit_signal);
    u64 stack = view.get(Field::stack), stack_size = view.get(Field::stack_size);
    if ((flags & (signal_mask | CLONE_DETACHED)) || signal > signal_count) return -EINVAL;
    if ((flags & (CLONE_THREAD | CLONE_PARENT)) && signal != 0) return -EINVAL;
    if ((stack == 0) != (stack_size == 0) || view.get(Field::set_tid_size) != 0) return -EINVAL;
    return start_child(task, {.flags = flags, .exit_signal = static_cast<int>(signal),
                              .stack = {stack + stack_size}, .parent_tid = {view.get(Field::parent_tid)},
                              .child_tid = {view.get(Field::child_tid)}, .pidfd = {view.get(Field::pidfd)},
                              .tls = view.get(Field::tls)});
}

// --- execve

/// An argv or envp array. Error: -EFAULT, -E2BIG.
std::expected<std::vector<std::string>, int> read_strings(Task& task, GuestAddr array) {
    constexpr u64 string_limit = 32 * 4096;           // kernel: MAX_ARG_STRLEN
    constexpr u64 total_limit = u64{6} << 20;         // the loader checks against the stack's limit
    std::vector<std::string> strings;
    if (!array) return strings;
    for (u64 total = 0; total <= total_limit; array += task.abi().word_size) {
        auto pointer = task.memory().read_word(array);
        if (!pointer) return std::unexpected(-EFAULT);
        if (*pointer == 0) return strings;
        auto text = task.memory().read_string({*pointer}, string_limit);
        if (!text) return std::unexpected(-EFAULT);
        if (text->size() >= string_limit) break;
        total += text->size() + 1 + task.abi().word_size;
        strings.push_back(std::move(*text));
    }
    return std::unexpected(-E2BIG);
}

SysResult execute(Task& task, LoadRequest request, GuestAddr arguments, GuestAddr environment) {
    auto argv = read_strings(task, arguments);
    if (!argv) return argv.error();
    auto envp = read_strings(task, environment);
    if (!envp) return envp.error();
    request.arguments = std::move(*argv);
    request.environment = std::move(*envp);
    auto done = task.process.execute(std::move(request));
    if (done) return keep_registers;
    return -(done.error().error_number != 0 ? done.error().error_number : ENOMEM);
}

/// The guest's own program under its names in /proc, anything else where its path leads.
std::string program_path(Task& task, int directory, const std::string& name, LastLink last) {
    if (name.ends_with("/exe") && read_synthetic_link(task.process, name))
        return task.process.image().program.path;
    return host_path_at(task.process, directory, name, last);
}

SysResult sys_execve(Task& task, GuestAddr path, GuestAddr arguments, GuestAddr environment) {
    auto name = string_argument(task, path);
    if (!name) return name.error();
    if (name->empty()) return -ENOENT;
    std::string host = program_path(task, AT_FDCWD, *name, LastLink::follow);
    return execute(task, {.name = *name, .host_path = host, .arguments = {}, .environment = {}, .resolve = {},
                          .random = {}}, arguments, environment);
}

SysResult sys_execveat(Task& task, int directory, GuestAddr path, GuestAddr arguments, GuestAddr environment,
                       int flags) {
    if (flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW)) return -EINVAL;
    auto name = string_argument(task, path);
    if (!name) return name.error();
    if (name->empty() && !(flags & AT_EMPTY_PATH)) return -ENOENT;
    bool from_directory = directory != AT_FDCWD && !name->starts_with('/');
    if (from_directory && ::fcntl(host_fd(task, directory), F_GETFD) < 0) return -EBADF;

    bool keeps_link = (flags & AT_SYMLINK_NOFOLLOW) != 0;
    std::string host = program_path(task, directory, *name, keeps_link ? LastLink::keep : LastLink::follow);
    if (from_directory) {
        std::string folder = fmt::format("/dev/fd/{}", directory);
        *name = name->empty() ? folder : fmt::format("{}/{}", folder, *name);
        if (!host.starts_with('/')) host = host.empty() ? folder : fmt::format("{}/{}", folder, host);
    }
    struct stat status;
    if (keeps_link && ::lstat(host.c_str(), &status) == 0 && S_ISLNK(status.st_mode)) return -ELOOP;
    return execute(task, {.name = *name, .host_path = host, .arguments = {}, .environment = {}, .resolve = {},
                          .random = {}}, arguments, environment);
}

// --- exit

/// Of one thread; the process ends with its last (kernel: synchronize_group_exit).
SysResult sys_exit(Task& task, int code) {
    task.exit_code = code & 0xff;
    if (task.process.threads().several()) task.ending = true;
    else task.process.exit({.code = task.exit_code});
    return keep_registers;
}

SysResult sys_exit_group(Task& task, int code) {
    task.process.exit({.code = code & 0xff});
    return keep_registers;
}

// --- wait

/// wait4 after its arguments; `usage` 0 = not asked for.
SysResult wait_for_child(Task& task, i32 pid, GuestPtr<i32> status, int options, GuestAddr usage) {
    int host_status = 0;
    rusage host_usage{};
    i64 child =
        interruptible_call(task, SYS_wait4, static_cast<u64>(i64{pid}), reinterpret_cast<u64>(&host_status),
                           static_cast<u64>(i64{options}), reinterpret_cast<u64>(&host_usage));
    if (child == -EINTR) return restart_sys;
    if (child <= 0) return child;
    if (WIFEXITED(host_status) || WIFSIGNALED(host_status))
        task.process.clock().child_ended(static_cast<i32>(child));
    if (usage && !write_resource_usage(task, usage, host_usage)) return -EFAULT;
    if (status && !task.memory().write(status, wait_status_to_guest(task.abi(), host_status))) return -EFAULT;
    return child;
}

SysResult sys_wait4(Task& task, i32 pid, GuestPtr<i32> status, int options, GuestAddr usage) {
    return wait_for_child(task, pid, status, options, usage);
}

SysResult sys_waitpid(Task& task, i32 pid, GuestPtr<i32> status, int options) {
    return wait_for_child(task, pid, status, options, {});
}

/// The part of siginfo that waitid writes: up to and with si_status, all zero if no child had
/// anything to tell.
bool write_child_info(Task& task, GuestAddr address, const siginfo_t& info) {
    const Abi& abi = task.abi();
    std::vector<std::byte> bytes(layout_of(abi, Struct::siginfo).size);
    StructView view(abi, Struct::siginfo, bytes);
    const FieldRow* last = layout_of(abi, Struct::siginfo).find(Field::_sigchld_status);
    POSTERN_ASSERT(last);
    if (info.si_signo != 0) {
        int status = info.si_code == CLD_EXITED ? info.si_status : signal_to_guest(abi, info.si_status);
        view.set(Field::si_signo, static_cast<u64>(signal_to_guest(abi, info.si_signo)));
        view.set(Field::si_code, static_cast<u64>(i64{info.si_code}));
        view.set(Field::_sigchld_pid, static_cast<u64>(info.si_pid));
        view.set(Field::_sigchld_uid, info.si_uid);
        view.set(Field::_sigchld_status, static_cast<u64>(i64{status}));
    }
    return task.memory().write(address, std::span(bytes).first(last->offset + last->width));
}

SysResult sys_waitid(Task& task, int which, i32 id, GuestAddr info, int options, GuestAddr usage) {
    siginfo_t host_info{};
    rusage host_usage{};
    if (which == P_PIDFD) id = host_fd(task, id);
    i64 result = interruptible_call(task, SYS_waitid, static_cast<u64>(i64{which}), static_cast<u64>(i64{id}),
                                    reinterpret_cast<u64>(&host_info), static_cast<u64>(i64{options}),
                                    reinterpret_cast<u64>(&host_usage));
    if (result == -EINTR) return restart_sys;
    if (result < 0) return result;
    bool ended = host_info.si_code == CLD_EXITED || host_info.si_code == CLD_KILLED || host_info.si_code == CLD_DUMPED;
    if (host_info.si_signo != 0 && ended && !(options & WNOWAIT)) task.process.clock().child_ended(host_info.si_pid);
    if (host_info.si_signo != 0 && usage && !write_resource_usage(task, usage, host_usage)) return -EFAULT;
    if (info && !write_child_info(task, info, host_info)) return -EFAULT;
    return 0;
}

// --- rows

constexpr std::string_view clone_note =
    "threads share all, other children are copies: no shared files or directories, no CLONE_VM without CLONE_VFORK or "
    "CLONE_THREAD, no namespaces";
constexpr std::string_view vfork_note =
    "the child works on a copy: what it has written reaches the parent when it calls execve or exits, not what it maps, "
    "unmaps or protects";

constexpr SyscallRow rows[] = {
    waits({"fork", adapt<sys_fork>, Support::full, ""}),
    waits({"vfork", adapt<sys_vfork>, Support::partial, "", vfork_note}),
    waits({"clone", adapt<sys_clone>, Support::partial, "clone_flags, ptr, ptr, hex, hex", clone_note}),
    waits({"clone3", adapt<sys_clone3>, Support::partial, "clone_args, size", clone_note}),
    {"execve", adapt<sys_execve>, Support::full, "path, strarray, envp"},
    {"execveat", adapt<sys_execveat>, Support::full, "dirfd, path, strarray, envp, at_flags"},
    {"exit", adapt<sys_exit>, Support::full, "int"},
    {"exit_group", adapt<sys_exit_group>, Support::full, "int"},
    waits({"wait4", adapt<sys_wait4>, Support::full, "pid, wait_status, wait_options, rusage_out"}),
    waits({"waitpid", adapt<sys_waitpid>, Support::full, "pid, wait_status, wait_options"}),
    waits({"waitid", adapt<sys_waitid>, Support::full, "wait_id, pid, siginfo_out, wait_options, rusage_out"}),
};

}  // namespace

bool write_resource_usage(Task& task, GuestAddr address, const rusage& usage) {
    std::vector<std::byte> bytes(layout_of(task.abi(), Struct::rusage).size);
    StructView view(task.abi(), Struct::rusage, bytes);
    const std::pair<Field, long> values[] = {
        {Field::ru_utime_tv_sec, usage.ru_utime.tv_sec}, {Field::ru_utime_tv_usec, usage.ru_utime.tv_usec},
        {Field::ru_stime_tv_sec, usage.ru_stime.tv_sec}, {Field::ru_stime_tv_usec, usage.ru_stime.tv_usec},
        {Field::ru_maxrss, usage.ru_maxrss}, {Field::ru_ixrss, usage.ru_ixrss},
        {Field::ru_idrss, usage.ru_idrss}, {Field::ru_isrss, usage.ru_isrss},
        {Field::ru_minflt, usage.ru_minflt}, {Field::ru_majflt, usage.ru_majflt},
        {Field::ru_nswap, usage.ru_nswap}, {Field::ru_inblock, usage.ru_inblock},
        {Field::ru_oublock, usage.ru_oublock}, {Field::ru_msgsnd, usage.ru_msgsnd},
        {Field::ru_msgrcv, usage.ru_msgrcv}, {Field::ru_nsignals, usage.ru_nsignals},
        {Field::ru_nvcsw, usage.ru_nvcsw}, {Field::ru_nivcsw, usage.ru_nivcsw},
    };
    for (auto [field, value] : values) view.set(field, static_cast<u64>(value));
    return task.memory().write(address, bytes);
}

i32 wait_status_to_guest(const Abi& abi, int status) {
    if (WIFSIGNALED(status)) return (status & ~0x7f) | signal_to_guest(abi, WTERMSIG(status));
    if (WIFSTOPPED(status)) return (status & ~0xff00) | signal_to_guest(abi, WSTOPSIG(status)) << 8;
    return status;
}

std::span<const SyscallRow> process_rows() { return rows; }

}  // namespace postern::kernel
