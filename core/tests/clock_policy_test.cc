// Guest time under a policy against a simulated host's: exact where it can be, never back, and
// the same by both doors.
#include "clock_world.hpp"

#include "vdso/time_mapping.hpp"

#include <cstdlib>
#include <string>
#include <unistd.h>

using namespace postern;
using namespace postern::clock_test;

namespace {

TimePolicy policy_of(std::string_view text) {
    auto policy = TimePolicy::parse(text);
    REQUIRE(policy.has_value());
    return *policy;
}

std::shared_ptr<TimeSource> source_of(std::string_view text) {
    auto source = TimeSource::make(policy_of(text), fake_host);
    REQUIRE(source.has_value());
    return *source;
}

/// A guest whose policy began at `world`'s present.
struct PolicyGuest : Guest {
    explicit PolicyGuest(std::string_view text, ByteOrder order = ByteOrder::little,
                         ClockMode mode = ClockMode::counter)
        : Guest(order, mode, source_of(text)) {}
    i64 by(bool vdso, int clock_id) { return vdso ? vdso_call(clock_id) : system_call(clock_id); }
};

constexpr i64 in_2038 = 2'147'483'640 * second;

/// Both doors in turn for a while, each clock: none may go back.
u64 steps_back(Guest& guest, int rounds, const std::function<void()>& disturb = [] {}) {
    std::array<i64, 12> previous{};
    previous.fill(std::numeric_limits<i64>::min());
    u64 back = 0;
    for (int round = 0; round < rounds; ++round) {
        disturb();
        for (int clock_id : all_clocks) {
            for (bool vdso : {true, false}) {
                i64 now = vdso ? guest.vdso_call(clock_id) : guest.system_call(clock_id);
                bool may_be_set = clock_id == CLOCK_REALTIME || clock_id == CLOCK_REALTIME_COARSE || clock_id == CLOCK_TAI;
                if (now < previous[clock_id] && !may_be_set) ++back;
                previous[clock_id] = now;
            }
        }
        world.advance(std::exp2(world.random() % 27));
        if (round % 4 == 0) guest.clock.service(ServiceReason::tick);
    }
    return back;
}

}  // namespace

