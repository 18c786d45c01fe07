// fork in all its forms: a guest process is a host process, so a child is a host fork inside
// the system call, and both sides go on in their own copy of the engine. And threads.
#include "kernel/syscalls/process.hpp"
#include "kernel/syscalls/support.hpp"
#include "kernel/vfork.hpp"

#include <algorithm>
#include <csignal>
#include <sched.h>
#include <sys/syscall.h>
#include <utility>

#ifndef CLONE_CLEAR_SIGHAND
#define CLONE_CLEAR_SIGHAND 0x100000000ULL
#endif

namespace postern::kernel {

namespace {

/// What a fork can honour, or what has nothing to share when there are no threads.
constexpr u64 supported_flags = CLONE_VM | CLONE_VFORK | CLONE_SETTLS | CLONE_PARENT_SETTID |
                                CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | CLONE_CLEAR_SIGHAND |
                                CLONE_DETACHED | CLONE_UNTRACED | CLONE_PTRACE | CLONE_SYSVSEM | CLONE_IO | CLONE_PIDFD;

/// A thread's host thread shares all of these, so it cannot do without.
constexpr u64 shared_by_threads = CLONE_VM | CLONE_THREAD | CLONE_SIGHAND | CLONE_FS | CLONE_FILES;
constexpr u64 thread_flags = shared_by_threads | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID |
                             CLONE_CHILD_CLEARTID | CLONE_DETACHED | CLONE_UNTRACED | CLONE_PTRACE | CLONE_SYSVSEM |
                             CLONE_IO;

/// 0 or -errno, in the order in which Linux checks (kernel: copy_process).
int check_flags(u64 flags) {
    if ((flags & CLONE_THREAD) && !(flags & CLONE_SIGHAND)) return -EINVAL;
    if ((flags & CLONE_SIGHAND) && !(flags & CLONE_VM)) return -EINVAL;
    if ((flags & CLONE_SIGHAND) && (flags & CLONE_CLEAR_SIGHAND)) return -EINVAL;
    if ((flags & CLONE_PIDFD) && (flags & (CLONE_DETACHED | CLONE_THREAD))) return -EINVAL;
    if (flags & CLONE_THREAD) return (flags & shared_by_threads) == shared_by_threads && !(flags & ~thread_flags) ? 0 : -EINVAL;
    // Sharing memory while both run means a thread; the parent of a vfork only sleeps.
    if ((flags & CLONE_VM) && !(flags & CLONE_VFORK)) return -ENOSYS;
    if (flags & ~supported_flags) return -EINVAL;
    return 0;
}

/// The host's fork with an exit signal of the guest's choice.
pid_t host_fork(int exit_signal) {
    if (exit_signal == SIGCHLD) return ::fork();
    return static_cast<pid_t>(::syscall(SYS_clone, static_cast<long>(exit_signal), 0L, 0L, 0L, 0L));
}

/// The descriptor that CLONE_PIDFD asks for. Linux makes it before the child, and there is no child without it: until
/// the child exists its number is kept by a descriptor of the parent itself.
class ChildDescriptor {
public:
    /// 0 or -errno.
    int reserve(Task& task, const CloneRequest& request) {
        if (!(request.flags & CLONE_PIDFD)) return 0;
        // clone has one argument for both.
        if ((request.flags & CLONE_PARENT_SETTID) && request.pidfd == request.parent_tid) return -EINVAL;
        if (task.memory().host_span(request.pidfd, sizeof(i32), Access::write).empty()) return -EFAULT;
        number_ = static_cast<int>(host_call(SYS_pidfd_open, ::getpid(), 0));
        return std::min(number_, 0);
    }
    /// In the child, or where there will be none.
    void release() {
        if (number_ >= 0) ::close(number_);
    }
    /// In the parent, of a child that nobody has waited for yet.
    void give(Task& task, const CloneRequest& request, pid_t child) {
        if (number_ < 0) return;
        release();
        auto fd = static_cast<i32>(host_call(SYS_pidfd_open, child, 0));
        std::ignore = task.memory().write(GuestPtr<i32>{request.pidfd}, fd);
    }

private:
    int number_ = -1;
};

/// i386: the descriptor that CLONE_SETTLS points to.
struct Segment {
    u32 entry, base, limit, flags;
};

std::optional<Segment> read_segment(Task& task, GuestAddr address) {
    const StructLayout& layout = layout_of(task.abi(), Struct::user_desc);
    std::vector<std::byte> bytes(layout.size);
    if (!task.memory().read(address, bytes)) return std::nullopt;
    StructView view(task.abi(), Struct::user_desc, bytes);
    auto field = [&](Field name) { return static_cast<u32>(view.get(name)); };
    return Segment{.entry = field(Field::entry_number), .base = field(Field::base_addr),
                   .limit = field(Field::limit), .flags = field(Field::flags)};
}

void set_thread_pointer(Task& task, u64 value) {
    const ThreadPointer& pointer = task.abi().thread_pointer;
    if (!pointer.high) return task.cpu().set(pointer.low, value);
    task.cpu().set(pointer.low, value & 0xffffffff);
    task.cpu().set(*pointer.high, value >> 32);
}

void clear_handlers(Process& process) {
    for (int signal = 1; signal <= largest_signal; ++signal) {
        if (process.signals().actions[static_cast<std::size_t>(signal)].handler.value > 1) {
            set_action(process, signal, SignalAction{});
        }
    }
}

void set_child_registers(Task& task, const CloneRequest& request, const std::optional<Segment>& segment) {
    if (request.stack) task.cpu().set(task.abi().stack_pointer, request.stack.value);
    if (segment) task.cpu().set_segment(segment->entry, segment->base, segment->limit, segment->flags);
    else if (request.flags & CLONE_SETTLS) set_thread_pointer(task, request.tls);
}

/// The child's side, right after the host's fork.
void become_child(Task& task, const CloneRequest& request, const std::optional<Segment>& segment,
                  int vfork_end, RandomSource random) {
    task.process.system().random = random;
    task.process.after_fork(vfork_end, (request.flags & CLONE_VM) != 0);
    set_child_registers(task, request, segment);
    if (request.flags & CLONE_CLEAR_SIGHAND) clear_handlers(task.process);
    task.clear_child_tid = request.flags & CLONE_CHILD_CLEARTID ? request.child_tid : GuestAddr{};
    // As in Linux, a bad address is the caller's own trouble.
    if (request.flags & CLONE_CHILD_SETTID) {
        std::ignore = task.memory().write(GuestPtr<u32>{request.child_tid}, static_cast<u32>(task.tid));
    }
}

/// The registers of the caller, changed for a thread that it starts, in `child`.
void give_registers(Task& task, Task& child, const CloneRequest& request, const std::optional<Segment>& segment) {
    Threads& threads = task.process.threads();
    threads.save_registers(task);
    set_result(task.cpu(), 0);
    set_child_registers(task, request, segment);
    threads.save_registers(child);
    task.cpu().restore(*task.context);
}

/// CLONE_THREAD: its id or -errno. Outside the engine, where all of the registers can be had.
SysResult start_thread(Task& task, const CloneRequest& request, const std::optional<Segment>& segment) {
    std::unique_ptr<Task> child(new Task{.process = task.process, .signals = {}, .restart = {}});
    child->signals.blocked = task.signals.blocked;
    if (request.flags & CLONE_CHILD_CLEARTID) child->clear_child_tid = request.child_tid;
    give_registers(task, *child, request, segment);
    int tid = task.process.threads().start(std::move(child));
    if (tid < 0) return tid;
    // It has not had its turn yet.
    if (request.flags & CLONE_PARENT_SETTID) std::ignore = task.memory().write(GuestPtr<u32>{request.parent_tid}, static_cast<u32>(tid));
    if (request.flags & CLONE_CHILD_SETTID) std::ignore = task.memory().write(GuestPtr<u32>{request.child_tid}, static_cast<u32>(tid));
    return tid;
}

}  // namespace

SysResult start_child(Task& task, const CloneRequest& request) {
    if (int error = check_flags(request.flags); error != 0) return error;
    std::optional<Segment> segment;
    if ((request.flags & CLONE_SETTLS) &&
        task.abi().thread_pointer.kind == ThreadPointerKind::segment_descriptor) {
        segment = read_segment(task, {request.tls});
        if (!segment) return -EFAULT;
    }
    if (request.flags & CLONE_THREAD)
        return task.process.finish_outside([&task, request, segment] { return start_thread(task, request, segment); });
    ChildDescriptor descriptor;
    if (int error = descriptor.reserve(task, request); error != 0) return error;
    VforkConnection ends;
    bool is_vfork = (request.flags & CLONE_VFORK) != 0;
    if (is_vfork) {
        if (i64 error = open_vfork_connection(task.process.files(), ends); error != 0) {
            descriptor.release();
            return error;
        }
    }
    int exit_signal = request.exit_signal == 0 ? 0 : signal_from_guest(task.abi(), request.exit_signal);
    RandomSource random_of_child = task.process.system().random.split();
    task.process.clock().before_fork();
    pid_t child = host_fork(exit_signal);
    int error = errno;
    if (is_vfork) ::close(child == 0 ? ends.parent_end : ends.child_end);
    if (child <= 0) descriptor.release();
    if (child == 0) {
        become_child(task, request, segment, ends.child_end, random_of_child);
        return 0;
    }
    if (child > 0 && (request.flags & CLONE_PARENT_SETTID)) {
        std::ignore = task.memory().write(GuestPtr<u32>{request.parent_tid}, static_cast<u32>(child));
    }
    if (child > 0) descriptor.give(task, request, child);
    if (is_vfork) {
        if (child > 0) await_vfork_child(task, ends.parent_end);
        ::close(ends.parent_end);
    }
    return child > 0 ? SysResult(child) : SysResult(-error);
}

}  // namespace postern::kernel
