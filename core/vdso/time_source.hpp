// A time policy in effect: one for all processes of a guest.
#pragma once

#include "base/result.hpp"
#include "vdso/host_clocks.hpp"
#include "vdso/time_mapping.hpp"

#include <atomic>
#include <memory>

namespace postern::vdso {

/// Where a guest's time comes from: the policy since it began, and the guest nanoseconds that
/// have passed where they are counted and do not flow. The count lies in memory that a child
/// shares after fork, so that parent and child live in one time.
class TimeSource {
public:
    /// `before` as for TimeMapping. Error: the policy does not fit the clocks, or the host
    /// refuses memory.
    static Result<std::shared_ptr<TimeSource>> make(const TimePolicy& policy, const HostClocks& host,
                                                    const ClockValues* before = nullptr);
    /// Host time.
    TimeSource() = default;
    ~TimeSource();
    TimeSource(const TimeSource&) = delete;
    TimeSource& operator=(const TimeSource&) = delete;

    const TimePolicy& policy() const { return mapping_.policy(); }
    const TimeMapping& mapping() const { return mapping_; }

    /// Guest time passes as host time does, if at another rate.
    bool flows() const { return policy().flow == TimePolicy::Flow::rate; }
    /// It passes when it is told to.
    bool is_counted() const { return passed_ != nullptr; }

    /// The clocks of a source that does not flow.
    ClockValues values() const { return mapping_.after(passed_ ? passed_->load(std::memory_order_relaxed) : 0); }
    /// Lets counted time pass, and returns how much had before. Async-signal-safe.
    i64 advance(i64 nanoseconds);
    /// What one read of a clock costs.
    i64 cost_of_read() const;
    /// What one system call costs.
    i64 cost_of_call() const;

private:
    TimeMapping mapping_;
    std::atomic<i64>* passed_ = nullptr;
};

}  // namespace postern::vdso
