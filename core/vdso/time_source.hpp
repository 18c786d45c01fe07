// A time policy in effect, for all processes of a guest.
#pragma once

#include "base/result.hpp"
#include "vdso/counted_time.hpp"
#include "vdso/host_clocks.hpp"
#include "vdso/time_log.hpp"
#include "vdso/time_mapping.hpp"

#include <memory>
#include <optional>

namespace postern::vdso {

/// Where a guest's time comes from: the policy since it began, the time that has passed where it
/// is counted and does not flow, and the record of what was read.
class TimeSource {
public:
    /// `before` as for TimeMapping. Error: the policy does not fit the clocks, a file of it does
    /// not, or the host refuses memory.
    static Result<std::shared_ptr<TimeSource>> make(const TimePolicy& policy, const HostClocks& host,
                                                    const ClockValues* before = nullptr);
    /// Host time.
    TimeSource() = default;

    const TimePolicy& policy() const { return mapping_.policy(); }
    const TimeMapping& mapping() const { return mapping_; }

    /// Guest time passes as host time does, if at another rate.
    bool flows() const { return policy().flow == TimePolicy::Flow::rate; }
    /// It does not, and is not to be waited for: it passes when it is told to.
    bool is_told() const { return !flows() && policy().flow != TimePolicy::Flow::frozen; }
    /// Each read of a clock matters.
    bool notices_reads() const { return is_told() || log_; }

    /// The clocks of a source that does not flow.
    ClockValues values() const { return mapping_.after(counted_ ? counted_->passed() : 0); }
    /// Lets counted time pass, and returns how much had before. Nothing happens to other time.
    i64 advance(i64 nanoseconds) { return counted_ ? counted_->advance(nanoseconds) : 0; }
    /// What one read of a clock costs.
    i64 cost_of_read() const;
    /// What one system call costs.
    i64 cost_of_call() const;

    /// Null: nothing is recorded or replayed.
    TimeLog* log() { return log_ ? &*log_ : nullptr; }

    /// Before a fork; in the child; and in the parent, when it has waited for a child's end.
    void before_fork();
    void forked();
    void child_ended(i32 process_id);

private:
    TimeMapping mapping_;
    std::unique_ptr<CountedTime> counted_;
    std::optional<TimeLog> log_;
};

}  // namespace postern::vdso
