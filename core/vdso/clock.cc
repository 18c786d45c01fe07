#include "vdso/clock_state.hpp"

#include <array>

namespace postern::vdso {

namespace {

constexpr int renewals_per_read = 3;

}  // namespace

std::string_view name_of(ServiceReason reason) {
    constexpr std::array<std::string_view, 8> names{"start", "stale", "tick",   "wake",
                                                    "fork",  "read",  "policy", "request"};
    return names[static_cast<size_t>(reason)];
}

Clock::Clock(const Abi& abi, Counter counter, const HostClocks& host, std::shared_ptr<TimeSource> source)
    : state_(std::make_unique<State>(abi, counter, host, std::move(source))),
      counts_calls_(state_->source->cost_of_call() > 0) {}

Clock::~Clock() = default;

void Clock::bind(std::span<std::byte> page, ServiceReason reason) {
    if (page.empty()) {
        state_->writer.unbind();
        return;
    }
    state_->writer.bind(page);
    ++state_->random_generation;
    service(reason);
}

void Clock::bind(GuestMemory& memory, GuestAddr address, ServiceReason reason) {
    state_->writer.bind(memory, address);
    ++state_->random_generation;
    service(reason);
}

void Clock::service(ServiceReason reason) noexcept {
    if (reason == ServiceReason::fork) {
        ++state_->random_generation;
        state_->source->forked();
    }
    if (!state_->begin()) return;
    state_->renew(reason);
    state_->end();
    if (reason != ServiceReason::tick) state_->tell_observer();
}

void Clock::catch_up() noexcept {
    i64 seen = state_->coarse_seen.load(std::memory_order_relaxed);
    if (state_->source->flows() && state_->host.now(CLOCK_MONOTONIC_COARSE) > seen) service(ServiceReason::wake);
    state_->tell_observer();
}

void Clock::reseed() noexcept {
    ++state_->random_generation;
    service(ServiceReason::request);
}

void Clock::serve_keystream(bool on) noexcept { state_->keystream_call = on; }

std::optional<GuestTime> Clock::read(int clock_id) noexcept {
    if (!state_->source->notices_reads()) [[likely]] return now(clock_id);
    if (!find_clock(clock_id)) return std::nullopt;
    auto time = state_->read_noticed(*this, clock_id);
    state_->tell_observer();
    return time;
}

std::optional<GuestTime> Clock::now(int clock_id) noexcept {
    const ServedClock* clock = find_clock(clock_id);
    if (!clock) return std::nullopt;
    if (state_->source->is_told()) [[unlikely]] return split(value_of(clock_id, state_->source->values()));
    if (state_->mode == ClockMode::none)
        service(ServiceReason::request);
    else if (!clock->line || !state_->has_counter())
        catch_up();
    state_->tell_observer();
    for (int renewal = 0; renewal < renewals_per_read; ++renewal) {
        if (auto time = state_->read(*clock, false)) return time;
        service(ServiceReason::stale);
    }
    // A host so busy that each new window had passed before it could be used.
    return state_->read(*clock, true);
}

std::optional<u32> Clock::resolution(int clock_id) const noexcept {
    const ServedClock* clock = find_clock(clock_id);
    if (!clock) return std::nullopt;
    return clock->line ? fine_resolution : state_->coarse_resolution();
}

struct timezone Clock::timezone() const noexcept {
    return state_->zone();
}

const TimePolicy& Clock::policy() const noexcept { return state_->source->policy(); }

const Error* Clock::failure() const noexcept { return state_->failure ? &*state_->failure : nullptr; }

void Clock::before_fork() { state_->source->before_fork(); }
void Clock::child_ended(i32 process_id) noexcept { state_->source->child_ended(process_id); }

std::shared_ptr<TimeSource> Clock::source() const noexcept { return state_->source; }

Result<void> Clock::set_policy(const TimePolicy& policy) {
    POSTERN_ASSERT(state_->begin());
    state_->renew(ServiceReason::request);   // where the clocks are under the old policy
    ClockValues before = state_->values;
    before.monotonic = state_->monotonic.base();
    before.raw = state_->raw.base();
    auto source = TimeSource::make(policy, state_->host, &before);
    if (source) {
        state_->source = std::move(*source);
        state_->failure.reset();
        state_->mode = mode_for(state_->counter.mode, *state_->source);
        state_->renew(ServiceReason::policy);
        counts_calls_ = state_->source->cost_of_call() > 0;
    }
    state_->end();
    state_->tell_observer();
    if (!source) return std::unexpected(source.error());
    return {};
}

void Clock::set_observer(Observer observer, void* context) {
    state_->tell_observer();
    state_->observer.store(nullptr, std::memory_order_relaxed);
    state_->observer_context = context;
    state_->observer.store(observer, std::memory_order_release);
}

}  // namespace postern::vdso
