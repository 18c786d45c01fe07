// Time by the C interface: counters, policies, records, and what a renewed page tells the guest.
#include "capi_guest.hpp"
#include "time_page.h"

#include <csignal>
#include <cstdlib>
#include <doctest/doctest.h>
#include <string>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include <utility>

using namespace postern;

namespace {

uint64_t monotonic_counter(void* context) {
    if (context) ++*static_cast<int*>(context);
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<u64>(now.tv_sec) * 1'000'000'000 + static_cast<u64>(now.tv_nsec);
}

/// What a guest would see in the page of an x86-64 vDSO.
template <typename Field>
Field page_field(const postern_vdso* vdso, Guest& guest, std::size_t offset) {
    postern_range page{};
    page.size = sizeof page;
    REQUIRE(postern_vdso_range(vdso, 0, &page) == POSTERN_OK);
    Field value;
    REQUIRE(read_guest(&guest, page.address + offset, &value, sizeof value) == 0);
    return value;
}

/// A file that is gone with the test.
struct File {
    std::string path = "/tmp/postern_capi_XXXXXX";
    File() { ::close(::mkstemp(path.data())); }
    ~File() { ::unlink(path.c_str()); }
};

}  // namespace

TEST_CASE("C interface: time is the caller's counter against the host's clocks") {
    int counted = 0;
    postern_options options{};
    options.size = sizeof options;
    options.clock_mode = POSTERN_MODE_COUNTER;
    options.counter = monotonic_counter;
    options.counter_context = &counted;
    Handle handle;
    REQUIRE(postern_vdso_open("x86-64", &options, &handle.vdso) == POSTERN_OK);
    i64 seconds = -1, nanoseconds = -1, resolution = -1;
    for (int clock : {CLOCK_REALTIME, CLOCK_MONOTONIC}) {
        timespec before, after;
        clock_gettime(clock, &before);
        REQUIRE(postern_vdso_clock_gettime(handle.vdso, clock, &seconds, &nanoseconds) == POSTERN_OK);
        clock_gettime(clock, &after);
        i64 value = seconds * 1'000'000'000 + nanoseconds;
        CHECK(value > before.tv_sec * 1'000'000'000 + before.tv_nsec - 100'000);
        CHECK(value < after.tv_sec * 1'000'000'000 + after.tv_nsec + 100'000);
    }
    CHECK(counted > 0);
    CHECK(postern_vdso_clock_getres(handle.vdso, CLOCK_MONOTONIC, &resolution) == POSTERN_OK);
    CHECK(resolution == 1);
    CHECK(postern_vdso_clock_gettime(handle.vdso, CLOCK_PROCESS_CPUTIME_ID, &seconds, &nanoseconds) ==
          POSTERN_NOT_FOUND);
    CHECK(postern_vdso_clock_getres(handle.vdso, 4711, &resolution) == POSTERN_NOT_FOUND);
    u64 value = 0;
    CHECK(postern_vdso_counter(handle.vdso, &value) == POSTERN_OK);
    CHECK(value != 0);
    CHECK(postern_vdso_set_time(handle.vdso, "host") == POSTERN_OK);
    for (const char* text : {"sundial", "", "host,freeze", "rate=0", "at=2038"})
        CHECK(postern_vdso_set_time(handle.vdso, text) == POSTERN_BAD_TIME_POLICY);
    REQUIRE(postern_vdso_set_time(handle.vdso, "freeze=2038-01-19T03:14:07Z") == POSTERN_OK);
    for (int read = 0; read < 2; ++read) {
        REQUIRE(postern_vdso_clock_gettime(handle.vdso, CLOCK_REALTIME, &seconds, &nanoseconds) == POSTERN_OK);
        CHECK(seconds == 2147483647);
        CHECK(nanoseconds == 0);
    }
    options.time_policy = "at=@1000";
    Handle second;
    REQUIRE(postern_vdso_open("x86-64", &options, &second.vdso) == POSTERN_OK);
    REQUIRE(postern_vdso_clock_gettime(second.vdso, CLOCK_REALTIME, &seconds, &nanoseconds) == POSTERN_OK);
    CHECK(seconds >= 1000);
    CHECK(seconds < 1100);
}

