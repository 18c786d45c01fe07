#include "vdso/time_mapping.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <limits>

namespace postern::vdso {

namespace {

using Wide = __int128;

constexpr i64 second = 1'000'000'000;
/// Where clocks of counted time start, whatever the host: 2025-01-01T00:00:00Z, and a machine
/// that has been up for a while.
constexpr i64 counted_realtime = 1'735'689'600 * second;
constexpr i64 counted_uptime = 1'000 * second;
/// MONOTONIC and its like stay below: 146 years, so that sums have room.
constexpr i64 longest_uptime = i64{1} << 62;

i64 saturated(Wide value) {
    constexpr Wide lowest = std::numeric_limits<i64>::min(), highest = std::numeric_limits<i64>::max();
    return static_cast<i64>(std::clamp(value, lowest, highest));
}

/// value * multiplier / divisor, rounded down.
Wide scaled(Wide value, i64 multiplier, i64 divisor) {
    Wide product = value * multiplier;
    Wide quotient = product / divisor;
    return product % divisor < 0 ? quotient - 1 : quotient;
}

/// Values as sums, not as distances.
struct Absolute {
    i64 monotonic, raw, boottime, realtime;
};

Absolute absolute(const ClockValues& values) {
    return {values.monotonic, values.raw, add_saturated(values.monotonic, values.boottime),
            add_saturated(values.monotonic, values.realtime)};
}

/// Where a policy puts the clocks, nobody having seen them before.
Absolute wanted_start(const TimePolicy& policy, const ClockValues& host) {
    Absolute start = absolute(host);
    if (policy.flow == TimePolicy::Flow::counted)
        start = {counted_uptime, counted_uptime, counted_uptime, counted_realtime};
    start.monotonic = add_saturated(start.monotonic, policy.monotonic_offset);
    start.raw = add_saturated(start.raw, policy.monotonic_offset);
    start.boottime = add_saturated(start.boottime, policy.boottime_offset);
    start.realtime = policy.realtime_start.value_or(add_saturated(start.realtime, policy.realtime_offset));
    return start;
}

}  // namespace

i64 add_saturated(i64 a, i64 b) {
    i64 sum;
    if (!__builtin_add_overflow(a, b, &sum)) return sum;
    return b < 0 ? std::numeric_limits<i64>::min() : std::numeric_limits<i64>::max();
}

TimeMapping::TimeMapping(const TimePolicy& policy, const ClockValues& host, const ClockValues* before)
    : policy_(policy), host_start_(host) {
    Absolute start = wanted_start(policy, host);
    if (before) {
        Absolute now = absolute(*before);
        start.monotonic = std::max(start.monotonic, now.monotonic);
        start.raw = std::max(start.raw, now.raw);
        start.boottime = std::max(start.boottime, now.boottime);
    }
    guest_start_ = {.monotonic = start.monotonic,
                    .raw = start.raw,
                    .realtime = add_saturated(start.realtime, -start.monotonic),
                    .boottime = add_saturated(start.boottime, -start.monotonic),
                    .tai = policy.flow == TimePolicy::Flow::counted ? 0 : host.tai};
}

Result<void> TimeMapping::check() const {
    Absolute start = absolute(guest_start_);
    struct Row {
        const char* clock;
        i64 value, limit;
    };
    for (const Row& row : {Row{"MONOTONIC", start.monotonic, longest_uptime},
                           Row{"MONOTONIC_RAW", start.raw, longest_uptime},
                           Row{"BOOTTIME", start.boottime, longest_uptime},
                           Row{"REALTIME", start.realtime, std::numeric_limits<i64>::max()}}) {
        if (row.value >= 0 && row.value < row.limit) continue;
        return fail(ErrorKind::internal, format_text("{}: CLOCK_{} would start {}", policy_.text(), row.clock,
                                                     row.value < 0 ? "before its zero" : "beyond its range"));
    }
    return {};
}

i64 TimeMapping::monotonic(i64 host) const {
    i64 passed = to_guest(host - host_start_.monotonic);
    return std::min(add_saturated(guest_start_.monotonic, passed), longest_uptime);
}

i64 TimeMapping::raw(i64 host) const {
    i64 passed = to_guest(host - host_start_.raw);
    return std::min(add_saturated(guest_start_.raw, passed), longest_uptime);
}

ClockValues TimeMapping::guest(const ClockValues& host) const {
    ClockValues values = guest_start_;
    values.monotonic = monotonic(host.monotonic);
    values.raw = raw(host.raw);
    values.boottime = add_saturated(values.boottime, to_guest(host.boottime - host_start_.boottime));
    if (follows_realtime()) {
        values.realtime = add_saturated(values.realtime, host.realtime - host_start_.realtime);
        values.tai = host.tai;
    }
    return values;
}

ClockValues TimeMapping::after(i64 passed) const {
    ClockValues values = guest_start_;
    values.monotonic = std::min(add_saturated(values.monotonic, passed), longest_uptime);
    values.raw = std::min(add_saturated(values.raw, passed), longest_uptime);
    return values;
}

i64 TimeMapping::to_guest(i64 length) const {
    if (policy_.rate == TimePolicy::rate_one) return length;
    return saturated(scaled(length, policy_.rate, TimePolicy::rate_one));
}

i64 TimeMapping::to_host(i64 length) const {
    if (policy_.rate == TimePolicy::rate_one) return length;
    return saturated(-scaled(-Wide{length}, TimePolicy::rate_one, policy_.rate));
}

i64 TimeMapping::host_monotonic(i64 guest) const {
    return add_saturated(host_start_.monotonic, to_host(add_saturated(guest, -guest_start_.monotonic)));
}

i64 TimeMapping::host_boottime(i64 guest) const {
    i64 passed = add_saturated(guest, -absolute(guest_start_).boottime);
    return add_saturated(absolute(host_start_).boottime, to_host(passed));
}

bool TimeMapping::follows_realtime() const {
    return policy_.flow == TimePolicy::Flow::rate && policy_.rate == TimePolicy::rate_one && !policy_.realtime_start;
}

i64 TimeMapping::host_realtime_lead() const {
    return add_saturated(absolute(host_start_).realtime, -absolute(guest_start_).realtime);
}

}  // namespace postern::vdso
