#include "vdso/line.hpp"

#include <algorithm>
#include <cmath>

namespace postern::vdso {

namespace {

/// A line is drawn only as long as the doubt about its rate costs at most this much.
constexpr double extrapolation_error = 1'000;  // nanoseconds
/// A rate known this well is measured anew from here on; a worse one is improved first.
constexpr double good_rate_error = 20e-6;
/// What the host's clock may change its rate by without the counter having been disturbed.
constexpr double plausible_rate_change = 1'000e-6;
/// A line that leads the clock runs at no less than this share of the clock's rate.
constexpr double flattest = 0.5;
/// What a line may add to less than a second within its window: time_page.h, quick_cycles.
constexpr u64 longest_quick_window = 3'000'000'000;
/// A counter that went back shows as one that is nearly a wrap ahead: its line ends somewhere all the same.
constexpr double most_cycles = 0x1p63;
constexpr double largest_multiplier = std::numeric_limits<u32>::max();

/// The usual shift, or for a slow counter the one that gives a multiplier of 32 bits.
u32 shift_for(double rate) {
    int exponent = 0;
    (void)std::frexp(rate, &exponent);  // rate < 2^exponent
    return static_cast<u32>(std::clamp(32 - exponent, 0, POSTERN_QUICK_SHIFT));
}

}  // namespace

Line::Line(u64 mask) { line_.mask = mask; }

/// The latest time that a reader of the line can have got, now that the counter is here.
i64 Line::latest_visible_at(u64 counter) const {
    u64 cycles = std::min((counter - line_.anchor) & line_.mask, line_.max_cycles);
    return base_ + static_cast<i64>(cycles * line_.mult >> line_.shift);
}

u64 Line::quick_cycles() const {
    bool quick = line_.mask == ~u64{0} && line_.shift == POSTERN_QUICK_SHIFT &&
                 line_.max_cycles * line_.mult >> line_.shift <= longest_quick_window;
    return quick ? std::min<u64>(line_.max_cycles, std::numeric_limits<u32>::max()) : 0;
}

void Line::learn_rate(const Reading& now) {
    if (reference_.counter == 0 && reference_.nanoseconds == 0) {
        reference_ = now;
        return;
    }
    u64 cycles = (now.counter - reference_.counter) & line_.mask;
    i64 elapsed = now.nanoseconds - reference_.nanoseconds;
    if (cycles == 0 || elapsed <= 0) return;
    double rate = static_cast<double>(elapsed) / static_cast<double>(cycles);
    double error = static_cast<double>(reference_.width + now.width + 1) / 2 / static_cast<double>(cycles);
    if (rate_ > 0) {
        double change = std::abs(rate / rate_ - 1);
        if (!(change <= plausible_rate_change + error + rate_error_)) {
            // The host slept, or moved to another machine, or a narrow counter wrapped: start
            // over. The page holds for no time until the next reading gives a rate again.
            reference_ = now;
            rate_error_ = std::numeric_limits<double>::infinity();
            return;
        }
    }
    bool good = error <= good_rate_error;
    if (good || error <= rate_error_) {
        rate_ = rate;
        rate_error_ = error;
    }
    if (good) reference_ = now;
}

void Line::renew(const Reading& now, i64 guest, double pace) {
    before_ = drawn_ ? latest_visible_at(now.counter) : guest;
    learn_rate(now);

    base_ = std::max(guest, before_);
    line_.anchor = now.counter;
    double window = std::min(static_cast<double>(longest_window), extrapolation_error / rate_error_);
    double rate = rate_ * pace;
    line_.shift = shift_for(rate);
    double lead = static_cast<double>(base_ - guest) / pace;
    if (lead > 0 && window > 0) rate *= std::max(flattest, 1 - lead / window);
    double multiplier = std::ldexp(rate, static_cast<int>(line_.shift));
    line_.mult = static_cast<u32>(std::min(std::round(multiplier), largest_multiplier));
    line_.max_cycles = rate_ > 0 ? static_cast<u64>(std::min(window / rate_, most_cycles)) : 0;
    window_ = rate_ > 0 ? static_cast<u64>(window) : 0;
    drawn_ = true;
}

void Line::stand_still(i64 guest) {
    before_ = drawn_ ? base_ : guest;
    base_ = std::max(guest, before_);
    line_ = {.anchor = 0, .mask = line_.mask, .max_cycles = 0, .mult = 0, .shift = POSTERN_QUICK_SHIFT};
    window_ = 0;
    drawn_ = true;
}

}  // namespace postern::vdso
