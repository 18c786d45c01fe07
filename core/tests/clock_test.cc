// The time page: what a renewal publishes, who may call when, and the guest's arithmetic.
#include "clock_world.hpp"

#include <utility>

using namespace postern;
using namespace postern::clock_test;

namespace {

/// The three functions an emulator offers, over one page.
class PageMemory final : public GuestMemory {
public:
    bool peek(GuestAddr, std::span<std::byte>) const override { return false; }
    bool poke(GuestAddr address, std::span<const std::byte> in) override {
        if (address.value < 0x1000 || address.value + in.size() > 0x2000) return false;
        std::ranges::copy(in, page.bytes.begin() + static_cast<std::ptrdiff_t>(address.value - 0x1000));
        sequences.push_back(GuestReader(page, ByteOrder::big).sequence());
        return true;
    }
    Result<GuestAddr> map_special(GuestAddr, u64, Permissions, bool, const char*) override {
        return fail(ErrorKind::internal, "not here");
    }
    Page page;
    std::vector<u32> sequences;
};

}  // namespace

TEST_CASE("clock: a host without coarse ticks") {
    world = {};
    world.ticks_exist = false;
    Guest guest;
    guest.start();
    i64 coarse = 0;
    for (int step = 0; step < 1'000; ++step) {
        world.advance(100'000);
        i64 now = guest.system_call(CLOCK_MONOTONIC_COARSE);
        CHECK(now >= coarse);
        CHECK(now <= guest.vdso_call(CLOCK_MONOTONIC));
        CHECK(std::abs(guest.vdso_call(CLOCK_REALTIME) - world.value(CLOCK_REALTIME)) <= 500);
        coarse = now;
    }
}

TEST_CASE("clock: the first windows are short and grow") {
    world = {};
    Guest guest;
    std::vector<u64> windows;
    guest.clock.set_observer(
        [](void* list, const ServiceRecord& record) {
            static_cast<std::vector<u64>*>(list)->push_back(record.window_ns);
        },
        &windows);
    guest.start(30'000);
    u64 reads = 0;
    for (double end = world.physical + 100e6; world.physical < end; ++reads) {
        world.advance(2'000);
        i64 now = guest.vdso_call(CLOCK_MONOTONIC);
        CHECK(std::abs(now - world.monotonic()) <= 1'500);
    }
    CHECK(windows.front() > 0);
    CHECK(windows.front() < 2'000'000);
    CHECK(windows.back() >= 5'000'000);
    CHECK(windows.back() <= 10'000'000);
    CHECK(guest.fallbacks >= 10);
    CHECK(guest.fallbacks <= 24);
    CHECK(reads > 1'000);
}

TEST_CASE("clock: a reading from the start of the process makes the first window long") {
    for (i64 divisor : {0, 16}) {
        for (i64 sleep : {i64{0}, 60 * second}) {
            CAPTURE(divisor);
            CAPTURE(sleep);
            world = {};
            world.counter_divisor = divisor;
            HostClocks host = fake_host;
            host.cycle_counter = fake_counter;
            u64 width = 0;
            if (!divisor) host.cycles_at_start = take_readings(host, fake_counter, ~u64{0}, width);
            host.monotonic_at_start = take_readings(
                host, +[] { return static_cast<u64>(fake_now(CLOCK_MONOTONIC)); }, ~u64{0}, width);
            world.advance(900'000);
            world.boottime_offset += sleep;
            Clock clock(little, {.mode = ClockMode::counter, .read = fake_counter}, host);
            u64 window = 0;
            clock.set_observer(
                [](void* found, const ServiceRecord& record) {
                    *static_cast<u64*>(found) = record.window_ns;
                },
                &window);
            clock.service(ServiceReason::start);
            if (sleep) CHECK(window <= 100'000);
            else CHECK(window == 8'000'000);
            world.advance(7'900'000);
            i64 now = nanoseconds_of(clock.read(CLOCK_MONOTONIC));
            CHECK(std::abs(now - world.monotonic()) <= 1'000);
        }
    }
}

TEST_CASE("clock: a step of the host's REALTIME is followed at once, MONOTONIC is not moved") {
    world = {};
    Guest guest;
    guest.start();
    for (i64 step : {3'600 * second, -7'200 * second, i64{5'000}, i64{-700}, -1'699'999'000 * second}) {
        CAPTURE(step);
        i64 monotonic = guest.vdso_call(CLOCK_MONOTONIC);
        world.realtime_offset += step;
        world.advance(tick_length);
        guest.clock.service(ServiceReason::tick);
        CHECK(std::abs(guest.vdso_call(CLOCK_REALTIME) - world.value(CLOCK_REALTIME)) <= 300);
        CHECK(std::abs(guest.vdso_call(CLOCK_TAI) - world.value(CLOCK_TAI)) <= 300);
        CHECK(guest.vdso_call(CLOCK_REALTIME_COARSE) == world.value(CLOCK_REALTIME_COARSE));
        CHECK(std::abs(guest.vdso_call(CLOCK_MONOTONIC) - monotonic - tick_length) <= 2'000);
    }
    world.realtime_offset = -3'000 * second - 1;  // before the epoch
    guest.clock.service(ServiceReason::request);
    CHECK(std::abs(guest.system_call(CLOCK_REALTIME) - world.value(CLOCK_REALTIME)) <= 300);
}

TEST_CASE("clock: a leap second and a changed TAI offset") {
    world = {};
    Guest guest;
    guest.start();
    world.tai_seconds = 38;
    world.realtime_offset -= second;
    world.advance(1'000);
    guest.clock.service(ServiceReason::request);
    CHECK(std::abs(guest.vdso_call(CLOCK_TAI) - world.value(CLOCK_TAI)) <= 300);
}

TEST_CASE("clock: noise does not move REALTIME against MONOTONIC") {
    for (bool ticks_exist : {true, false}) {
        CAPTURE(ticks_exist);
        world = {};
        world.ticks_exist = ticks_exist;
        world.preemption = 50;
        Guest guest;
        guest.start();
        std::vector<i64> offsets;
        guest.clock.set_observer(
            [](void* list, const ServiceRecord& record) {
                static_cast<std::vector<i64>*>(list)->push_back(record.realtime_offset_ns);
            },
            &offsets);
        for (int renewal = 0; renewal < 5'000; ++renewal) {
            world.advance(1'000'000);
            guest.clock.service(ServiceReason::request);
        }
        REQUIRE(offsets.size() == 5'000);
        CHECK(std::ranges::adjacent_find(offsets, std::not_equal_to{}) == offsets.end());
        if (ticks_exist) CHECK(offsets.front() == world.realtime_offset);
    }
}

TEST_CASE("clock: big-endian and little-endian pages hold the same fields") {
    auto page_of = [](ByteOrder order) {
        world = {};
        auto guest = std::make_unique<Guest>(order);
        guest->start();
        for (int renewal = 0; renewal < 3; ++renewal) {
            world.advance(3'000'000);
            guest->clock.service(ServiceReason::tick);
        }
        return guest;
    };
    auto little_guest = page_of(ByteOrder::little);
    auto big_guest = page_of(ByteOrder::big);
    for (size_t offset = 0; offset < sizeof(postern_time_page);) {
        bool half = offset < 32 || (offset >= 64 && offset < 72) || (offset >= 96 && offset < 104);
        size_t width = half ? 4 : 8;
        CAPTURE(offset);
        CHECK(little_guest->reader.word(offset, width) == big_guest->reader.word(offset, width));
        offset += width;
    }
    CHECK(big_guest->page.bytes[3] == std::byte{POSTERN_TIME_PAGE_VERSION});
    CHECK(little_guest->page.bytes[0] == std::byte{POSTERN_TIME_PAGE_VERSION});
    CHECK(big_guest->reader.word(8, 4) == POSTERN_CLOCK_COUNTER);
    CHECK(big_guest->reader.word(12, 4) == 1);
    CHECK(big_guest->reader.word(16, 4) == tick_length);
    CHECK(static_cast<i32>(big_guest->reader.word(20, 4)) == -60);
    CHECK(big_guest->reader.word(24, 4) == 1);
    CHECK(big_guest->reader.word(28, 4) == (3 | 1 << 12));
    CHECK(big_guest->clock.timezone().tz_minuteswest == -60);
}

TEST_CASE("clock: a system call and a vDSO call with the same counter value agree to the nanosecond") {
    for (ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
        for (ClockMode mode : {ClockMode::counter, ClockMode::trap, ClockMode::page}) {
            CAPTURE(static_cast<int>(mode));
            world = {};
            Guest guest(order, mode);
            guest.start();
            world.read_cost = 0;
            u64 compared = 0;
            for (int step = 0; step < 2'000; ++step) {
                world.advance(1.0 + world.random() % 100'000);
                for (int clock_id : all_clocks) {
                    i64 by_system_call = guest.system_call(clock_id);  // renews a stale page
                    auto by_page = guest.reader.read(clock_id, world.counter());
                    REQUIRE(by_page.has_value());
                    CHECK(*by_page == by_system_call);
                    ++compared;
                }
            }
            CHECK(compared == 2'000 * all_clocks.size());
        }
    }
}

TEST_CASE("clock: page mode stands still between renewals, none mode sends the guest away") {
    world = {};
    Guest guest(ByteOrder::little, ClockMode::page);
    guest.start();
    i64 first = guest.vdso_call(CLOCK_MONOTONIC);
    world.advance(100);
    CHECK(guest.vdso_call(CLOCK_MONOTONIC) == first);
    world.advance(2.0 * tick_length);
    CHECK(guest.vdso_call(CLOCK_MONOTONIC) == first);
    guest.clock.catch_up();
    CHECK(std::abs(guest.vdso_call(CLOCK_MONOTONIC) - world.monotonic()) <= 300);

    Guest closed(ByteOrder::little, ClockMode::none);
    closed.start();
    u64 calls = closed.fallbacks;
    CHECK(std::abs(closed.vdso_call(CLOCK_MONOTONIC) - world.monotonic()) <= 300);
    CHECK(closed.fallbacks == calls + 1);
}

TEST_CASE("clock: a signal handler's renewal inside another renewal does nothing") {
    world = {};
    Guest guest;
    guest.start();
    u32 before = guest.reader.sequence();
    int calls = 0;
    world.during_clock_read = [&] {
        ++calls;
        guest.clock.service(ServiceReason::tick);
    };
    guest.clock.service(ServiceReason::request);
    world.during_clock_read = nullptr;
    CHECK(calls >= 5);
    CHECK(guest.reader.sequence() == before + 2);
}

TEST_CASE("clock: a signal handler's renewal inside a read is seen or not, never half") {
    world = {};
    Guest guest;
    guest.start();
    enum { never, before, after } interrupt = never;
    u64 interrupted = 0;
    auto renewal_at = [&](auto moment) {
        if (interrupt != moment) return;
        interrupt = never;
        ++interrupted;
        world.advance(6'000'000);  // the reader loses its time slice
        guest.clock.service(ServiceReason::tick);
    };
    world.before_counter_read = [&] { renewal_at(before); };
    world.after_counter_read = [&] { renewal_at(after); };
    i64 previous = 0;
    for (int step = 0; step < 1'000; ++step) {
        world.advance(10'000);
        interrupt = step % 4 == 0 ? before : step % 4 == 2 ? after : never;
        i64 now = guest.system_call(CLOCK_MONOTONIC);
        CHECK(now >= previous);
        CHECK(std::abs(now - world.monotonic()) <= 300);
        previous = now;
    }
    CHECK(interrupted == 500);
}

TEST_CASE("clock: observers get truthful records, those of ticks with the next call") {
    world = {};
    Guest guest;
    std::vector<ServiceRecord> records;
    guest.clock.set_observer(
        [](void* list, const ServiceRecord& record) {
            static_cast<std::vector<ServiceRecord>*>(list)->push_back(record);
        },
        &records);
    guest.start();
    REQUIRE(records.size() == 1);
    CHECK(records[0].reason == ServiceReason::start);
    world.advance(1'000'000);
    guest.clock.service(ServiceReason::tick);
    CHECK(records.size() == 1);
    world.advance(1'000'000);
    i64 expected = guest.vdso_call(CLOCK_MONOTONIC);
    guest.clock.service(ServiceReason::wake);
    REQUIRE(records.size() == 3);
    CHECK(records[1].reason == ServiceReason::tick);
    const ServiceRecord& record = records[2];
    CHECK(record.reason == ServiceReason::wake);
    CHECK(record.sequence == guest.reader.sequence());
    CHECK(record.sequence == records[1].sequence + 2);
    CHECK(record.monotonic_before_ns >= expected);
    CHECK(record.monotonic_before_ns <= expected + 5'000);
    CHECK(record.monotonic_after_ns >= record.monotonic_before_ns);
    CHECK(record.monotonic_after_ns == std::max(record.monotonic_before_ns, record.host_monotonic_ns));
    CHECK(record.realtime_offset_ns == world.realtime_offset);
    CHECK(record.window_ns <= 10'000'000);
    CHECK(name_of(record.reason) == "wake");

    guest.clock.service(ServiceReason::tick);
    CHECK(records.size() == 3);
    guest.system_call(CLOCK_MONOTONIC);
    CHECK(records.size() == 4);
    guest.clock.service(ServiceReason::tick);
    guest.clock.set_observer(nullptr, nullptr);
    CHECK(records.size() == 5);
    guest.clock.service(ServiceReason::request);
    CHECK(records.size() == 5);
}

TEST_CASE("clock: catch_up renews only when a tick of the host has passed") {
    world = {};
    Guest guest;
    guest.start();
    u32 sequence = guest.reader.sequence();
    guest.clock.catch_up();
    guest.clock.catch_up();
    CHECK(guest.reader.sequence() == sequence);
    world.advance(tick_length);
    guest.clock.catch_up();
    CHECK(guest.reader.sequence() == sequence + 2);
}

TEST_CASE("clock: ids, resolutions, reads without a page, moving the page") {
    world = {};
    Guest guest;
    CHECK(std::abs(guest.system_call(CLOCK_MONOTONIC) - world.monotonic()) <= 300);
    guest.start();
    for (int clock_id : {2, 3, 8, 9, 10, 12, 16, -1, 1 << 20, std::numeric_limits<int>::min()}) {
        CAPTURE(clock_id);
        CHECK(!guest.clock.read(clock_id));
        CHECK(!guest.clock.resolution(clock_id));
    }
    for (int clock_id : fine_clocks) CHECK(guest.clock.resolution(clock_id) == 1);
    CHECK(guest.clock.resolution(CLOCK_REALTIME_COARSE) == tick_length);
    CHECK(guest.clock.resolution(CLOCK_MONOTONIC_COARSE) == tick_length);

    i64 before = guest.vdso_call(CLOCK_MONOTONIC);
    Page old = guest.page;
    Page moved;
    guest.clock.bind(moved, ServiceReason::fork);
    CHECK(guest.page.bytes == old.bytes);
    CHECK(*GuestReader(moved, ByteOrder::little).read(CLOCK_MONOTONIC, world.counter()) >= before);
    old = moved;
    guest.clock.bind(std::span<std::byte>{});
    guest.clock.service(ServiceReason::request);
    CHECK(moved.bytes == old.bytes);
    CHECK(guest.system_call(CLOCK_MONOTONIC) >= before);
}

TEST_CASE("clock: a page behind GuestMemory") {
    world = {};
    Guest guest(ByteOrder::big);
    guest.start();
    PageMemory memory;
    guest.clock.bind(memory, GuestAddr{0x1000});
    CHECK(memory.sequences == std::vector<u32>{3, 3, 4});
    auto time = GuestReader(memory.page, ByteOrder::big).read(CLOCK_REALTIME, world.counter());
    REQUIRE(time.has_value());
    CHECK(std::abs(*time - world.value(CLOCK_REALTIME)) <= 500);
    guest.clock.bind(memory, GuestAddr{0x8000});  // not mapped: reads go on
    CHECK(std::abs(guest.system_call(CLOCK_MONOTONIC) - world.monotonic()) <= 500);
}
