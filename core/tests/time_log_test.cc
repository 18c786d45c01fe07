// Counted time of several processes, and records of reads: what comes back, and what is refused.
#include "vdso/counted_time.hpp"
#include "vdso/time_log.hpp"

#include <doctest/doctest.h>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <string>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

using namespace postern;
using namespace postern::vdso;

namespace {

/// A file that goes with the test.
struct TemporaryFile {
    TemporaryFile() { close(mkstemp(path)); }
    ~TemporaryFile() { unlink(path); }
    void fill(const std::string& text) const { std::ofstream(path, std::ios::binary) << text; }
    char path[32] = "/tmp/postern-time-XXXXXX";
};

}  // namespace

TEST_CASE("counted time: a parent goes on from no less than the child it waited for") {
    constexpr std::size_t places = 8;
    auto time = CountedTime::make(places);
    REQUIRE(time.has_value());
    CHECK((*time)->advance(100) == 0);
    auto child_takes = [&](i64 nanoseconds) {
        pid_t child = fork();
        if (child == 0) {
            (*time)->forked();
            (*time)->advance(nanoseconds);
            _exit(0);
        }
        waitpid(child, nullptr, 0);
        return child;
    };
    pid_t child = child_takes(50);
    CHECK((*time)->passed() == 100);   // nobody has told it yet
    (*time)->advance(20);
    (*time)->child_ended(child);
    CHECK((*time)->passed() == 150);
    (*time)->child_ended(child);       // known no more
    child = child_takes(5);
    (*time)->advance(1'000);
    (*time)->child_ended(child);
    CHECK((*time)->passed() == 1'150);
    // More children than there are places, and nobody asks for them: their places are used again.
    for (int count = 0; count < 20; ++count) child = child_takes(count);
    (*time)->child_ended(child);
    CHECK((*time)->passed() == 1'150 + 19);
    (*time)->advance(std::numeric_limits<i64>::max());
    CHECK((*time)->passed() == std::numeric_limits<i64>::max());
}

TEST_CASE("time record: comes back process by process") {
    TemporaryFile file;
    {
        auto log = TimeLog::record(file.path);
        REQUIRE(log.has_value());
        CHECK(!log->is_replay());
        CHECK(log->put(CLOCK_REALTIME, 2'147'483'648'000'000'001).has_value());
        log->before_fork();
        CHECK(log->put(CLOCK_MONOTONIC, 5).has_value());
        log->forked();
        CHECK(log->put(CLOCK_TAI, std::numeric_limits<i64>::max()).has_value());
    }
    auto log = TimeLog::replay(file.path);
    REQUIRE(log.has_value());
    CHECK(log->is_replay());
    CHECK(log->take(CLOCK_REALTIME) == 2'147'483'648'000'000'001);
    log->before_fork();
    auto wrong = log->take(CLOCK_REALTIME);
    REQUIRE(!wrong.has_value());
    CHECK(wrong.error().message.ends_with("read 2 of process 0 asks for CLOCK_REALTIME, recorded is CLOCK_MONOTONIC (line 3)"));
    CHECK(log->take(CLOCK_MONOTONIC) == 5);
    auto end = log->take(CLOCK_MONOTONIC);
    REQUIRE(!end.has_value());
    CHECK(end.error().message.ends_with("read 3 of process 0 asks for CLOCK_MONOTONIC, but the record ends there"));
    log->forked();
    CHECK(log->take(CLOCK_TAI) == std::numeric_limits<i64>::max());
}

TEST_CASE("time record: hostile files are refused with place and reason") {
    TemporaryFile file;
    const std::string head = "postern time record 1\n";
    for (const char* text : {"", "postern time record 2\n", "postern time record 1 \n", "\n", "\x7f" "ELF"}) {
        CAPTURE(text);
        file.fill(text);
        auto log = TimeLog::replay(file.path);
        REQUIRE(!log.has_value());
        CHECK(log.error().message.find("first line") != std::string::npos);
    }
    for (const char* line : {"0", "0 REALTIME", "0 REALTIME ", "0 realtime 1.000000000", " REALTIME 1.000000000",
                             "0 REALTIME 1", "0 REALTIME 1.0", "0 REALTIME 1.0000000000", "0 REALTIME -1.000000000",
                             "0 REALTIME 1.-00000001", "0 REALTIME 9223372036.854775808", "0 REALTIME 1.000000000 ",
                             "0 REALTIME 99999999999999999999.000000000", "0  REALTIME 1.000000000", "",
                             "0 REALTIME 1.00000000\xff"}) {
        CAPTURE(line);
        file.fill(head + "0 REALTIME 1.000000000\n" + line + "\n0 REALTIME 1.000000000\n");
        auto log = TimeLog::replay(file.path);
        REQUIRE(!log.has_value());
        CHECK(log.error().message.find("line 3: expected") != std::string::npos);
    }
    CHECK(!TimeLog::replay("/tmp").has_value());
    CHECK(!TimeLog::record("/tmp").has_value());
    file.fill(head + "0 REALTIME 9223372036.854775807");   // no newline at the end: still whole
    CHECK(TimeLog::replay(file.path)->take(CLOCK_REALTIME) == std::numeric_limits<i64>::max());
}
