// The function from host time to guest time that a policy is, and back.
#pragma once

#include "base/result.hpp"
#include "vdso/time_policy.hpp"

namespace postern::vdso {

/// What all clocks say at one moment, in nanoseconds; those that share MONOTONIC's rate by
/// their distance from it.
struct ClockValues {
    i64 monotonic = 0;
    i64 raw = 0;        ///< MONOTONIC_RAW
    i64 realtime = 0;   ///< REALTIME - MONOTONIC
    i64 boottime = 0;   ///< BOOTTIME - MONOTONIC
    i64 tai = 0;        ///< TAI - REALTIME: whole seconds

    bool operator==(const ClockValues&) const = default;
};

/// Sums and differences of times that a hostile guest or policy may have put anywhere: what
/// does not fit stays at the end of the range.
i64 add_saturated(i64 a, i64 b);

/// A policy from the moment it began. Plain arithmetic: async-signal-safe, no host clock is read.
///
/// MONOTONIC, MONOTONIC_RAW and BOOTTIME never go back when a policy takes over from another:
/// where it would have them earlier than they are, they go on from where they are.
class TimeMapping {
public:
    /// Guest time is host time.
    TimeMapping() = default;
    /// `before`: what the guest's clocks say at the moment, under the policy before; null at
    /// the guest's start.
    TimeMapping(const TimePolicy& policy, const ClockValues& host, const ClockValues* before = nullptr);

    /// Error: a clock would start before its zero or beyond the range, in one sentence.
    Result<void> check() const;

    const TimePolicy& policy() const { return policy_; }
    /// Where the guest's clocks began. With a frozen policy, where they are.
    const ClockValues& start() const { return guest_start_; }

    /// Guest nanoseconds per host nanosecond, while time flows with the host's.
    double pace() const { return static_cast<double>(policy_.rate) / TimePolicy::rate_one; }
    i64 monotonic(i64 host) const;
    i64 raw(i64 host) const;
    /// All of them, while time flows with the host's.
    ClockValues guest(const ClockValues& host) const;
    /// All of them `passed` guest nanoseconds after the start.
    ClockValues after(i64 passed) const;

    /// A length of guest time as the host has to wait for it, rounded up; and one of host time
    /// as the guest sees it, rounded down. Where guest time does not flow with the host's the
    /// two are equal.
    i64 to_host(i64 length) const;
    i64 to_guest(i64 length) const;

    /// MONOTONIC of the host when the guest's says `guest`.
    i64 host_monotonic(i64 guest) const;
    /// True if REALTIME and TAI of the guest follow the host's when it is set.
    bool follows_realtime() const;
    /// Host minus guest REALTIME, where it follows.
    i64 host_realtime_lead() const;
    /// BOOTTIME of the host when the guest's says `guest`.
    i64 host_boottime(i64 guest) const;

private:
    TimePolicy policy_;
    ClockValues host_start_;
    ClockValues guest_start_;
};

}  // namespace postern::vdso
