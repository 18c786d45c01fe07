#include "vdso/clock_state.hpp"

#include <algorithm>
#include <limits>

namespace postern::vdso {

namespace {

constexpr i64 second = 1'000'000'000;

constexpr auto served_clocks = std::to_array<ServedClock>({
    {CLOCK_REALTIME, POSTERN_BASE_REALTIME, &postern_time_page::line},
    {CLOCK_MONOTONIC, POSTERN_BASE_MONOTONIC, &postern_time_page::line},
    {CLOCK_MONOTONIC_RAW, POSTERN_BASE_MONOTONIC_RAW, &postern_time_page::raw_line},
    {CLOCK_REALTIME_COARSE, POSTERN_BASE_REALTIME_COARSE, nullptr},
    {CLOCK_MONOTONIC_COARSE, POSTERN_BASE_MONOTONIC_COARSE, nullptr},
    {CLOCK_BOOTTIME, POSTERN_BASE_BOOTTIME, &postern_time_page::line},
    {CLOCK_TAI, POSTERN_BASE_TAI, &postern_time_page::line},
});

postern_clock_base base_of(i64 nanoseconds, u32 shift) {
    GuestTime time = split(nanoseconds);
    return {static_cast<u64>(time.seconds), static_cast<u64>(time.nanoseconds) << shift};
}

template <typename T>
T relaxed(T& word) {
    return std::atomic_ref(word).load(std::memory_order_relaxed);
}

}  // namespace

const ServedClock* find_clock(int clock_id) {
    for (const ServedClock& clock : served_clocks)
        if (clock.clock_id == clock_id) return &clock;
    return nullptr;
}

GuestTime split(i64 nanoseconds) {
    i64 rest = nanoseconds % second;
    if (rest < 0) rest += second;
    return {(nanoseconds - rest) / second, rest};
}

i64 joined(GuestTime time) {
    i64 nanoseconds;
    if (__builtin_mul_overflow(time.seconds, second, &nanoseconds))
        return time.seconds < 0 ? std::numeric_limits<i64>::min() : std::numeric_limits<i64>::max();
    return add_saturated(nanoseconds, time.nanoseconds);
}

i64 value_of(int clock_id, const ClockValues& values) {
    switch (clock_id) {
        case CLOCK_REALTIME:
        case CLOCK_REALTIME_COARSE: return add_saturated(values.monotonic, values.realtime);
        case CLOCK_TAI: return add_saturated(add_saturated(values.monotonic, values.realtime), values.tai);
        case CLOCK_BOOTTIME: return add_saturated(values.monotonic, values.boottime);
        case CLOCK_MONOTONIC_RAW: return values.raw;
        default: return values.monotonic;
    }
}

ClockMode mode_for(ClockMode mode, const TimeSource& source) {
    if (mode == ClockMode::none || source.notices_reads()) return ClockMode::none;
    return source.flows() ? mode : ClockMode::page;
}

Clock::State::State(const Abi& abi, Counter counter_of_guest, const HostClocks& host_clocks,
                    std::shared_ptr<TimeSource> time_source)
    : host(host_clocks),
      counter(counter_of_guest),
      source(time_source ? std::move(time_source) : std::make_shared<TimeSource>()),
      usual_mode(abi.vdso.default_clock_mode),
      mode(mode_for(counter.mode, *source)),
      writer(abi.byte_order),
      monotonic(counter_of_guest.mask),
      raw(counter_of_guest.mask),
      host_zone(host_clocks.timezone()),
      tick_length(host_clocks.coarse_resolution()) {
    if (counter.mode != ClockMode::counter && counter.mode != ClockMode::trap) return;
    auto reference = readings_at_start(host, counter.read, counter.mask);
    if (!reference) reference = take_readings(host, counter.read, counter.mask, usual_width);
    monotonic.set_reference(reference->monotonic);
    raw.set_reference(reference->raw);
}

/// How far apart two values of a coarse clock are. A guest of counted time sees nothing of the
/// host.
u32 Clock::State::coarse_resolution() const {
    if (source->policy().flow == TimePolicy::Flow::counted) return 4'000'000;
    i64 length = source->mapping().to_guest(i64{tick_length});
    return static_cast<u32>(std::clamp<i64>(length, fine_resolution, second - 1));
}

struct timezone Clock::State::zone() const {
    return source->policy().flow == TimePolicy::Flow::counted ? (struct timezone){} : host_zone;
}

void Clock::State::draw_lines() {
    if (!source->flows()) {
        values = source->values();
        monotonic.stand_still(values.monotonic);
        raw.stand_still(values.raw);
        host_monotonic = host.now(CLOCK_MONOTONIC);
        return;
    }
    Readings now;
    if (has_counter()) {
        now = take_readings(host, counter.read, counter.mask, usual_width);
    } else {
        now.monotonic.nanoseconds = host.now(CLOCK_MONOTONIC);
        now.raw.nanoseconds = host.now(CLOCK_MONOTONIC_RAW);
    }
    // The time policy: what the guest's clocks should say. vDSO calls and system calls both see
    // what comes out.
    const TimeMapping& mapping = source->mapping();
    host_monotonic = now.monotonic.nanoseconds;
    values = mapping.guest({.monotonic = host_monotonic,
                            .raw = now.raw.nanoseconds,
                            .realtime = offsets.realtime(),
                            .boottime = offsets.boottime(),
                            .tai = offsets.tai() - offsets.realtime()});
    if (!has_counter()) {   // nothing is learned of a counter's rate, though the guest may have one
        monotonic.stand_still(values.monotonic);
        raw.stand_still(values.raw);
        return;
    }
    monotonic.renew(now.monotonic, values.monotonic, mapping.pace());
    raw.renew(now.raw, values.raw, mapping.pace());
}

void Clock::State::fill(postern_time_page& page) {
    u32 shift = monotonic.published().shift;
    i64 now = monotonic.base();
    // Read before the fine clock, so behind it already; and a guest's coarse clock stays where
    // it is when the host's goes back. At its start a policy's last tick would lie before it.
    i64 coarse_before = static_cast<i64>(shadow.base[POSTERN_BASE_MONOTONIC_COARSE].seconds) * second +
                        static_cast<i64>(shadow.base[POSTERN_BASE_MONOTONIC_COARSE].nanoseconds);
    const TimeMapping& mapping = source->mapping();
    i64 coarse_now = source->flows() ? mapping.monotonic(offsets.monotonic_coarse()) : now;
    coarse_before = std::max(coarse_before, mapping.start().monotonic);
    i64 coarse = std::min(std::max(coarse_now, coarse_before), now);
    struct timezone zone_now = zone();

    page = {.version = POSTERN_TIME_PAGE_VERSION,
            .sequence = shadow.sequence + 2,
            .clock_mode = static_cast<u32>(mode),
            .resolution = fine_resolution,
            .coarse_resolution = coarse_resolution(),
            .timezone_minutes_west = zone_now.tz_minuteswest,
            .timezone_dst = zone_now.tz_dsttime,
            .cpu_node = host.cpu_node(),
            .random_generation = random_generation,
            .line = monotonic.published(),
            .raw_line = raw.published(),
            .base = {},
            .quick_cycles = mode == usual_mode ? monotonic.quick_cycles() : 0,
            .keystream_call = keystream_call,
            .unused = 0,
            .counter = 0};
    auto base = [](i64 start, i64 distance, u32 by) { return base_of(add_saturated(start, distance), by); };
    page.base[POSTERN_BASE_REALTIME] = base(now, values.realtime, shift);
    page.base[POSTERN_BASE_MONOTONIC] = base_of(now, shift);
    page.base[POSTERN_BASE_BOOTTIME] = base(now, values.boottime, shift);
    page.base[POSTERN_BASE_TAI] = base(now, add_saturated(values.realtime, values.tai), shift);
    page.base[POSTERN_BASE_MONOTONIC_RAW] = base_of(raw.base(), raw.published().shift);
    page.base[POSTERN_BASE_REALTIME_COARSE] = base(coarse, values.realtime, 0);
    page.base[POSTERN_BASE_MONOTONIC_COARSE] = base_of(coarse, 0);
}

void Clock::State::renew(ServiceReason reason) noexcept {
    if (source->flows()) offsets.measure(host);
    draw_lines();
    postern_time_page page;
    fill(page);
    writer.publish(page);
    write_time_page(reinterpret_cast<std::byte*>(&shadow), page, host_byte_order);
    coarse_seen.store(offsets.monotonic_coarse(), std::memory_order_relaxed);
    record(reason, monotonic.before(), monotonic.base());
}

void Clock::State::record(ServiceReason reason, i64 before, i64 after) noexcept {
    if (!observer.load(std::memory_order_relaxed)) return;
    records.put({.reason = reason,
                 .sequence = shadow.sequence,
                 .monotonic_before_ns = before,
                 .monotonic_after_ns = after,
                 .host_monotonic_ns = host_monotonic,
                 .realtime_offset_ns = values.realtime,
                 .window_ns = monotonic.window()});
}

/// The guest code's own arithmetic on the same words. Nothing: the page is stale, unless asked
/// for the line's last value in that case.
std::optional<GuestTime> Clock::State::read(const ServedClock& clock, bool even_if_stale) noexcept {
    u64 seconds, nanoseconds;
    for (;;) {
        u32 sequence = std::atomic_ref(shadow.sequence).load(std::memory_order_acquire);
        if (sequence == 0) return std::nullopt;
        if (sequence & 1) continue;  // another thread writes; a handler's renewal is over when we go on
        seconds = relaxed(shadow.base[clock.base].seconds);
        nanoseconds = relaxed(shadow.base[clock.base].nanoseconds);
        bool stale = false;
        if (clock.line) {
            postern_clock_line& line = shadow.*clock.line;
            u64 delta = 0;
            if (has_counter()) {
                delta = (counter.read() - relaxed(line.anchor)) & relaxed(line.mask);
                stale = delta > relaxed(line.max_cycles);
                if (stale) delta = relaxed(line.max_cycles);
            }
            nanoseconds = (delta * relaxed(line.mult) + nanoseconds) >> relaxed(line.shift);
        }
        std::atomic_thread_fence(std::memory_order_acquire);
        if (relaxed(shadow.sequence) != sequence) continue;
        if (stale && !even_if_stale) return std::nullopt;
        break;
    }
    return GuestTime{static_cast<i64>(seconds + nanoseconds / u64{second}),
                     static_cast<i64>(nanoseconds % u64{second})};
}

/// A read that lets time pass says what time it was before.
GuestTime Clock::State::read_counted(int clock_id) noexcept {
    i64 passed = source->advance(source->cost_of_read());
    ClockValues now = source->mapping().after(passed);
    if (observer.load(std::memory_order_relaxed) && begin()) {
        record(ServiceReason::read, now.monotonic, add_saturated(now.monotonic, source->cost_of_read()));
        end();
    }
    return split(value_of(clock_id, now));
}

std::optional<GuestTime> Clock::State::read_noticed(Clock& clock, int clock_id) noexcept {
    TimeLog* log = source->log();
    if (log && log->is_replay()) {
        auto recorded = log->take(clock_id);
        if (recorded) return split(*recorded);
        failure = recorded.error();
        return std::nullopt;
    }
    auto time = source->is_told() ? read_counted(clock_id) : clock.now(clock_id);
    if (!log || !time) return time;
    if (auto written = log->put(clock_id, joined(*time)); !written) failure = written.error();
    return time;
}

void Clock::State::tell_observer() noexcept {
    Observer tell = observer.load(std::memory_order_relaxed);
    if (!tell) [[likely]] return;
    while (auto record = records.take()) tell(observer_context, *record);
}

}  // namespace postern::vdso
