// The time page against the clocks of the machine that runs the test: by system-call reads and
// by the x86-64 image's own code, which this machine executes as it is.
#include "clock_world.hpp"

#if defined(__x86_64__)

#include "vdso/image.hpp"

#include <sys/mman.h>
#include <sys/time.h>
#include <x86intrin.h>
#include <csignal>

using namespace postern;
using namespace postern::clock_test;

namespace {

i64 host_now(int clock_id) {
    timespec time{};
    clock_gettime(clock_id, &time);
    return i64{time.tv_sec} * second + time.tv_nsec;
}

u64 time_stamp_counter() { return __rdtsc(); }

/// Ticks a clock from a signal handler each millisecond of CPU time, as a guest's kernel does.
class Ticker {
public:
    explicit Ticker(Clock& clock) {
        ticking = &clock;
        struct sigaction action{};
        action.sa_handler = [](int) { ticking->service(ServiceReason::tick); };
        action.sa_flags = SA_RESTART;
        sigaction(SIGPROF, &action, &old_action_);
        itimerval interval{{0, 1'000}, {0, 1'000}};
        setitimer(ITIMER_PROF, &interval, nullptr);
    }
    ~Ticker() {
        itimerval off{};
        setitimer(ITIMER_PROF, &off, nullptr);
        sigaction(SIGPROF, &old_action_, nullptr);
    }

private:
    inline static Clock* ticking = nullptr;
    struct sigaction old_action_{};
};

/// The distance of a value from what the host's clock said before and after.
struct Sandwich {
    i64 worst = 0, outside = 0, count = 0;
    void add(i64 before, i64 now, i64 after) {
        i64 error = std::max({before - now, now - after, i64{0}});
        worst = std::max(worst, error);
        outside += error > 5'000;
        ++count;
    }
};

/// The x86-64 image with its time page below it, as a guest sees them.
class MappedImage {
public:
    static constexpr size_t page_size = 4096;
    using ClockGettime = int (*)(int, timespec*);

    explicit MappedImage(std::span<const std::byte> bytes)
        : size_(page_size + align_up(bytes.size(), page_size)) {
        void* memory = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        REQUIRE(memory != MAP_FAILED);
        memory_ = static_cast<std::byte*>(memory);
        std::ranges::copy(bytes, image());
        REQUIRE(mprotect(image(), size_ - page_size, PROT_READ | PROT_EXEC) == 0);
    }
    ~MappedImage() { munmap(memory_, size_); }
    std::span<std::byte> time_page() { return {memory_, page_size}; }
    ClockGettime function(u64 offset) { return reinterpret_cast<ClockGettime>(image() + offset); }

private:
    std::byte* image() { return memory_ + page_size; }
    size_t size_;
    std::byte* memory_;
};

}  // namespace

TEST_CASE("clock: a new page serves reads from the start") {
    // A machine too busy to run this test within a window gets another try.
    bool served = false;
    for (int attempt = 0; attempt < 5 && !served; ++attempt) {
        Clock clock(little, {.mode = ClockMode::counter, .read = time_stamp_counter});
        Page page;
        clock.bind(page);
        served = GuestReader(page, ByteOrder::little).read(CLOCK_MONOTONIC, __rdtsc()).has_value();
    }
    CHECK(served);
}

TEST_CASE("clock: on this host, against its clocks, with a tick from a signal handler") {
    Clock clock(little, {.mode = ClockMode::counter, .read = time_stamp_counter});
    Page page;
    clock.bind(page);
    Ticker ticker(clock);
    Sandwich sandwich;
    u64 went_back = 0, coarse_wrong = 0;
    std::array<i64, 12> previous{};
    for (i64 end = host_now(CLOCK_MONOTONIC) + 300'000'000; host_now(CLOCK_MONOTONIC) < end;) {
        for (int clock_id : fine_clocks) {
            i64 before = host_now(clock_id);
            i64 now = nanoseconds_of(clock.read(clock_id));
            sandwich.add(before, now, host_now(clock_id));
            went_back += now < previous[clock_id];
            previous[clock_id] = now;
        }
        i64 host_coarse = host_now(CLOCK_MONOTONIC_COARSE);
        i64 coarse = nanoseconds_of(clock.read(CLOCK_MONOTONIC_COARSE));
        coarse_wrong += coarse < host_coarse || coarse > host_now(CLOCK_MONOTONIC_COARSE);
    }
    MESSAGE(sandwich.count, " reads, worst error ", sandwich.worst, " ns");
    CHECK(sandwich.count > 1'000);
    CHECK(sandwich.outside == 0);
    CHECK(went_back == 0);
    CHECK(coarse_wrong == 0);
}

TEST_CASE("clock: the image's own code and system-call reads take turns") {
    const Abi* abi = find_abi("x86-64");
    REQUIRE(abi != nullptr);
    auto image = Image::of(*abi);
    REQUIRE(image.has_value());
    MappedImage mapped(image->bytes());
    auto clock_gettime_of_image = mapped.function(image->find("__vdso_clock_gettime").value());
    Clock clock(*abi, {.mode = ClockMode::counter, .read = time_stamp_counter});
    clock.bind(mapped.time_page());
    Ticker ticker(clock);
    Sandwich sandwich;
    u64 went_back = 0;
    std::array<i64, 12> previous{};
    auto observe = [&](int clock_id, i64 now) {
        went_back += now < previous[clock_id];
        previous[clock_id] = now;
    };
    for (i64 end = host_now(CLOCK_MONOTONIC) + 300'000'000; host_now(CLOCK_MONOTONIC) < end;) {
        for (int clock_id : all_clocks) {
            // Renews a stale page, so that the image's code has no reason for a system call,
            // which here would be the host's.
            observe(clock_id, nanoseconds_of(clock.read(clock_id)));
            bool coarse = clock_id == CLOCK_REALTIME_COARSE || clock_id == CLOCK_MONOTONIC_COARSE;
            timespec time{};
            i64 before = host_now(clock_id);
            REQUIRE(clock_gettime_of_image(clock_id, &time) == 0);
            i64 now = i64{time.tv_sec} * second + time.tv_nsec;
            i64 after = host_now(clock_id);
            if (!coarse) sandwich.add(before, now, after);
            observe(clock_id, now);
        }
    }
    MESSAGE(sandwich.count, " calls, worst error ", sandwich.worst, " ns");
    CHECK(sandwich.count > 1'000);
    CHECK(sandwich.outside == 0);
    CHECK(went_back == 0);
}

#endif
