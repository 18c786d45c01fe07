// What a Clock keeps, and how it renews and reads the page. For clock*.cc alone.
#pragma once

#include "vdso/clock.hpp"
#include "vdso/host_offsets.hpp"
#include "vdso/line.hpp"
#include "vdso/page_writer.hpp"
#include "vdso/time_source.hpp"

#include <array>
#include <atomic>
#include <limits>

namespace postern::vdso {

inline constexpr u32 fine_resolution = 1;  // nanoseconds

/// Which part of the page serves a clock.
struct ServedClock {
    int clock_id;
    u32 base;                                     ///< POSTERN_BASE_*
    postern_clock_line postern_time_page::*line;  ///< null: coarse
};

/// Null: the page does not serve it.
const ServedClock* find_clock(int clock_id);

/// Whole seconds and the rest; also right before the epoch.
GuestTime split(i64 nanoseconds);
/// A clock of the page out of all of them, in nanoseconds.
i64 value_of(int clock_id, const ClockValues& values);
i64 joined(GuestTime time);
/// How guest code reads its clocks under a policy: standing values from the page; by system
/// calls where each read is to be noticed.
ClockMode mode_for(ClockMode mode, const TimeSource& source);

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

struct Clock::State {
    State(const Abi& abi, Counter counter_of_guest, const HostClocks& host_clocks,
          std::shared_ptr<TimeSource> time_source);

    bool has_counter() const { return mode == ClockMode::counter || mode == ClockMode::trap; }
    u32 coarse_resolution() const;
    struct timezone zone() const;
    bool begin() noexcept { return !busy.exchange(true, std::memory_order_acquire); }
    void end() noexcept { busy.store(false, std::memory_order_release); }

    void renew(ServiceReason reason) noexcept;
    void draw_lines();
    void fill(postern_time_page& page);
    std::optional<GuestTime> read(const ServedClock& clock, bool even_if_stale) noexcept;
    std::optional<GuestTime> read_noticed(Clock& clock, int clock_id) noexcept;
    GuestTime read_counted(int clock_id) noexcept;
    void record(ServiceReason reason, i64 before, i64 after) noexcept;
    void tell_observer() noexcept;

    const HostClocks& host;
    const Counter counter;
    std::shared_ptr<TimeSource> source;
    const ClockMode usual_mode;   // of the ABI's image
    ClockMode mode;
    PageWriter writer;
    Line monotonic;
    Line raw;
    HostOffsets offsets;
    ClockValues values;      // the guest's at the last renewal
    i64 host_monotonic = 0;  // then
    u64 usual_width = 0;
    const struct timezone host_zone;
    const u32 tick_length;   // nanoseconds of the host
    std::optional<Error> failure;   // of the record
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

}  // namespace postern::vdso
