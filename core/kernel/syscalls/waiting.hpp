// How long a call may still wait.
#pragma once

#include "kernel/syscall.hpp"

#include <ctime>

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

/// A relative timeout of the host's monotonic clock, for calls that may have to be repeated.
class Deadline {
public:
    explicit Deadline(const timespec& length) : end_(now() + length) {}
    timespec left() const { return end_ - now(); }

private:
    static timespec now() {
        timespec time{};
        clock_gettime(CLOCK_MONOTONIC, &time);
        return time;
    }
    timespec end_;
};


}  // namespace postern::kernel