TEST_CASE("time policy: offsets are added to their clocks and to no other") {
    world = {};
    PolicyGuest guest("offset=-3d,monotonic+=10s,boottime+=1h");
    guest.start();
    for (int round = 0; round < 200; ++round) {
        world.advance(3'000'000);
        bool vdso = round % 2;
        CHECK(std::abs(guest.by(vdso, CLOCK_REALTIME) - world.value(CLOCK_REALTIME) + 259'200 * second) <= 1'000);
        CHECK(std::abs(guest.by(vdso, CLOCK_TAI) - world.value(CLOCK_TAI) + 259'200 * second) <= 1'000);
        CHECK(std::abs(guest.by(vdso, CLOCK_MONOTONIC) - world.monotonic() - 10 * second) <= 1'000);
        CHECK(std::abs(guest.by(vdso, CLOCK_MONOTONIC_RAW) - world.value(CLOCK_MONOTONIC_RAW) - 10 * second) <= 1'000);
        CHECK(std::abs(guest.by(vdso, CLOCK_BOOTTIME) - world.value(CLOCK_BOOTTIME) - 3'600 * second) <= 1'000);
        CHECK(std::abs(guest.by(vdso, CLOCK_MONOTONIC_COARSE) - world.coarse - 10 * second) <= tick_length);
    }
    i64 step = 500 * second;   // somebody sets the host's clock: an offset follows
    world.realtime_offset += step;
    world.advance(tick_length);
    guest.clock.service(ServiceReason::tick);
    CHECK(std::abs(guest.vdso_call(CLOCK_REALTIME) - world.value(CLOCK_REALTIME) + 259'200 * second) <= 1'000);
}

TEST_CASE("time policy: a rate scales every clock from its start, on every counter") {
    for (std::string_view rate : {"0.000001", "0.5", "1.000000001", "10", "79", "1000", "1000000"}) {
        for (ClockMode mode : {ClockMode::counter, ClockMode::trap, ClockMode::page, ClockMode::none}) {
            CAPTURE(rate);
            CAPTURE(static_cast<int>(mode));
            world = {};
            world.boottime_offset = 77 * second;
            double factor = std::stod(std::string(rate));
            std::array<i64, 12> start{};
            PolicyGuest guest("at=@2147483640,rate=" + std::string(rate), ByteOrder::big, mode);
            for (int clock_id : all_clocks) start[clock_id] = world.value(clock_id);
            start[CLOCK_REALTIME] = start[CLOCK_REALTIME_COARSE] = in_2038;
            start[CLOCK_MONOTONIC_COARSE] = start[CLOCK_MONOTONIC];
            start[CLOCK_TAI] = in_2038 + world.tai_seconds * second;
            i64 host_start = world.monotonic();
            guest.start();
            world.realtime_offset += 1'000 * second;   // no longer the guest's business
            for (int round = 0; round < 50; ++round) {
                world.advance(7'000'000);
                guest.clock.service(ServiceReason::tick);
                for (int clock_id : all_clocks) {
                    bool coarse = clock_id == CLOCK_REALTIME_COARSE || clock_id == CLOCK_MONOTONIC_COARSE;
                    double elapsed = static_cast<double>(world.monotonic() - host_start) * factor;
                    double error = static_cast<double>(guest.by(round % 2, clock_id) - start[clock_id]) - elapsed;
                    double doubt = 6'000 * factor + 1'000 +  // the start was read a little later
                                    (coarse ? tick_length * factor : 0);
                    CAPTURE(clock_id);
                    CHECK(std::abs(error) <= doubt);
                }
            }
            CHECK(steps_back(guest, 500) == 0);
        }
    }
}

TEST_CASE("time policy: the promise to short guest code holds at any rate") {
    for (std::string_view rate : {"0.01", "1", "30", "70", "375", "400", "9999", "1000000"}) {
        for (double frequency : {0.0144, 2.494}) {
            CAPTURE(rate);
            world = {};
            world.cycles_per_nanosecond = frequency;
            PolicyGuest guest("rate=" + std::string(rate));
            guest.start();
            for (int renewal = 0; renewal < 20; ++renewal) {
                world.advance(4'000'000);
                guest.clock.service(ServiceReason::tick);
                (void)guest.vdso_call(CLOCK_MONOTONIC);   // checks mask, shift and mode
                u64 quick = guest.reader.word(216, 8), mult = guest.reader.word(64, 4);
                CHECK((quick * mult >> POSTERN_QUICK_SHIFT) + second < u64{1} << 32);
            }
        }
    }
}

TEST_CASE("time policy: no clock, the coarse ones included, is before its start") {
    for (ClockMode mode : {ClockMode::counter, ClockMode::page, ClockMode::none}) {
        world = {};
        world.advance(3'000'000);   // most of a tick
        PolicyGuest guest("at=@2147483640,rate=10", ByteOrder::little, mode);
        guest.start(0);
        for (bool vdso : {true, false}) {
            CHECK(guest.by(vdso, CLOCK_REALTIME_COARSE) >= in_2038);
            CHECK(guest.by(vdso, CLOCK_REALTIME) >= in_2038);
        }
        REQUIRE(guest.clock.set_policy(policy_of("at=@100")).has_value());
        CHECK(guest.vdso_call(CLOCK_REALTIME_COARSE) >= 100 * second);
    }
}

TEST_CASE("time policy: frozen clocks stand still to the nanosecond, in the page") {
    world = {};
    PolicyGuest guest("freeze=@2147483640.000000001");
    guest.start();
    CHECK(guest.reader.word(8, 4) == POSTERN_CLOCK_PAGE);
    std::array<i64, 12> first{};
    for (int clock_id : all_clocks) first[clock_id] = guest.system_call(clock_id);
    CHECK(first[CLOCK_REALTIME] == in_2038 + 1);
    CHECK(first[CLOCK_REALTIME_COARSE] == in_2038 + 1);
    CHECK(first[CLOCK_TAI] == in_2038 + 1 + world.tai_seconds * second);
    for (int round = 0; round < 100; ++round) {
        world.advance(1e9);
        world.realtime_offset += second;
        guest.clock.service(ServiceReason::tick);
        guest.clock.catch_up();
        for (int clock_id : all_clocks) CHECK(guest.by(round % 2, clock_id) == first[clock_id]);
    }
    CHECK(guest.fallbacks == 0);
}

TEST_CASE("time policy: a step per read, by either door; Postern's own questions are free") {
    world = {};
    PolicyGuest guest("at=@2147483640,step=1ms");
    guest.start();
    CHECK(guest.reader.word(8, 4) == POSTERN_CLOCK_NONE);
    for (i64 read = 0; read < 1'000; ++read) {
        world.advance(50'000'000);
        guest.clock.service(ServiceReason::tick);
        CHECK(nanoseconds_of(guest.clock.now(CLOCK_REALTIME)) == in_2038 + read * 1'000'000);
        CHECK(guest.by(read % 2, read % 3 ? CLOCK_REALTIME : CLOCK_REALTIME_COARSE) == in_2038 + read * 1'000'000);
    }
    CHECK(guest.clock.waits_pass_at_once());
    guest.clock.pass({10, 5});
    CHECK(guest.system_call(CLOCK_REALTIME) == in_2038 + 11 * second + 5);
    guest.clock.pass_until(CLOCK_REALTIME, {in_2038 / second + 60, 0});
    CHECK(guest.system_call(CLOCK_REALTIME) == in_2038 + 60 * second);
    guest.clock.pass_until(CLOCK_REALTIME, {in_2038 / second, 0});   // long ago
    CHECK(guest.system_call(CLOCK_REALTIME) == in_2038 + 60 * second + 1'000'000);
}

TEST_CASE("time policy: where reads are recorded no line is drawn, and nothing learned of the counter's rate") {
    world = {};
    char path[] = "/tmp/postern-clock-XXXXXX";
    ::close(mkstemp(path));
    PolicyGuest guest(std::string("record=") + path);
    std::vector<ServiceRecord> records;
    guest.clock.set_observer([](void* list, const ServiceRecord& record) { static_cast<std::vector<ServiceRecord>*>(list)->push_back(record); },
                             &records);
    guest.start();
    for (int renewal = 0; renewal < 3; ++renewal) {
        world.advance(1'000'000);
        guest.clock.service(ServiceReason::request);
        CHECK(records.back().window_ns == 0);
        CHECK(std::abs(records.back().monotonic_after_ns - world.monotonic()) <= 300);
    }
    CHECK(records.size() == 4);
    guest.clock.set_observer(nullptr, nullptr);
    ::unlink(path);
}

TEST_CASE("time policy: counted time is the same on every host") {
    auto times = [](double later, i64 realtime_offset) {
        world = {};
        world.advance(later);
        world.realtime_offset = realtime_offset;
        world.tai_seconds = realtime_offset % 40;
        PolicyGuest guest("virtual,monotonic+=1s");
        guest.start();
        std::vector<i64> seen{*guest.clock.resolution(CLOCK_MONOTONIC_COARSE), guest.clock.timezone().tz_minuteswest};
        for (int read = 0; read < 100; ++read) {
            world.advance(later);
            guest.clock.count_call();
            for (int clock_id : all_clocks) seen.push_back(guest.by(read % 2, clock_id));
        }
        return seen;
    };
    auto first = times(1e6, 1'700'000'000 * second), second_run = times(3e8, 1'800'000'007 * second);
    CHECK(first == second_run);
    CHECK(std::ranges::find(first, 1'001 * second + 1'000 + 1'000) != first.end());   // MONOTONIC: a call, a read
}

TEST_CASE("time policy: changes while the guest runs never set MONOTONIC back") {
    const std::vector<std::string_view> policies{
        "host", "rate=10", "rate=0.5", "freeze", "step=1ms", "virtual", "offset=-3d", "at=@0", "rate=1000",
        "monotonic-=100s", "boottime+=1d,monotonic+=5s", "freeze=2030-01-01", "host"};
    for (ClockMode mode : {ClockMode::counter, ClockMode::trap, ClockMode::page, ClockMode::none}) {
        CAPTURE(static_cast<int>(mode));
        world = {};
        Guest guest(ByteOrder::little, mode);
        guest.start();
        u64 changes = 0;
        u64 back = steps_back(guest, 6'000, [&] {
            if (world.random() % 8) return;
            CHECK(guest.clock.set_policy(policy_of(policies[world.random() % policies.size()])).has_value());
            ++changes;
        });
        CHECK(back == 0);
        CHECK(changes > 500);
    }
}

TEST_CASE("time policy: back to the host means host time where that is no step back") {
    world = {};
    Guest guest;
    guest.start();
    REQUIRE(guest.clock.set_policy(policy_of("rate=0.5")).has_value());
    world.advance(10e9);
    CHECK(std::abs(world.monotonic() - guest.vdso_call(CLOCK_MONOTONIC) - 5 * second) <= 5'000);
    REQUIRE(guest.clock.set_policy(policy_of("host")).has_value());
    CHECK(guest.clock.policy().is_host());
    for (int clock_id : fine_clocks) CHECK(std::abs(guest.vdso_call(clock_id) - world.value(clock_id)) <= 1'000);
    REQUIRE(guest.clock.set_policy(policy_of("rate=2")).has_value());
    world.advance(10e9);
    REQUIRE(guest.clock.set_policy(policy_of("host")).has_value());
    world.advance(10e9);
    CHECK(std::abs(guest.vdso_call(CLOCK_MONOTONIC) - world.monotonic() - 10 * second) <= 5'000);
    CHECK(std::abs(guest.vdso_call(CLOCK_REALTIME) - world.value(CLOCK_REALTIME)) <= 5'000);
    auto refused = guest.clock.set_policy(policy_of("offset=-53000d"));
    REQUIRE(!refused.has_value());
    CHECK(refused.error().message == "offset=-53000d: CLOCK_REALTIME would start before its zero");
    CHECK(guest.clock.policy().is_host());
}

TEST_CASE("time policy: deadlines and lengths come back from the host") {
    for (std::string_view text : {"host", "rate=10", "rate=0.3", "at=@5,rate=7", "offset=+1d", "boottime+=3d,rate=2",
                                  "monotonic+=1000s"}) {
        CAPTURE(text);
        world = {};
        world.boottime_offset = 50 * second;
        world.read_cost = 0;
        PolicyGuest guest(text);
        guest.start();
        world.advance(123e6);
        for (int clock_id : {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_TAI}) {
            CAPTURE(clock_id);
            for (i64 length : {i64{0}, i64{1}, i64{999}, second, 3'600 * second}) {
                i64 end = guest.system_call(clock_id) + length;
                HostDeadline deadline = guest.clock.to_host(clock_id, {end / second, end % second});
                i64 wait = deadline.time.seconds * second + deadline.time.nanoseconds - world.value(deadline.clock_id);
                GuestTime host = guest.clock.host_length({length / second, length % second});
                CHECK(std::abs(wait - host.seconds * second - host.nanoseconds) <= 2'000);
                GuestTime back = guest.clock.guest_length(host);
                CHECK(back.seconds * second + back.nanoseconds >= length);
            }
        }
    }
    world = {};
    PolicyGuest frozen("freeze");
    frozen.start();
    world.advance(1e9);
    i64 end = frozen.system_call(CLOCK_REALTIME) + 5 * second;
    HostDeadline deadline = frozen.clock.to_host(CLOCK_REALTIME, {end / second, end % second});
    CHECK(deadline.clock_id == CLOCK_MONOTONIC);
    CHECK(std::abs(deadline.time.seconds * second + deadline.time.nanoseconds - world.monotonic() - 5 * second) <= 1'000);
}

TEST_CASE("time policy: the ends of the range hold") {
    constexpr i64 most = std::numeric_limits<i64>::max(), least = std::numeric_limits<i64>::min();
    CHECK(add_saturated(most, 1) == most);
    CHECK(add_saturated(least, -1) == least);
    CHECK(add_saturated(most, least) == -1);

    ClockValues host{.monotonic = 100, .raw = 100, .realtime = 1'700'000'000 * second, .boottime = 0, .tai = 0};
    TimeMapping fast(policy_of("rate=1000000"), host);
    CHECK(fast.monotonic(most) == i64{1} << 62);
    CHECK(fast.to_guest(most) == most);
    CHECK(fast.to_host(most) == most / 1'000'000 + 1);
    CHECK(TimeMapping(policy_of("rate=0.000001"), host).to_host(most) == most);
    CHECK(fast.to_host(1) == 1);
    CHECK(fast.to_guest(-1) == -1'000'000);

    TimeMapping last(policy_of("at=2231-12-31T23:59:59Z"), host);
    CHECK(last.check().has_value());
    CHECK(last.guest(host).monotonic + last.guest(host).realtime == 8'267'875'199 * second);
    CHECK(!TimeMapping(policy_of("monotonic-=1s"), host).check().has_value());
    CHECK(!TimeMapping(policy_of("boottime-=1s"), host).check().has_value());
    CHECK(!TimeMapping(policy_of("offset=-20000d"), host).check().has_value());
    CHECK(!TimeMapping(policy_of("monotonic+=53375d"), {.monotonic = i64{1} << 61}).check().has_value());

    // Seconds that no 64-bit count of nanoseconds holds: a deadline of the far future.
    world = {};
    PolicyGuest guest("rate=2");
    guest.start();
    CHECK(guest.clock.to_host(CLOCK_REALTIME, {most, 999'999'999}).time.seconds > 3'000'000'000);
    CHECK(guest.clock.to_host(CLOCK_MONOTONIC, {least, 0}).time.seconds < 0);
    PolicyGuest stepping("step=1ns");
    stepping.start();
    stepping.clock.pass({most, 0});
    stepping.clock.pass({most, 0});
    CHECK(stepping.system_call(CLOCK_MONOTONIC) == i64{1} << 62);
    CHECK(stepping.system_call(CLOCK_REALTIME) > i64{1} << 62);
}
