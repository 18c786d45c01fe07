// Looks at every instruction that a guest executes in code with frame descriptions, and demands
// that they lead to the caller, whose registers it noted when the code was entered.
#pragma once

#include "kernel/observer.hpp"
#include "kernel/process.hpp"
#include "unwind/unwinder.hpp"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace postern::unwinding {

class Watcher final : public kernel::Observer {
public:
    /// `linked`: code that is in the program besides the vDSO that Postern maps. `moving_page`: address
    /// of a time page that changes before every instruction that is reached for the first time.
    explicit Watcher(std::vector<DescribedCode> linked, std::optional<u64> moving_page)
        : code_(std::move(linked)), moving_page_(moving_page) {}

    void system_call_enter(kernel::Task&, const kernel::SyscallEntry*, u64) override {}
    void system_call_exit(kernel::Task&, const kernel::SyscallEntry*, u64, kernel::SysResult) override {}
    void signal(kernel::Task& task, int generic_signal, int code, u64 detail, GuestAddr handler) override;
    void image_loaded(kernel::Task& task) override;
    void forked(kernel::Task&) override { is_child_ = true; }
    bool wants_syscalls() const override { return false; }

    /// Demands that every handler has returned, but for those of faults, and prints what was found: name and offset of each
    /// instruction looked at, if `list`; then the sums. True: nothing was wrong, and something was looked at
    /// (handlers return through the image only where it has trampolines).
    bool report(bool list);
    /// Is this a child that the guest made? Only the first process reports.
    bool is_child() const { return is_child_; }

private:
    /// A call into described code that has not returned.
    struct Call {
        Frame at_entry;
        u64 return_address;
        u64 stack_pointer;   ///< the caller's
    };
    struct Interrupted {
        Frame registers;
        u64 pc;
        std::optional<Call> call;
        bool is_fault;
    };
    struct Trampoline {
        u64 first, end;      ///< offsets in the image
    };

    void find_trampolines(const vdso::Image& image);
    void on_instruction(GuestAddr pc);
    void enter();
    void leave(u64 pc, const Frame& now);
    bool resume(u64 pc, const Frame& now);
    void check_call(const DescribedCode& code, u64 pc, const Frame& now);
    void check_trampoline(const DescribedCode& code, u64 pc, const Frame& now);
    void compare_interrupted(const Unwinder::Caller& caller, const std::string& where);
    void compare_stack(const Unwinder::Caller& caller, u64 expected, const std::string& where);
    void compare(u64 number, const Frame& found, const Frame& expected, const std::string& where);
    void note_copies(u64 pc);
    void move_page();
    const DescribedCode* find(u64 pc) const;
    const Trampoline* trampoline_at(const DescribedCode& code, u64 pc) const;
    void wrong(const std::string& what);

    std::vector<DescribedCode> code_;
    std::optional<u64> moving_page_;
    std::optional<std::size_t> vdso_;       ///< of `code_`
    std::vector<Trampoline> trampolines_;
    std::set<u64> return_places_;           ///< offsets to which handlers return
    kernel::Task* task_ = nullptr;
    std::optional<Unwinder> unwinder_;
    std::vector<u64> preserved_;            ///< DWARF numbers
    std::optional<Call> call_;
    std::vector<Interrupted> interrupted_;
    std::array<std::optional<u64>, 16> floating_point_ = {};
    std::map<std::pair<std::string, u64>, u64> reached_;   ///< name and offset: how often
    std::set<std::pair<std::string, u64>> undescribed_;
    u64 wrong_ = 0;
    bool is_child_ = false;
};

}  // namespace postern::unwinding
