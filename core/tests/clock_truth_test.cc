// The time page against a simulated host's clocks for hours: true, and never back.
#include "clock_world.hpp"

using namespace postern;
using namespace postern::clock_test;

namespace {

struct Extremes {
    i64 lead = 0, lag = 0;
    void add(i64 difference) {
        lead = std::max(lead, difference);
        lag = std::max(lag, -difference);
    }
    i64 worst() const { return std::max(lead, lag); }
};

/// Reads every clock by both doors for `hours`, with a tick each 4 ms while computing, waits
/// from nanoseconds to minutes between, and whatever `disturb` does. Nothing may go back.
Extremes live(
    Guest& guest, double hours, const std::function<void()>& disturb = [] {}) {
    constexpr int clock_ids = 12;
    std::array<i64, clock_ids> previous{};
    previous.fill(std::numeric_limits<i64>::min());
    Extremes fine;
    u64 went_back = 0, coarse_wrong = 0;
    double end = world.physical + hours * 3600e9;
    double next_tick = world.physical + tick_length;
    auto observe = [&](int clock_id, i64 value) {
        i64 before = world.value(clock_id);
        if (value < previous[clock_id]) ++went_back;
        previous[clock_id] = value;
        bool coarse = clock_id == CLOCK_REALTIME_COARSE || clock_id == CLOCK_MONOTONIC_COARSE;
        if (!coarse)
            fine.add(value - before);
        else if (value > before || value < before - tick_length)
            ++coarse_wrong;
    };
    while (world.physical < end) {
        disturb();
        for (int round = 0; round < 6; ++round) {
            for (int clock_id : all_clocks) {
                observe(clock_id, guest.vdso_call(clock_id));
                observe(clock_id, guest.system_call(clock_id));
            }
            world.advance(std::exp2(world.random() % 23));  // computes, up to 4 ms
            if (world.physical < next_tick) continue;
            guest.clock.service(ServiceReason::tick);
            next_tick = world.physical + tick_length;
        }
        world.advance(std::exp2(world.random() % 37));  // waits, up to a minute
        guest.clock.catch_up();
        next_tick = world.physical + tick_length;
    }
    CHECK(went_back == 0);
    CHECK(coarse_wrong == 0);
    return fine;
}

}  // namespace

TEST_CASE("clock: true within 5 us for simulated hours, whatever the counter's rate") {
    for (double frequency : {0.0144, 0.0625, 1.0, 2.494, 5.1}) {
        CAPTURE(frequency);
        world = {};
        world.cycles_per_nanosecond = frequency;
        world.rate = 1.000037;
        Guest guest;
        guest.start();
        CHECK(live(guest, 3).worst() <= (frequency < 0.02 ? 1'000 : 300));
    }
}

TEST_CASE("clock: follows NTP slews and rate changes") {
    for (double slew : {0.9995, 1.0005}) {  // 500 ppm, begun and ended at any moment
        CAPTURE(slew);
        world = {};
        Guest guest;
        guest.start();
        const std::array rates{1.0, slew, (1 + slew) / 2, 1 + (slew - 1) / 20};
        auto extremes = live(guest, 4, [&] {
            if (world.random() % 4 == 0) world.rate = rates[world.random() % rates.size()];
        });
        CHECK(extremes.worst() <= 5'000);
        CHECK(extremes.worst() >= 1'000);  // the disturbance was real
    }
}

TEST_CASE("clock: a rate change in the middle of a window stays within 5 us and is made good") {
    for (double new_rate : {0.9995, 1.0005}) {
        CAPTURE(new_rate);
        world = {};
        Guest guest;
        guest.start();
        for (int renewal = 0; renewal < 20; ++renewal) {
            world.advance(5'000'000);
            guest.clock.service(ServiceReason::tick);
        }
        world.rate = new_rate;
        i64 previous = 0, worst = 0, last = 0;
        for (int step = 0; step < 50'000; ++step) {
            world.advance(1'000);
            i64 now = guest.vdso_call(CLOCK_MONOTONIC);
            CHECK(now >= previous);
            previous = now;
            last = now - world.monotonic();
            worst = std::max(worst, std::abs(last));
        }
        CHECK(worst <= 5'000);
        CHECK(worst >= 1'000);  // the disturbance was real
        CHECK(std::abs(last) <= 500);
    }
}

TEST_CASE("clock: a lead over the host is worn off by flatter lines, not by waiting for staleness") {
    world = {};
    Guest guest;
    guest.start();
    auto renew_for = [&](int renewals) {
        for (int renewal = 0; renewal < renewals; ++renewal) {
            world.advance(3'000'000);
            guest.clock.service(ServiceReason::tick);
        }
    };
    renew_for(10);
    world.rate = 0.9995;
    renew_for(1);
    CHECK(guest.vdso_call(CLOCK_MONOTONIC) - world.monotonic() >= 1'000);
    i64 before = guest.vdso_call(CLOCK_MONOTONIC);
    world.advance(500'000);
    CHECK(guest.vdso_call(CLOCK_MONOTONIC) - before < 499'900);
    renew_for(20);
    CHECK(std::abs(guest.vdso_call(CLOCK_MONOTONIC) - world.monotonic()) <= 200);
    CHECK(guest.fallbacks == 0);
}

TEST_CASE("clock: a counter that is the host's clock divided needs no special care") {
    for (i64 divisor : {1, 16, 52}) {
        CAPTURE(divisor);
        world = {};
        world.counter_divisor = divisor;
        Guest guest;
        guest.start();
        CHECK(live(guest, 1).worst() <= 500);
    }
}

TEST_CASE("clock: a narrow counter that wraps while the guest waits") {
    world = {};
    world.cycles_per_nanosecond = 0.1;
    world.counter_mask = 0xffffffff;  // 43 seconds
    Guest guest;
    guest.start();
    CHECK(live(guest, 4).worst() <= 1'000);
}

TEST_CASE("clock: preempted readings cost accuracy for one window at most, never order") {
    world = {};
    world.preemption = 300;
    Guest guest;
    guest.start();
    // A preempted pair is taken again. What a test reads around its own preemption is off by it.
    CHECK(live(guest, 1).lead <= 1'000);
}

TEST_CASE("clock: the host sleeps") {
    for (double counter_rate_asleep : {0.0, 2.494}) {  // the counter stands still, or goes on
        CAPTURE(counter_rate_asleep);
        world = {};
        Guest guest;
        guest.start();
        CHECK(live(guest, 0.1).worst() <= 300);
        i64 monotonic = guest.vdso_call(CLOCK_MONOTONIC);
        world.boottime_offset += 1'800 * second;
        world.realtime_offset += 1'800 * second;
        world.counter_value += 1'800e9 * counter_rate_asleep;
        world.advance(tick_length);
        guest.clock.catch_up();
        // A counter that ran on says that a reader may have got the old window's last value:
        // MONOTONIC must not fall behind that, and the host reaches it within some windows.
        CHECK(std::abs(guest.system_call(CLOCK_BOOTTIME) - world.value(CLOCK_BOOTTIME)) <= 10'000'000);
        CHECK(guest.system_call(CLOCK_MONOTONIC) >= monotonic);
        CHECK(live(guest, 0.1).worst() <= 10'000'000);
        CHECK(live(guest, 0.1).worst() <= 500);
    }
}
