#include "vdso/clock.hpp"

#include "vdso/host_offsets.hpp"
#include "vdso/line.hpp"
#include "vdso/page_writer.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <limits>

namespace postern::vdso {

namespace {

constexpr i64 second = 1'000'000'000;
constexpr u32 fine_resolution = 1;  // nanoseconds
constexpr int renewals_per_read = 3;

/// Which part of the page serves a clock.
struct ServedClock {
    int clock_id;
    u32 base;                                     ///< POSTERN_BASE_*
    postern_clock_line postern_time_page::*line;  ///< null: coarse
};

constexpr auto served_clocks = std::to_array<ServedClock>({
    {CLOCK_REALTIME, POSTERN_BASE_REALTIME, &postern_time_page::line},
    {CLOCK_MONOTONIC, POSTERN_BASE_MONOTONIC, &postern_time_page::line},
    {CLOCK_MONOTONIC_RAW, POSTERN_BASE_MONOTONIC_RAW, &postern_time_page::raw_line},
    {CLOCK_REALTIME_COARSE, POSTERN_BASE_REALTIME_COARSE, nullptr},
    {CLOCK_MONOTONIC_COARSE, POSTERN_BASE_MONOTONIC_COARSE, nullptr},
    {CLOCK_BOOTTIME, POSTERN_BASE_BOOTTIME, &postern_time_page::line},
    {CLOCK_TAI, POSTERN_BASE_TAI, &postern_time_page::line},
});

const ServedClock* find_clock(int clock_id) {
    for (const ServedClock& clock : served_clocks)
        if (clock.clock_id == clock_id) return &clock;
    return nullptr;
}

/// Nanoseconds as a base of the page; also right before the epoch.
postern_clock_base base_of(i64 nanoseconds, u32 shift) {
    i64 rest = nanoseconds % second;
    if (rest < 0) rest += second;
    return {static_cast<u64>((nanoseconds - rest) / second), static_cast<u64>(rest) << shift};
}

template <typename T>
T relaxed(T& word) {
    return std::atomic_ref(word).load(std::memory_order_relaxed);
}

/// Records on their way to the observer: put in while the clock is busy, so by one at a time,
/// and taken out by the mainline.
class RecordQueue {
public:
    void put(const ServiceRecord& record) noexcept {
        u32 head = head_.load(std::memory_order_relaxed);
        if (head - tail_.load(std::memory_order_acquire) == records_.size()) return;
        records_[head % records_.size()] = record;
        head_.store(head + 1, std::memory_order_release);
    }
    std::optional<ServiceRecord> take() noexcept {
        u32 tail = tail_.load(std::memory_order_relaxed);
        if (tail == head_.load(std::memory_order_acquire)) return std::nullopt;
        ServiceRecord record = records_[tail % records_.size()];
        tail_.store(tail + 1, std::memory_order_release);
        return record;
    }

private:
    std::array<ServiceRecord, 64> records_{};
    std::atomic<u32> head_ = 0;
    std::atomic<u32> tail_ = 0;
};

}  // namespace

struct Clock::State {
    State(const Abi& abi, Counter counter_of_guest, const HostClocks& host_clocks);

    bool has_counter() const { return counter.mode == ClockMode::counter || counter.mode == ClockMode::trap; }
    bool begin() noexcept { return !busy.exchange(true, std::memory_order_acquire); }
    void end() noexcept { busy.store(false, std::memory_order_release); }

    void renew(ServiceReason reason) noexcept;
    void draw_lines();
    void fill(postern_time_page& page);
    std::optional<GuestTime> read(const ServedClock& clock, bool even_if_stale) noexcept;
    void tell_observer() noexcept;

    const HostClocks& host;
    const Counter counter;
    PageWriter writer;
    Line monotonic;
    Line raw;
    HostOffsets offsets;
    i64 host_monotonic = 0;  // at the last renewal
    u64 usual_width = 0;
    struct timezone zone;
    u32 coarse_resolution;
    u64 random_generation = 0;
    bool keystream_call = false;

    /// The page as published, in native order and by the same protocol: what host-side reads
    /// compute from, while a signal handler may renew it.
    postern_time_page shadow{};
    /// The host's coarse clock at the last renewal, for catch_up.
    std::atomic<i64> coarse_seen = std::numeric_limits<i64>::min();
    /// Set while a renewal is in progress; whoever finds it set leaves.
    std::atomic<bool> busy = false;

