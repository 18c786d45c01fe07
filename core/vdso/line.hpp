// The straight line from a counter to one clock, and how it is kept near that clock.
#pragma once

#include "base/types.hpp"
#include "time_page.h"
#include "vdso/host_clocks.hpp"

#include <limits>

namespace postern::vdso {

/// A line never holds longer than this many nanoseconds of the host. NTP may change the host's rate by
/// 500 ppm at any moment, which a line drawn before cannot know: 4 us at its end.
inline constexpr u64 longest_window = 8'000'000;

/// Follows one clock (MONOTONIC with those that differ from it by a constant, or
/// MONOTONIC_RAW) with one line after another. A new line starts where the guest's clock should
/// be, or at what the old line may have told a reader if that is later: then it runs flatter, so
/// that it meets the clock at the end of its window. What is learned of the counter's rate is
/// about the host's clock, and stays when the guest's begins to run at another pace.
class Line {
public:
    explicit Line(u64 mask);

    /// Gives the baseline of the rate, before the first renewal.
    void set_reference(const Reading& reading) { reference_ = reading; }
    /// `guest`: what the guest's clock should say now, in nanoseconds; it runs at `pace` (> 0)
    /// times the host's.
    void renew(const Reading& now, i64 guest, double pace);
    /// A clock without a counter: it says this until the next renewal, or what it said before if
    /// that is later.
    void stand_still(i64 guest);

    const postern_clock_line& published() const { return line_; }
    u64 quick_cycles() const;               ///< as in postern_time_page, whatever the mode
    i64 base() const { return base_; }      ///< guest nanoseconds at the anchor
    i64 before() const { return before_; }  ///< what the line before said at the anchor
    u64 window() const { return window_; }  ///< host nanoseconds for which it holds

private:
    i64 latest_visible_at(u64 counter) const;
    void learn_rate(const Reading& now);

    postern_clock_line line_{};
    i64 base_ = 0;
    i64 before_ = 0;
    u64 window_ = 0;
    bool drawn_ = false;

    Reading reference_{};
    double rate_ = 0;                                              // host nanoseconds per cycle; 0 = not known
    double rate_error_ = std::numeric_limits<double>::infinity();  // relative
};

}  // namespace postern::vdso
