// What a trace may watch. The kernel calls these only while an observer is set.
#pragma once

#include "base/types.hpp"
#include "kernel/syscall.hpp"
#include "vdso/clock.hpp"

namespace postern::kernel {

struct Task;

class Observer {
public:
    virtual ~Observer() = default;
    /// Arguments are still in the guest's registers.
    virtual void system_call_enter(Task& task, const SyscallEntry* entry, u64 number) = 0;
    /// `result` as the handler returned it, restart codes included. Not called for calls that
    /// do not return (exit, a successful execve).
    virtual void system_call_exit(Task& task, const SyscallEntry* entry, u64 number, SysResult result) = 0;
    /// A function of a helper page was called and served (HelperPage::served); its arguments are
    /// still in the guest's registers.
    virtual void served_call(Task&, std::string_view /*page*/, const SyscallEntry&, SysResult) {}
    /// A signal is about to be delivered to a handler, or (handler 0) to take its default
    /// action. `siginfo` is generic: signo, code, address or sender.
    virtual void signal(Task& task, int generic_signal, int code, u64 detail, GuestAddr handler) = 0;
    /// A program image was loaded (start, execve): vDSO hooks have to be placed again.
    virtual void image_loaded(Task& task) = 0;
    /// The guest moved the vDSO image to `start`, or unmapped it (0): the hooks of the old place have to go.
    virtual void vdso_moved(Task&, GuestAddr /*start*/) {}
    /// In the child, after fork.
    virtual void forked(Task& task) = 0;
    /// `task` has started another thread; `task` has ended and others go on.
    virtual void thread_started(Task&) {}
    virtual void thread_ended(Task&) {}
    virtual bool wants_syscalls() const = 0;
};

}  // namespace postern::kernel
