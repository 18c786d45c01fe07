// Waiting in guest time: what the host has to wait for.
#include "vdso/clock_state.hpp"

namespace postern::vdso {

bool Clock::is_host_time() const noexcept {
    const TimeMapping& mapping = state_->source->mapping();
    return mapping.policy().is_host() && mapping.start() == ClockValues{};
}

HostDeadline Clock::to_host(int clock_id, GuestTime guest) const noexcept {
    if (is_host_time()) return {clock_id, guest};
    const TimeSource& source = *state_->source;
    const TimeMapping& mapping = source.mapping();
    i64 end = joined(guest);
    bool is_realtime = clock_id == CLOCK_REALTIME || clock_id == CLOCK_TAI;
    if (!source.flows()) {
        i64 left = add_saturated(end, -value_of(clock_id, source.values()));
        return {CLOCK_MONOTONIC, split(add_saturated(state_->host.now(CLOCK_MONOTONIC), left))};
    }
    if (is_realtime && mapping.follows_realtime())
        return {clock_id, split(add_saturated(end, mapping.host_realtime_lead()))};
    if (clock_id == CLOCK_BOOTTIME) return {clock_id, split(mapping.host_boottime(end))};
    // The others differ by what is constant while the policy lasts.
    ClockValues distances{.realtime = mapping.start().realtime, .tai = mapping.start().tai};
    i64 monotonic = add_saturated(end, -value_of(clock_id, distances));
    return {CLOCK_MONOTONIC, split(mapping.host_monotonic(monotonic))};
}

GuestTime Clock::host_length(GuestTime length) const noexcept {
    if (policy().rate == TimePolicy::rate_one) return length;
    return split(state_->source->mapping().to_host(joined(length)));
}

GuestTime Clock::guest_length(GuestTime length) const noexcept {
    if (policy().rate == TimePolicy::rate_one) return length;
    return split(state_->source->mapping().to_guest(joined(length)));
}

bool Clock::waits_pass_at_once() const noexcept { return state_->source->is_told(); }

void Clock::pass(GuestTime length) noexcept { state_->source->advance(joined(length)); }

void Clock::pass_until(int clock_id, GuestTime end) noexcept {
    i64 left = add_saturated(joined(end), -value_of(clock_id, state_->source->values()));
    if (left > 0) state_->source->advance(left);
}

void Clock::count_call() noexcept { state_->source->advance(state_->source->cost_of_call()); }

}  // namespace postern::vdso
