// How long a call may still wait.
#pragma once

#include "kernel/process.hpp"

#include <ctime>
#include <optional>

namespace postern::kernel {

inline bool is_valid(const timespec& time) {
    return time.tv_sec >= 0 && time.tv_nsec >= 0 && time.tv_nsec < 1'000'000'000;
}

inline timespec operator-(const timespec& end, const timespec& start) {
    timespec difference{end.tv_sec - start.tv_sec, end.tv_nsec - start.tv_nsec};
    if (difference.tv_nsec < 0) {
        --difference.tv_sec;
        difference.tv_nsec += 1'000'000'000;
    }
    return difference.tv_sec < 0 ? timespec{} : difference;
}

inline timespec operator+(const timespec& start, const timespec& length) {
    timespec sum{};
    if (__builtin_add_overflow(start.tv_sec, length.tv_sec, &sum.tv_sec)) return {__LONG_MAX__, 999'999'999};
    sum.tv_nsec = start.tv_nsec + length.tv_nsec;
    if (sum.tv_nsec >= 1'000'000'000 && sum.tv_sec < __LONG_MAX__) {
        ++sum.tv_sec;
        sum.tv_nsec -= 1'000'000'000;
    }
    return sum;
}

inline timespec to_timespec(const vdso::GuestTime& time) { return {time.seconds, static_cast<long>(time.nanoseconds)}; }
inline vdso::GuestTime to_guest_time(const timespec& time) { return {time.tv_sec, time.tv_nsec}; }

/// The limit that a guest puts on a wait, and how long the host waits for that.
class TimeLimit {
public:
    TimeLimit(Task& task, std::optional<timespec> guest) : clock_(&task.process.clock()), guest_(guest), host_(guest) {
        if (guest) host_ = to_timespec(clock_->host_length(to_guest_time(*guest)));
    }

    /// Tells it that there is nothing to wait for but the limit.
    void nothing_else() {
        if (host_ && clock_->waits_pass_at_once()) host_ = timespec{};
    }
    /// For a host call that counts it down. Null: no limit.
    timespec* host() { return host_ ? &*host_ : nullptr; }
    /// What is left of it, in guest time, after such a call.
    std::optional<timespec> left() const {
        if (!host_) return std::nullopt;
        return to_timespec(clock_->guest_length(to_guest_time(*host_)));
    }
    /// The host call ended because the limit was over.
    void reached() {
        if (guest_) clock_->pass(to_guest_time(*guest_));
    }

private:
    vdso::Clock* clock_;
    std::optional<timespec> guest_, host_;
};

/// A limit by the host's monotonic clock, for calls that may have to be repeated.
class Deadline {
public:
    explicit Deadline(TimeLimit limit) : limit_(limit) {
        if (limit_.host()) end_ = now() + *limit_.host();
    }
    /// Nothing: no limit.
    std::optional<timespec> left() const {
        if (!end_) return std::nullopt;
        return *end_ - now();
    }
    void reached() { limit_.reached(); }

private:
    static timespec now() {
        timespec time{};
        clock_gettime(CLOCK_MONOTONIC, &time);
        return time;
    }
    TimeLimit limit_;
    std::optional<timespec> end_;
};

}  // namespace postern::kernel
