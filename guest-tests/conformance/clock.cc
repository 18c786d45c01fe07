// Compares the guest's clocks with the host's: runs prebuilt/<abi>/clock_marks, which reports
// readings in the arguments of marker calls, and reads the host's clock at the entry of each.
//
//   reading b, marker 0, [host H], reading a, marker 1
//
// The guest's clock agrees with the host's within d if b - d <= H <= a + d, whatever time went
// by between the steps: being scheduled away widens [b, a] and never gives a false alarm.
// For high-resolution clocks also the nearest pairs count: at marker 0 the distance H - b is at
// least the clock's lag; its smallest value over a run is lag plus the cost of one call. No
// reading of one clock, from whichever source, may be before an earlier one.
#include "kernel/process.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fmt/format.h>
#include <map>

namespace {

using namespace postern;

constexpr i64 second = 1'000'000'000;
constexpr i64 precise_limit = 5'000;          // nanoseconds
constexpr i64 coarse_limit = 4'000'000 + precise_limit;   // one tick
// A process that has not run for a tick may see it late: so many coarse pairs in a million.
constexpr u64 late_per_million = 1000;
constexpr u64 marker = 0x10c4;

struct ClockName {
    int id;
    const char* name;
    bool coarse;
};
constexpr std::array<ClockName, 7> clock_names{{{CLOCK_REALTIME, "REALTIME", false},
                                                {CLOCK_MONOTONIC, "MONOTONIC", false},
                                                {CLOCK_MONOTONIC_RAW, "MONOTONIC_RAW", false},
                                                {CLOCK_REALTIME_COARSE, "REALTIME_COARSE", true},
                                                {CLOCK_MONOTONIC_COARSE, "MONOTONIC_COARSE", true},
                                                {CLOCK_BOOTTIME, "BOOTTIME", false},
                                                {CLOCK_TAI, "TAI", false}}};

/// What was seen of one clock through one source.
struct Seen {
    u64 pairs = 0;
    i64 guest_ahead = 0;     ///< largest b - H
    i64 guest_behind = 0;    ///< largest H - a
    i64 nearest = INT64_MAX; ///< smallest H - b
    u64 late = 0;            ///< pairs outside the limit
    i64 before = 0, host = 0;
};

i64 limit_of(int id) {
    for (const ClockName& clock : clock_names)
        if (clock.id == id) return clock.coarse ? coarse_limit : precise_limit;
    return 0;
}

i64 host_now(int clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return now.tv_sec * second + now.tv_nsec;
}

class Comparison final : public kernel::Observer {
public:
    void system_call_enter(kernel::Task& task, const kernel::SyscallEntry*, u64) override {
        kernel::Arguments in(task);
        std::array<u64, 6> argument;
        argument[0] = in.word();
        if (argument[0] != marker) return;
        for (std::size_t i = 1; i < argument.size(); ++i) argument[i] = in.word();
        int clock = static_cast<int>(argument[1]);
        i64 host = host_now(clock);
        // Seconds of a 32-bit register: good until 2106.
        i64 guest = static_cast<i64>(argument[2]) * second + static_cast<i64>(argument[3]);
        take(clock, static_cast<int>(argument[4]), argument[5] == 0, guest, host);
    }
    void system_call_exit(kernel::Task&, const kernel::SyscallEntry*, u64, kernel::SysResult) override {}
    void signal(kernel::Task&, int, int, u64, GuestAddr) override {}
    void image_loaded(kernel::Task&) override {}
    void forked(kernel::Task&) override {}
    bool wants_syscalls() const override { return true; }

    /// Prints the table; true if every clock held.
    bool report() const {
        bool good = backward_steps_ == 0;
        fmt::print("{:18} {:7} {:>8} {:>12} {:>12} {:>12} {:>8}\n", "clock", "source", "pairs", "ahead ns", "behind ns",
                   "nearest ns", "outside");
        for (const ClockName& clock : clock_names)
            for (int source = 0; source < 2; source++) good &= report_line(clock, source);
        if (backward_steps_) fmt::print("{} readings were before earlier ones\n", backward_steps_);
        return good;
    }

private:
    void take(int clock, int source, bool before, i64 guest, i64 host) {
        i64& last = last_[clock];
        if (guest < last) backward_steps_++;
        last = guest;
        Seen& seen = seen_[{clock, source}];
        if (before) {
            seen.before = guest;
            seen.host = host;
            return;
        }
        i64 limit = limit_of(clock);
        seen.pairs++;
        seen.late += seen.before - seen.host > limit || seen.host - guest > limit;
        seen.guest_ahead = std::max(seen.guest_ahead, seen.before - seen.host);
        seen.guest_behind = std::max(seen.guest_behind, seen.host - guest);
        seen.nearest = std::min(seen.nearest, seen.host - seen.before);
    }

    bool report_line(const ClockName& clock, int source) const {
        auto found = seen_.find({clock.id, source});
        Seen seen = found == seen_.end() ? Seen{} : found->second;
        u64 allowed = clock.coarse ? seen.pairs * late_per_million / 1'000'000 : 0;
        bool good = seen.pairs > 100 && seen.late <= allowed;
        fmt::print("{:18} {:7} {:8} {:12} {:12} {:12} {:8}{}\n", clock.name, source ? "call" : "vDSO", seen.pairs,
                   seen.guest_ahead, seen.guest_behind, seen.nearest, seen.late, good ? "" : "  <-- fails");
        return good;
    }

    std::map<std::pair<int, int>, Seen> seen_;
    std::map<int, i64> last_;
    u64 backward_steps_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fputs("usage: clock_conformance CLOCK_MARKS [MILLISECONDS]\n", stderr);
        return 2;
    }
    Comparison comparison;
    kernel::StartOptions options;
    options.program = argv[1];
    options.arguments = {argv[1], argc > 2 ? argv[2] : "1000"};
    options.observer = &comparison;
    auto process = kernel::Process::start(options);
    if (!process) {
        fmt::print(stderr, "clock_conformance: {}\n", process.error().message);
        return 1;
    }
    kernel::ExitStatus status = (*process)->run();
    bool good = comparison.report();
    return good && status.code == 0 && status.signal == 0 ? 0 : 1;
}