TEST_CASE("C interface: time is recorded and replayed") {
    File file;
    const int clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC, CLOCK_BOOTTIME};
    std::vector<std::pair<i64, i64>> recorded;
    i64 seconds = -1, nanoseconds = -1;
    Guest guest;
    postern_memory memory = memory_of(guest);
    {
        Handle handle;
        REQUIRE(postern_vdso_open("x86-64", nullptr, &handle.vdso) == POSTERN_OK);
        REQUIRE(postern_vdso_install(handle.vdso, &memory, 0) == POSTERN_OK);
        CHECK(page_field<u32>(handle.vdso, guest, offsetof(postern_time_page, clock_mode)) == POSTERN_CLOCK_PAGE);
        REQUIRE(postern_vdso_set_time(handle.vdso, ("at=@1000,record=" + file.path).c_str()) == POSTERN_OK);
        CHECK(page_field<u32>(handle.vdso, guest, offsetof(postern_time_page, clock_mode)) == POSTERN_CLOCK_NONE);
        for (int clock : clocks) {
            REQUIRE(postern_vdso_clock_gettime(handle.vdso, clock, &seconds, &nanoseconds) == POSTERN_OK);
            recorded.emplace_back(seconds, nanoseconds);
        }
        CHECK(recorded.front().first == 1000);
    }
    Handle handle;
    postern_options options{};
    options.size = sizeof options;
    std::string policy = "replay=" + file.path;
    options.time_policy = policy.c_str();
    REQUIRE(postern_vdso_open("s390x", &options, &handle.vdso) == POSTERN_OK);   // the same on any ABI
    for (std::size_t i = 0; i < recorded.size(); ++i) {
        REQUIRE(postern_vdso_clock_gettime(handle.vdso, clocks[i], &seconds, &nanoseconds) == POSTERN_OK);
        CHECK(std::pair(seconds, nanoseconds) == recorded[i]);
    }
    for (int again = 0; again < 2; ++again)   // it has ended
        CHECK(postern_vdso_clock_gettime(handle.vdso, CLOCK_REALTIME, &seconds, &nanoseconds) == POSTERN_TIME_RECORD);
    CHECK(std::pair(seconds, nanoseconds) == recorded.back());

    // From the start again, and at once another clock than the record's.
    REQUIRE(postern_vdso_set_time(handle.vdso, policy.c_str()) == POSTERN_OK);
    CHECK(postern_vdso_clock_gettime(handle.vdso, CLOCK_TAI, &seconds, &nanoseconds) == POSTERN_TIME_RECORD);
    CHECK(postern_vdso_clock_gettime(handle.vdso, CLOCK_REALTIME, &seconds, &nanoseconds) == POSTERN_TIME_RECORD);
    for (const char* text : {"replay=/tmp/postern/no/such/file", "record=/tmp/postern/no/such/file", "replay=/dev/null",
                             "replay=", "record="})
        CHECK(postern_vdso_set_time(handle.vdso, text) == POSTERN_BAD_TIME_POLICY);
    CHECK(postern_vdso_clock_gettime(handle.vdso, CLOCK_REALTIME, &seconds, &nanoseconds) == POSTERN_TIME_RECORD);
    REQUIRE(postern_vdso_set_time(handle.vdso, "host") == POSTERN_OK);
    CHECK(postern_vdso_clock_gettime(handle.vdso, CLOCK_REALTIME, &seconds, &nanoseconds) == POSTERN_OK);
}

TEST_CASE("C interface: a record that cannot be written any more") {
    Handle handle;
    i64 seconds = -1, nanoseconds = -1;
    REQUIRE(postern_vdso_open("x86-64", nullptr, &handle.vdso) == POSTERN_OK);
    CHECK(postern_vdso_set_time(handle.vdso, "record=/dev/full") == POSTERN_BAD_TIME_POLICY);   // its first line
    File file;
    REQUIRE(postern_vdso_set_time(handle.vdso, ("record=" + file.path).c_str()) == POSTERN_OK);
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
    auto old_action = ::signal(SIGXFSZ, SIG_IGN);
    rlimit small{.rlim_cur = 200, .rlim_max = before.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
    int status = POSTERN_OK, reads = 0;
    for (; status == POSTERN_OK && reads < 100; ++reads)
        status = postern_vdso_clock_gettime(handle.vdso, CLOCK_REALTIME, &seconds, &nanoseconds);
    ::setrlimit(RLIMIT_FSIZE, &before);
    ::signal(SIGXFSZ, old_action);
    CHECK(status == POSTERN_TIME_RECORD);
    CHECK(reads > 1);
    CHECK(postern_vdso_clock_gettime(handle.vdso, CLOCK_REALTIME, &seconds, &nanoseconds) == POSTERN_TIME_RECORD);
}

TEST_CASE("C interface: a reseed makes the guest's random keys void") {
    Guest guest;
    postern_memory memory = memory_of(guest);
    Handle handle;
    REQUIRE(postern_vdso_open("x86-64", nullptr, &handle.vdso) == POSTERN_OK);
    CHECK(postern_vdso_reseed(nullptr) == POSTERN_BAD_ARGUMENT);
    CHECK(postern_vdso_reseed(handle.vdso) == POSTERN_NOT_INSTALLED);
    REQUIRE(postern_vdso_install(handle.vdso, &memory, 0) == POSTERN_OK);
    auto generation = [&] {
        return page_field<u64>(handle.vdso, guest, offsetof(postern_time_page, random_generation));
    };
    u64 start = generation();
    CHECK(start != 0);   // 0 would send every call to the system call
    CHECK(postern_vdso_service(handle.vdso) == POSTERN_OK);
    CHECK(generation() == start);
    for (u64 bump = 1; bump <= 3; ++bump) {
        CHECK(postern_vdso_reseed(handle.vdso) == POSTERN_OK);
        CHECK(generation() == start + bump);
    }
    CHECK(postern_vdso_set_time(handle.vdso, "freeze") == POSTERN_OK);   // no clock of the page goes on
    CHECK(postern_vdso_reseed(handle.vdso) == POSTERN_OK);
    CHECK(generation() == start + 4);
    CHECK(page_field<u32>(handle.vdso, guest, offsetof(postern_time_page, keystream_call)) == 0);   // the guest's work
}
