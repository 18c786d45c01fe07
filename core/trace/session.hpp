// Everything that watches one run: reporters behind the kernel's one observer.
#pragma once

#include "kernel/observer.hpp"
#include "kernel/process.hpp"
#include "trace/output.hpp"

#include <memory>
#include <vector>

namespace postern::trace {

/// One kind of report. Derive and override what it wants to see.
class Reporter : public kernel::Observer {
public:
    void system_call_enter(kernel::Task&, const kernel::SyscallEntry*, u64) override {}
    void system_call_exit(kernel::Task&, const kernel::SyscallEntry*, u64, kernel::SysResult) override {}
    void signal(kernel::Task&, int, int, u64, GuestAddr) override {}
    void image_loaded(kernel::Task&) override {}
    void forked(kernel::Task&) override {}
    bool wants_syscalls() const override { return false; }

    virtual bool wants_page_services() const { return false; }
    /// The time page was renewed. Not in a signal handler: the clock keeps its ticks until later.
    virtual void page_service(const vdso::ServiceRecord&) {}
    /// This process is over.
    virtual void finish(const kernel::ExitStatus&) {}
};

/// Passes every event to every reporter. Build it before the process, keep it until after.
class Session final : public kernel::Observer {
public:
    /// The output is hidden from the guest when its first image is loaded.
    Output& add(std::unique_ptr<Output> output);
    void add(std::unique_ptr<Reporter> reporter) { reporters_.push_back(std::move(reporter)); }
    bool empty() const { return reporters_.empty(); }
    /// Call it when Process::run has returned, in every process.
    void finish(kernel::Process& process, const kernel::ExitStatus& status);

    void system_call_enter(kernel::Task& task, const kernel::SyscallEntry* entry, u64 number) override;
    void system_call_exit(kernel::Task& task, const kernel::SyscallEntry* entry, u64 number,
                          kernel::SysResult result) override;
    void served_call(kernel::Task& task, std::string_view page, const kernel::SyscallEntry& entry,
                     kernel::SysResult result) override;
    void signal(kernel::Task& task, int generic_signal, int code, u64 detail, GuestAddr handler) override;
    void image_loaded(kernel::Task& task) override;
    void vdso_moved(kernel::Task& task, GuestAddr start) override;
    void forked(kernel::Task& task) override;
    void thread_started(kernel::Task& task) override;
    void thread_ended(kernel::Task& task) override;
    bool wants_syscalls() const override;

private:
    bool wants_page_services() const;

    std::vector<std::unique_ptr<Output>> outputs_;
    std::vector<std::unique_ptr<Reporter>> reporters_;
    bool watches_clock_ = false;
};

}  // namespace postern::trace
