// Time policies as text: what is understood, what is refused, and the one spelling.
#include "vdso/time_policy.hpp"
#include "vdso/time_text.hpp"

#include <doctest/doctest.h>
#include <limits>
#include <random>
#include <string>
#include <vector>

using namespace postern;
using namespace postern::vdso;

namespace {

constexpr i64 second = 1'000'000'000;
using Flow = TimePolicy::Flow;

struct Understood {
    std::string_view text;
    TimePolicy policy;
    std::string_view spelling;   ///< empty: the text itself
};

const Understood understood[] = {
    {"host", {}, {}},
    {"offset=+3d2h", {.realtime_offset = 74 * 3'600 * second}, {}},
    {"offset=3d2h", {.realtime_offset = 74 * 3'600 * second}, "offset=+3d2h"},
    {"offset=-1s500ms", {.realtime_offset = -1'500'000'000}, {}},
    {"offset=90m", {.realtime_offset = 5'400 * second}, "offset=+1h30m"},
    {"offset=0s", {}, "host"},
    {"at=2038-01-19T03:14:07Z", {.realtime_start = 2'147'483'647 * second}, {}},
    {"at=2038-01-19T04:14:07+01:00", {.realtime_start = 2'147'483'647 * second}, "at=2038-01-19T03:14:07Z"},
    {"at=2038-01-18T21:44:07-05:30", {.realtime_start = 2'147'483'647 * second}, "at=2038-01-19T03:14:07Z"},
    {"at=@2147483648", {.realtime_start = 2'147'483'648 * second}, "at=2038-01-19T03:14:08Z"},
    {"at=@1.5", {.realtime_start = 1'500'000'000}, "at=1970-01-01T00:00:01.5Z"},
    {"at=2000-02-29", {.realtime_start = 951'782'400 * second}, "at=2000-02-29T00:00:00Z"},
    {"at=1970-01-01", {.realtime_start = 0}, "at=1970-01-01T00:00:00Z"},
    {"at=2231-12-31T23:59:59.999999999Z", {.realtime_start = 8'267'875'199 * second + 999'999'999}, {}},
    {"rate=10", {.rate = 10 * second}, {}},
    {"rate=0.5", {.rate = 500'000'000}, {}},
    {"rate=1", {}, "host"},
    {"rate=1.000000001", {.rate = 1'000'000'001}, {}},
    {"rate=0.000001", {.rate = 1'000}, {}},
    {"rate=1000000", {.rate = 1'000'000 * second}, {}},
    {"freeze", {.flow = Flow::frozen}, {}},
    {"freeze=2030-01-01T00:00:00Z", {.flow = Flow::frozen, .realtime_start = 1'893'456'000 * second}, {}},
    {"at=2030-01-01,freeze", {.flow = Flow::frozen, .realtime_start = 1'893'456'000 * second},
     "freeze=2030-01-01T00:00:00Z"},
    {"step=1ms", {.flow = Flow::step, .step = 1'000'000}, {}},
    {"virtual", {.flow = Flow::counted}, {}},
    {"monotonic+=10s", {.monotonic_offset = 10 * second}, {}},
    {"monotonic-=10s", {.monotonic_offset = -10 * second}, {}},
    {"monotonic+=-10s", {.monotonic_offset = -10 * second}, "monotonic-=10s"},
    {"at=2038-01-19T03:14:00Z,rate=10,boottime+=1d",
     {.rate = 10 * second, .realtime_start = 2'147'483'640 * second, .boottime_offset = 86'400 * second}, {}},
    {"boottime+=1d,virtual,offset=1s",
     {.flow = Flow::counted, .realtime_offset = second, .boottime_offset = 86'400 * second},
     "offset=+1s,virtual,boottime+=1d"},
    {"rate=2,record=a/b=c", {.rate = 2 * second, .record = "a/b=c"}, {}},
    {"replay=/tmp/x y", {.flow = Flow::replayed, .replay = "/tmp/x y"}, {}},
};

struct Refused {
    std::string_view text;
    std::string_view why;   ///< part of the sentence
};

const Refused refused[] = {
    {"", "empty term"}, {",", "empty term"}, {"rate=2,", "empty term"}, {",rate=2", "empty term"},
    {"frozen", "\"frozen\" is no time policy"}, {"Host", "\"Host\" is no"}, {"host=1", "\"host=1\" is no"},
    {" host", "\" host\" is no"}, {"monotonic=3s", "is no time policy"}, {"=", "\"=\" is no"},
    {"rate", "rate: a value is missing"}, {"offset", "offset: a value is missing"},
    {"host,rate=2", "\"rate=2\" does not go"}, {"rate=2,host", "\"host\" does not go"},
    {"rate=2,rate=2", "\"rate=2\" does not go"}, {"rate=2,freeze", "\"freeze\" does not go"},
    {"virtual,step=1s", "\"step=1s\" does not go"}, {"at=@1,offset=1s", "\"offset=1s\" does not go"},
    {"freeze=@1,at=@1", "\"at=@1\" does not go"}, {"boottime+=1s,boottime-=1s", "does not go"},
    {"rate=0", "lies between"}, {"rate=0.000000999", "lies between"}, {"rate=1000000.000000001", "lies between"},
    {"rate=", "no number"}, {"rate=-1", "no number"}, {"rate=1e3", "no number"}, {"rate=.5", "no number"},
    {"rate=5.", "no number"}, {"rate=nan", "no number"}, {"rate=0x10", "no number"}, {"rate=1.0000000001", "no number"},
    {"rate=9223372036854775808", "no number"}, {"rate=9223372036", "lies between"}, {"rate=9223372037", "too large"},
    {"offset=", "no duration"}, {"offset=+", "no duration"}, {"offset=5", "no duration"}, {"offset=d", "no duration"},
    {"offset=1x", "\"1x\" is no duration"}, {"offset=1h1h", "no duration"}, {"offset=1s1h", "no duration"},
    {"offset=1.5s", "no duration"}, {"offset=--1s", "no duration"}, {"offset=1s ", "no duration"},
    {"offset=1min", "no duration"}, {"offset=53376d", "longer than 146 years"},
    {"offset=99999999999999999999d", "longer than 146 years"}, {"offset=9223372036854775807ns", "longer than"},
    {"offset=53375d4611686018427387904ns", "longer than"},
    {"step=0s", "longer than nothing"}, {"step=-1ms", "longer than nothing"},
    {"at=", "expected a date"}, {"at=tomorrow", "expected a date"}, {"at=2030", "expected a date"},
    {"at=2030-13-01", "expected a date"}, {"at=2030-00-01", "expected a date"}, {"at=2029-02-29", "expected a date"},
    {"at=2030-01-32", "expected a date"}, {"at=2030-1-1", "expected a date"}, {"at=2030-01-01T", "expected a date"},
    {"at=2030-01-01T24:00:00Z", "expected a date"}, {"at=2030-01-01T00:60:00Z", "expected a date"},
    {"at=2030-01-01T00:00:60Z", "expected a date"}, {"at=2030-01-01T00:00:00", "zone is missing"},
    {"at=2030-01-01T00:00:00z", "expected a date"}, {"at=2030-01-01T00:00:00.Z", "expected a date"},
    {"at=2030-01-01T00:00:00.1234567890Z", "expected a date"}, {"at=2030-01-01T00:00:00+1:00", "expected a date"},
    {"at=2030-01-01T00:00:00+24:00", "expected a date"}, {"at=2030-01-01T00:00:00Zulu", "expected a date"},
    {"at=2030-01-01 00:00:00Z", "expected a date"}, {"at=@", "expected a date"}, {"at=@-1", "expected a date"},
    {"at=@1.", "expected a date"}, {"at=@1x", "expected a date"}, {"at=@99999999999999999999", "expected a date"},
    {"at=1969-12-31T23:59:59Z", "lies between"}, {"at=1970-01-01T00:00:00+00:01", "lies between"},
    {"at=2232-01-01", "lies between"}, {"at=9999-12-31", "lies between"}, {"at=@9223372036854775807", "lies between"},
    {"host,record=a", "\"record=a\" does not go"}, {"record=", "file name is missing"}, {"replay=", "file name is missing"},
    {"replay=a,record=b", "\"record=b\" does not go"}, {"rate=2,replay=a", "\"replay=a\" does not go"},
    {"record", "record: a value is missing"}, {"freeze=", "expected a date"}, {"monotonic+=", "no duration"},
};

}  // namespace

TEST_CASE("time policy: understood, and spelled in one way") {
    for (const Understood& row : understood) {
        CAPTURE(row.text);
        auto policy = TimePolicy::parse(row.text);
        REQUIRE(policy.has_value());
        CHECK(*policy == row.policy);
        std::string spelling = policy->text();
        CHECK(spelling == (row.spelling.empty() ? row.text : row.spelling));
        auto again = TimePolicy::parse(spelling);
        REQUIRE(again.has_value());
        CHECK(*again == *policy);
        CHECK(policy->is_host() == (spelling == "host"));
    }
}

TEST_CASE("time policy: refused with a sentence that names the bad part") {
    for (const Refused& row : refused) {
        CAPTURE(row.text);
        auto policy = TimePolicy::parse(row.text);
        REQUIRE(!policy.has_value());
        CAPTURE(policy.error().message);
        CHECK(policy.error().message.find(row.why) != std::string::npos);
        CHECK(policy.error().message.find('\n') == std::string::npos);
        CHECK(policy.error().kind == ErrorKind::internal);
    }
}

TEST_CASE("time policy: hostile text is refused or means what it says") {
    const std::vector<std::string_view> parts{"rate",  "freeze", "at",  "offset", "step", "virtual", "monotonic+", "=",
                                              ",",     "-",      "+",   "@",      "T",    "Z",       ":",          ".",
                                              "2038",  "-01",    "-19", "1",      "0",    "9",       "d",          "ms",
                                              "\x01",  "\xff",   "\n",  " ",      "99999999999999999999"};
    std::minstd_rand random(7);
    u64 accepted = 0;
    for (int round = 0; round < 200'000; ++round) {
        std::string text;
        for (u64 count = 1 + random() % 7; count > 0; --count) text += parts[random() % parts.size()];
        auto policy = TimePolicy::parse(text);
        if (!policy) continue;
        ++accepted;
        auto again = TimePolicy::parse(policy->text());
        CAPTURE(text);
        REQUIRE(again.has_value());
        CHECK(*again == *policy);
    }
    CHECK(accepted > 100);
    CHECK(!TimePolicy::parse(std::string(1'000'000, '9')).has_value());
    CHECK(!TimePolicy::parse("offset=" + std::string(1'000'000, '9') + "d").has_value());
    CHECK(!TimePolicy::parse(std::string("rate=2\0", 7)).has_value());
}

TEST_CASE("time text: durations, dates and decimals of the whole range come back") {
    std::mt19937_64 random(11);
    for (int round = 0; round < 20'000; ++round) {
        i64 duration = static_cast<i64>(random() >> (2 + random() % 60));
        if (round % 2) duration = -duration;
        CHECK(parse_duration(format_duration(duration)) == duration);
        i64 date = static_cast<i64>(random() % (8'267'875'200ull * second));
        CHECK(parse_date(format_date(date)) == date);
        i64 decimal = static_cast<i64>(random() >> (1 + random() % 60));
        CHECK(parse_decimal(format_decimal(decimal)) == decimal);
    }
    i64 longest = (i64{1} << 62) - 1;
    CHECK(parse_duration(format_duration(longest)) == longest);
    CHECK(!parse_duration(format_length(longest + 1)).has_value());
    CHECK(parse_decimal("9223372036.854775807") == std::numeric_limits<i64>::max());
    CHECK(!parse_decimal("9223372036.854775808").has_value());
}
