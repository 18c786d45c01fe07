#include "trace/reporters.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace postern::trace {

namespace {

/// Calls whose result is an address.
constexpr std::string_view address_results[] = {"brk", "mmap", "mmap2", "mremap", "shmat"};

bool returns_address(std::string_view name) { return std::ranges::find(address_results, name) != std::end(address_results); }

std::vector<const ArgumentKind*> unknown_arguments(const Abi& abi) {
    return {std::min<std::size_t>(abi.syscall.arguments.size(), 6), &argument_kind("hex")};
}

/// The kinds of a row, in the order of this ABI.
std::vector<const ArgumentKind*> kinds_of(const Abi& abi, const kernel::SyscallRow& row) {
    auto kinds = parse_kinds(row.arguments);
    // clone(2) is one behaviour with several orders of arguments.
    bool stack_first = abi.clone_order == CloneOrder::stack_flags_parent_child_tls;
    if (stack_first && kinds.size() > 1 && kinds[0]->name == "clone_flags") std::swap(kinds[0], kinds[1]);
    return kinds;
}

/// Name and kinds of a call; a number that no table knows shows all its registers.
CallText describe(kernel::Task& task, const kernel::SyscallEntry* entry, u64 number) {
    kernel::Arguments arguments(task);
    auto next = [&](bool wide) { return wide ? arguments.wide() : arguments.word(); };
    if (!entry)
        return {fmt::format("syscall_{:#x}", number), unknown_arguments(task.abi()), task.abi(), task.memory(), next};
    bool is_guess = entry->row->support == kernel::Support::refused && entry->row->arguments.empty();
    return {std::string(entry->number->name),
            is_guess ? unknown_arguments(task.abi()) : kinds_of(task.abi(), *entry->row), task.abi(), task.memory(),
            next};
}

/// The call's result as the guest sees it, for calls that write the registers themselves.
i64 result_register(kernel::Task& task) {
    return task.abi().sign_extend_word(task.cpu().get(task.abi().syscall.result));
}

}  // namespace

void SyscallReporter::system_call_enter(kernel::Task& task, const kernel::SyscallEntry* entry, u64 number) {
    drop_pending(task, "= ?");
    pending_.emplace(task.tid, describe(task, entry, number));
}

void SyscallReporter::system_call_exit(kernel::Task& task, const kernel::SyscallEntry* entry, u64,
                                       kernel::SysResult result) {
    auto call = pending_.extract(task.tid);
    if (call.empty()) return;   // the child's side of a fork
    i64 value = result.value == kernel::keep_registers ? result_register(task) : result.value;
    std::string text = call.mapped().finish(task.abi(), task.memory(), value);
    output_.line(fmt::format("{} {}", text, format_result(value, entry && returns_address(entry->number->name))));
}

void SyscallReporter::image_loaded(kernel::Task& task) {   // execve succeeded
    drop_pending(task, "= 0");
    pending_.clear();
}

void SyscallReporter::forked(kernel::Task&) { pending_.clear(); }

void SyscallReporter::thread_ended(kernel::Task& task) { drop_pending(task, "= ?"); }

void SyscallReporter::finish(const kernel::ExitStatus& status) {
    for (const auto& [tid, call] : pending_) output_.line(fmt::format("{} = ?", call.unfinished()));
    pending_.clear();
    output_.line(status.signal ? fmt::format("+++ killed by {} +++", signal_name(status.signal))
                               : fmt::format("+++ exited with {} +++", status.code));
}

void SyscallReporter::drop_pending(kernel::Task& task, std::string_view ending) {
    auto call = pending_.extract(task.tid);
    if (!call.empty()) output_.line(fmt::format("{} {}", call.mapped().unfinished(), ending));
}

}  // namespace postern::trace