    std::atomic<Observer> observer = nullptr;
    void* observer_context = nullptr;
    RecordQueue records;
};

Clock::State::State(const Abi& abi, Counter counter_of_guest, const HostClocks& host_clocks)
    : host(host_clocks),
      counter(counter_of_guest),
      writer(abi.byte_order),
      monotonic(counter_of_guest.mask),
      raw(counter_of_guest.mask),
      zone(host_clocks.timezone()),
      coarse_resolution(host_clocks.coarse_resolution()) {
    if (!has_counter()) return;
    auto reference = readings_at_start(host, counter.read, counter.mask);
    if (!reference) reference = take_readings(host, counter.read, counter.mask, usual_width);
    monotonic.set_reference(reference->monotonic);
    raw.set_reference(reference->raw);
}

void Clock::State::draw_lines() {
    Readings now;
    if (has_counter()) {
        now = take_readings(host, counter.read, counter.mask, usual_width);
    } else {
        now.monotonic.nanoseconds = host.now(CLOCK_MONOTONIC);
        now.raw.nanoseconds = host.now(CLOCK_MONOTONIC_RAW);
    }
    // Guest time is host time. A time policy (offset, rate, freeze ...) is a function that
    // belongs here, applied to these readings and to the offsets before lines are drawn from
    // them: vDSO calls and system calls both see what comes out. to_host is its inverse.
    monotonic.renew(now.monotonic);
    raw.renew(now.raw);
    host_monotonic = now.monotonic.nanoseconds;
}

void Clock::State::fill(postern_time_page& page) {
    u32 shift = monotonic.published().shift;
    i64 now = monotonic.base();
    // Read before the fine clock, so behind it already; and a guest's coarse clock stays where
    // it is when the host's goes back.
    i64 coarse_before = static_cast<i64>(shadow.base[POSTERN_BASE_MONOTONIC_COARSE].seconds) * second +
                        static_cast<i64>(shadow.base[POSTERN_BASE_MONOTONIC_COARSE].nanoseconds);
    i64 coarse = std::min(std::max(offsets.monotonic_coarse(), coarse_before), now);

    page = {.version = POSTERN_TIME_PAGE_VERSION,
            .sequence = shadow.sequence + 2,
            .clock_mode = static_cast<u32>(counter.mode),
            .resolution = fine_resolution,
            .coarse_resolution = coarse_resolution,
            .timezone_minutes_west = zone.tz_minuteswest,
            .timezone_dst = zone.tz_dsttime,
            .cpu_node = host.cpu_node(),
            .random_generation = random_generation,
            .line = monotonic.published(),
            .raw_line = raw.published(),
            .base = {},
            .quick_cycles = counter.mode == ClockMode::counter ? monotonic.quick_cycles() : 0,
            .keystream_call = keystream_call,
            .unused = 0};
    page.base[POSTERN_BASE_REALTIME] = base_of(now + offsets.realtime(), shift);
    page.base[POSTERN_BASE_MONOTONIC] = base_of(now, shift);
    page.base[POSTERN_BASE_BOOTTIME] = base_of(now + offsets.boottime(), shift);
    page.base[POSTERN_BASE_TAI] = base_of(now + offsets.tai(), shift);
    page.base[POSTERN_BASE_MONOTONIC_RAW] = base_of(raw.base(), raw.published().shift);
    page.base[POSTERN_BASE_REALTIME_COARSE] = base_of(coarse + offsets.realtime(), 0);
    page.base[POSTERN_BASE_MONOTONIC_COARSE] = base_of(coarse, 0);
}

void Clock::State::renew(ServiceReason reason) noexcept {
    offsets.measure(host);
    draw_lines();
    postern_time_page page;
    fill(page);
    writer.publish(page);
    write_time_page(reinterpret_cast<std::byte*>(&shadow), page, host_byte_order);
    coarse_seen.store(offsets.monotonic_coarse(), std::memory_order_relaxed);
    if (!observer.load(std::memory_order_relaxed)) return;
    records.put({.reason = reason,
                 .sequence = page.sequence,
                 .monotonic_before_ns = monotonic.before(),
                 .monotonic_after_ns = monotonic.base(),
                 .host_monotonic_ns = host_monotonic,
                 .realtime_offset_ns = offsets.realtime(),
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

void Clock::State::tell_observer() noexcept {
    Observer tell = observer.load(std::memory_order_relaxed);
    if (!tell) [[likely]] return;
    while (auto record = records.take()) tell(observer_context, *record);
}

std::string_view name_of(ServiceReason reason) {
    constexpr std::array<std::string_view, 6> names{"start", "stale", "tick", "wake", "fork", "request"};
    return names[static_cast<size_t>(reason)];
}

Clock::Clock(const Abi& abi, Counter counter, const HostClocks& host)
    : state_(std::make_unique<State>(abi, counter, host)) {}

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
    if (reason == ServiceReason::fork) ++state_->random_generation;
    if (!state_->begin()) return;
    state_->renew(reason);
    state_->end();
    if (reason != ServiceReason::tick) state_->tell_observer();
}

void Clock::catch_up() noexcept {
    i64 seen = state_->coarse_seen.load(std::memory_order_relaxed);
    if (state_->host.now(CLOCK_MONOTONIC_COARSE) > seen) service(ServiceReason::wake);
    state_->tell_observer();
}

void Clock::reseed() noexcept {
    ++state_->random_generation;
    service(ServiceReason::request);
}

void Clock::serve_keystream(bool on) noexcept { state_->keystream_call = on; }

std::optional<GuestTime> Clock::read(int clock_id) noexcept {
    const ServedClock* clock = find_clock(clock_id);
    if (!clock) return std::nullopt;
    if (state_->counter.mode == ClockMode::none)
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
    return clock->line ? fine_resolution : state_->coarse_resolution;
}

struct timezone Clock::timezone() const noexcept {
    return state_->zone;
}

GuestTime Clock::to_host(int, GuestTime guest) const noexcept { return guest; }

void Clock::set_observer(Observer observer, void* context) {
    state_->tell_observer();
    state_->observer.store(nullptr, std::memory_order_relaxed);
    state_->observer_context = context;
    state_->observer.store(observer, std::memory_order_release);
}

}  // namespace postern::vdso
