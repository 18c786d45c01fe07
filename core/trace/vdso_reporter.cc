#include "trace/reporters.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <time.h>

namespace postern::trace {

namespace {

/// The behaviours that are services; trampolines and __kernel_vsyscall are ways into the
/// kernel, which the other kinds of trace show.
struct Service {
    std::string_view function;    // VdsoExport::function
    std::string_view arguments;
    bool is_long = false;         // result: a word instead of an int
};
constexpr Service services[] = {
    {"clock_gettime", "clockid, timespec_out"},
    {"clock_gettime64", "clockid, timespec64_out"},
    {"clock_getres", "clockid, timespec_out"},
    {"clock_getres_time64", "clockid, timespec64_out"},
    {"gettimeofday", "timeval_out, timezone_out"},
    {"gettimeofday64", "timeval64_out, timezone_out"},
    {"time", "time_out", true},
    {"getrandom", "buf_out, size, random_flags, ptr, size", true},
    {"getcpu", "int_out, int_out, ptr"},
    {"riscv_hwprobe", "ptr, size, size, ptr, hex"},
    {"sgx_enter_enclave", "ptr, ptr, ptr, uint"},
    {"futex_robust_unlock32", "int_in, uint, ptr"},
    {"futex_robust_unlock64", "int_in, uint, ptr"},
};

constexpr std::size_t deepest_nesting = 64;

i64 host_nanoseconds() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

u64 stack_word(kernel::Task& task, u64 offset) {
    return task.memory().read_word({task.cpu().sp() + offset}).value_or(0);
}

/// Argument number `index` of the function that is about to run.
u64 call_argument(kernel::Task& task, std::size_t index) {
    const VdsoAbi& vdso = task.abi().vdso;
    if (vdso.call_arguments.empty()) return stack_word(task, vdso.stack_argument_offset + index * task.abi().word_size);
    return index < vdso.call_arguments.size() ? task.cpu().get(vdso.call_arguments[index]) & task.abi().word_mask() : 0;
}

u64 return_address(kernel::Task& task) {
    const auto& where = task.abi().vdso.return_address;
    return task.abi().instruction_address(where ? task.cpu().get(*where) : stack_word(task, 0));
}

}  // namespace

void VdsoReporter::image_loaded(kernel::Task& task) {
    calls_.clear();
    entry_hooks_.clear();   // they went with the old engine
    return_hooks_.clear();
    hook_entries(task, task.process.image().vdso.image);
}

void VdsoReporter::vdso_moved(kernel::Task& task, GuestAddr start) {
    for (int hook : entry_hooks_) task.cpu().remove_execution_hook(hook);
    entry_hooks_.clear();
    if (start) hook_entries(task, start);
}

void VdsoReporter::hook_entries(kernel::Task& task, GuestAddr start) {
    const auto& image = task.process.image().vdso_image;
    if (!image) return;
    std::set<u64> entries;   // two names of one function are one entry
    for (const VdsoExport& exported : task.abi().vdso.exports) {
        const auto* service = std::ranges::find(services, exported.function, &Service::function);
        auto offset = image->find(exported.symbol);
        if (service == std::end(services) || !offset) continue;
        u64 entry = start.value + task.abi().instruction_address(*offset);
        if (!entries.insert(entry).second) continue;
        // Two hooks: a new hook on the return address makes the engine drop its translations,
        // and the clock of the call starts after that.
        auto hook = [&](auto callback) {
            entry_hooks_.push_back(task.cpu().add_execution_hook({entry}, {entry}, std::move(callback)));
        };
        hook([this, &task](GuestAddr) { await_return(task); });
        hook([this, &task, symbol = exported.symbol, service](GuestAddr) {
            enter(task, symbol, service->arguments, service->is_long);
        });
    }
}

void VdsoReporter::await_return(kernel::Task& task) {
    u64 target = return_address(task);
    if (return_hooks_.contains(target)) return;
    task.cpu().add_execution_hook({target}, {target}, [this, &task](GuestAddr at) { leave(task, at.value); });
    return_hooks_.insert(target);
}

void VdsoReporter::enter(kernel::Task& task, std::string_view symbol, std::string_view arguments, bool is_long) {
    u64 target = return_address(task), stack_pointer = task.cpu().sp();
    // A call of the same frame that is still open was left by a jump.
    std::erase_if(calls_, [&](const Call& call) {
        bool left = call.stack_pointer == stack_pointer;
        if (left) print_abandoned(call);
        return left;
    });
    if (calls_.size() == deepest_nesting) calls_.erase(calls_.begin());
    std::size_t index = 0;
    CallText text(std::string(symbol), parse_kinds(arguments), task.abi(), task.memory(),
                  [&](bool) { return call_argument(task, index++); });
    calls_.push_back({target, stack_pointer, is_long, std::move(text), 0});
    calls_.back().start_nanoseconds = host_nanoseconds();   // last: the preparation is not the call's
}

void VdsoReporter::leave(kernel::Task& task, u64 address) {
    i64 end = host_nanoseconds();
    u64 stack_pointer = task.cpu().sp();
    auto returned = std::find_if(calls_.rbegin(), calls_.rend(), [&](const Call& call) {
        return call.return_address == address && task.abi().has_left_frame(call.stack_pointer, stack_pointer);
    });
    if (returned == calls_.rend()) return;
    // Calls inside it, made by signal handlers that jumped out, did not return.
    while (&calls_.back() != &*returned) {
        print_abandoned(calls_.back());
        calls_.pop_back();
    }
    const Call& call = calls_.back();
    u64 word = task.cpu().get(task.abi().vdso.call_result);
    i64 result = call.is_long ? task.abi().sign_extend_word(word) : static_cast<i32>(word);
    output_.line(fmt::format("vdso: {} {} <{} ns>", call.text.finish(task.abi(), task.memory(), result),
                             format_result(result, false), end - call.start_nanoseconds));
    calls_.pop_back();
}

void VdsoReporter::served_call(kernel::Task& task, std::string_view page, const kernel::SyscallEntry& entry,
                               kernel::SysResult result) {
    kernel::Arguments arguments(task);
    CallText text(fmt::format("{} {}", page, entry.number->name), parse_kinds(entry.row->arguments), task.abi(),
                  task.memory(), [&](bool wide) { return wide ? arguments.wide() : arguments.word(); });
    output_.line(fmt::format("vdso: {} {}", text.finish(task.abi(), task.memory(), result.value),
                             format_result(result.value, false)));
}

void VdsoReporter::print_abandoned(const Call& call) {
    output_.line(fmt::format("vdso: {} = ? (did not return)", call.text.unfinished()));
}

void VdsoReporter::finish(const kernel::ExitStatus&) {
    for (const Call& call : calls_) print_abandoned(call);
    calls_.clear();
}

}  // namespace postern::trace
