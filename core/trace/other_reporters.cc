// Signals, the time page, and the summary.
#include "trace/reporters.hpp"

#include <algorithm>
#include <csignal>
#include <fmt/format.h>
#include <unistd.h>

namespace postern::trace {

namespace {

/// "-1.000000005": seconds with nanoseconds.
std::string format_seconds(i64 nanoseconds) {
    u64 size = nanoseconds < 0 ? -static_cast<u64>(nanoseconds) : static_cast<u64>(nanoseconds);
    return fmt::format("{}{}.{:09}", nanoseconds < 0 ? "-" : "", size / 1'000'000'000, size % 1'000'000'000);
}

bool has_address(int signal, int code) {
    constexpr int with_address[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
    return code > 0 && code < SI_KERNEL && std::ranges::find(with_address, signal) != std::end(with_address);
}

/// System calls that read a clock and that the vDSO could have served.
constexpr std::string_view clock_calls[] = {"clock_gettime", "clock_gettime64",     "gettimeofday",
                                            "clock_getres",  "clock_getres_time64", "time"};

}  // namespace

std::string format_signal_line(int generic_signal, int code, u64 detail, GuestAddr handler) {
    std::string action = handler ? fmt::format("handler {:#x}", handler.value) : "default action";
    std::string origin = has_address(generic_signal, code) ? fmt::format(", si_addr={:#x}", detail)
                         : code == SI_KERNEL               ? ""
                                                           : fmt::format(", si_pid={}", detail);
    return fmt::format("--- {} {{si_code={}{}}} -> {} ---", signal_name(generic_signal),
                       signal_code_name(generic_signal, code), origin, action);
}

void SignalReporter::signal(kernel::Task&, int generic_signal, int code, u64 detail, GuestAddr handler) {
    output_.line(format_signal_line(generic_signal, code, detail, handler));
}

std::string format_service(const vdso::ServiceRecord& record) {
    return fmt::format(
        "page: {}: sequence {}, monotonic {} -> {} (host {}), realtime - monotonic {}, holds {} s",
        vdso::name_of(record.reason), record.sequence, format_seconds(record.monotonic_before_ns),
        format_seconds(record.monotonic_after_ns), format_seconds(record.host_monotonic_ns),
        format_seconds(record.realtime_offset_ns), format_seconds(static_cast<i64>(record.window_ns)));
}

void PageReporter::image_loaded(kernel::Task& task) {
    const vdso::TimePolicy& policy = task.process.clock().policy();
    if (!policy.is_host()) output_.line(fmt::format("page: time policy {}", policy.text()));
}

void PageReporter::page_service(const vdso::ServiceRecord& record) {
    if (record.reason != vdso::ServiceReason::request) output_.line(format_service(record));
}

SummaryReporter::SummaryReporter(Output& output, bool instructions)
    : output_(output), counts_instructions_(instructions), first_process_(getpid()) {}

void SummaryReporter::system_call_enter(kernel::Task&, const kernel::SyscallEntry* entry, u64) {
    counters_->system_calls.fetch_add(1, std::memory_order_relaxed);
    if (entry && std::ranges::find(clock_calls, entry->number->name) != std::end(clock_calls))
        counters_->clock_calls.fetch_add(1, std::memory_order_relaxed);
}

void SummaryReporter::image_loaded(kernel::Task& task) {
    if (counts_instructions_) {
        GuestAddr last{task.abi().is_64bit() ? ~u64{0} : 0xffff'ffff};
        auto count = [this](GuestAddr) { counters_->instructions.fetch_add(1, std::memory_order_relaxed); };
        task.cpu().add_execution_hook({}, last, count);   // of the engine of this image alone
    }
    if (!abi_.empty()) return;
    time_policy_ = task.process.clock().policy().text();
    abi_ = task.abi().name;
    engine_ = task.cpu().engine_name();
}

void SummaryReporter::forked(kernel::Task&) { counters_->processes.fetch_add(1, std::memory_order_relaxed); }

void SummaryReporter::page_service(const vdso::ServiceRecord& record) {
    using enum vdso::ServiceReason;
    if (record.reason == request || record.reason == read) return;   // our own questions, and no renewals
    counters_->page_services.fetch_add(1, std::memory_order_relaxed);
}

void SummaryReporter::finish(const kernel::ExitStatus&) {
    if (getpid() != first_process_) return;
    std::string instructions = counts_instructions_ ? fmt::format(", instructions {}", counters_->instructions.load()) : "";
    output_.plain_line(fmt::format("postern: summary: abi {}, engine {}, system calls {}, clock calls {}, "
                                   "page services {}, processes {}{}, time {}",
                                   abi_, engine_, counters_->system_calls.load(), counters_->clock_calls.load(),
                                   counters_->page_services.load(), counters_->processes.load(), instructions, time_policy_));
}

}  // namespace postern::trace
