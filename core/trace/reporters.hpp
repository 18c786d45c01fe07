// The kinds of `--trace`, and `--summary`.
#pragma once

#include "trace/format.hpp"
#include "trace/session.hpp"
#include "trace/shared.hpp"

#include <atomic>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace postern::trace {

/// `syscall`: a line per system call as strace prints it, when the call returns.
class SyscallReporter final : public Reporter {
public:
    explicit SyscallReporter(Output& output) : output_(output) {}
    void system_call_enter(kernel::Task& task, const kernel::SyscallEntry* entry, u64 number) override;
    void system_call_exit(kernel::Task& task, const kernel::SyscallEntry* entry, u64 number,
                          kernel::SysResult result) override;
    void image_loaded(kernel::Task& task) override;
    void forked(kernel::Task& task) override;
    void thread_ended(kernel::Task& task) override;
    void finish(const kernel::ExitStatus& status) override;
    bool wants_syscalls() const override { return true; }

private:
    void drop_pending(kernel::Task& task, std::string_view ending);

    Output& output_;
    std::map<int, CallText> pending_;   // calls under way, by thread id
};

/// `vdso`: a line per call of a vDSO function, with the time it took on the host. Function
/// entries and the addresses they return to carry execution hooks; the time includes theirs.
class VdsoReporter final : public Reporter {
public:
    explicit VdsoReporter(Output& output) : output_(output) {}
    void image_loaded(kernel::Task& task) override;
    void vdso_moved(kernel::Task& task, GuestAddr start) override;
    void served_call(kernel::Task& task, std::string_view page, const kernel::SyscallEntry& entry,
                     kernel::SysResult result) override;
    void finish(const kernel::ExitStatus& status) override;

private:
    struct Call {
        u64 return_address;
        u64 stack_pointer;      // at entry
        bool is_long;           // result: a word, or an int
        CallText text;
        i64 start_nanoseconds;
    };

    void hook_entries(kernel::Task& task, GuestAddr start);
    void await_return(kernel::Task& task);
    void enter(kernel::Task& task, std::string_view symbol, std::string_view arguments, bool is_long);
    void leave(kernel::Task& task, u64 address);
    void print_abandoned(const Call& call);

    Output& output_;
    std::vector<Call> calls_;            // innermost last
    std::vector<int> entry_hooks_;       // handles
    std::set<u64> return_hooks_;         // addresses
};

/// `signal`: a line per delivered signal.
class SignalReporter final : public Reporter {
public:
    explicit SignalReporter(Output& output) : output_(output) {}
    void signal(kernel::Task& task, int generic_signal, int code, u64 detail, GuestAddr handler) override;

private:
    Output& output_;
};

/// `page`: a line per renewal of the time page.
class PageReporter final : public Reporter {
public:
    explicit PageReporter(Output& output) : output_(output) {}
    bool wants_page_services() const override { return true; }
    void image_loaded(kernel::Task& task) override;
    void page_service(const vdso::ServiceRecord& record) override;

private:
    Output& output_;
};

/// `--summary`: one line when the first process of the run ends, which counts all of them
/// up to that moment.
class SummaryReporter final : public Reporter {
public:
    /// With `instructions` those executed are counted, too, which makes the guest many times slower.
    SummaryReporter(Output& output, bool instructions);
    void system_call_enter(kernel::Task& task, const kernel::SyscallEntry* entry, u64 number) override;
    void image_loaded(kernel::Task& task) override;
    void forked(kernel::Task& task) override;
    void page_service(const vdso::ServiceRecord& record) override;
    void finish(const kernel::ExitStatus& status) override;
    bool wants_syscalls() const override { return true; }
    bool wants_page_services() const override { return true; }

private:
    struct Counters {
        std::atomic<u64> system_calls = 0, clock_calls = 0, page_services = 0, processes = 1, instructions = 0;
    };

    Output& output_;
    const bool counts_instructions_;
    Shared<Counters> counters_;
    int first_process_;
    std::string abi_, engine_, time_policy_;   // of the first image
};

/// Text of one page line; for tests.
std::string format_service(const vdso::ServiceRecord& record);
/// Text of one signal line; for tests.
std::string format_signal_line(int generic_signal, int code, u64 detail, GuestAddr handler);

}  // namespace postern::trace
