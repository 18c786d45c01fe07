#include "vdso/time_text.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <optional>

namespace postern::vdso {

namespace {

constexpr i64 second = 1'000'000'000;
constexpr i64 longest = i64{1} << 62;
constexpr i64 last_second = 8'267'875'199;   // 2231-12-31T23:59:59Z

std::unexpected<Error> bad(std::string message) { return fail(ErrorKind::internal, std::move(message)); }

struct Unit {
    std::string_view name;
    i64 nanoseconds;
};
constexpr auto units = std::to_array<Unit>({
    {"d", 86'400 * second}, {"h", 3'600 * second}, {"m", 60 * second}, {"s", second},
    {"ms", 1'000'000}, {"us", 1'000}, {"ns", 1},
});

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return c >= 'a' && c <= 'z'; }

/// Takes what `belongs` off the front of `text`.
template <typename Predicate>
std::string_view take_while(std::string_view& text, Predicate belongs) {
    auto end = std::ranges::find_if_not(text, belongs);
    auto taken = text.substr(0, static_cast<std::size_t>(end - text.begin()));
    text.remove_prefix(taken.size());
    return taken;
}

bool take(std::string_view& text, char c) {
    if (!text.starts_with(c)) return false;
    text.remove_prefix(1);
    return true;
}

/// Digits alone, as a number. Nothing: other characters, none, or too many.
std::optional<i64> number(std::string_view digits) {
    if (digits.empty() || !std::ranges::all_of(digits, is_digit)) return std::nullopt;
    i64 value = 0;
    for (char digit : digits)
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, digit - '0', &value))
            return std::nullopt;
    return value;
}

/// Exactly `width` digits off the front.
std::optional<i64> take_number(std::string_view& text, std::size_t width) {
    if (text.size() < width) return std::nullopt;
    auto value = number(text.substr(0, width));
    if (value) text.remove_prefix(width);
    return value;
}

/// The places after the point, as thousand millionths: "5" is 500,000,000.
std::optional<i64> fraction(std::string_view digits) {
    if (digits.empty() || digits.size() > 9) return std::nullopt;
    auto value = number(digits);
    for (auto place = digits.size(); value && place < 9; ++place) *value *= 10;
    return value;
}

/// "03:14:07.5" off the front: nanoseconds of the day.
std::optional<i64> take_time_of_day(std::string_view& text) {
    auto hour = take_number(text, 2);
    if (!hour || *hour > 23 || !take(text, ':')) return std::nullopt;
    auto minute = take_number(text, 2);
    if (!minute || *minute > 59 || !take(text, ':')) return std::nullopt;
    auto whole = take_number(text, 2);
    if (!whole || *whole > 59) return std::nullopt;
    i64 time = ((*hour * 60 + *minute) * 60 + *whole) * second;
    if (!take(text, '.')) return time;
    auto part = fraction(take_while(text, is_digit));
    if (!part) return std::nullopt;
    return time + *part;
}

/// "Z", "+01:00", "-05:30" and nothing behind it: seconds east of UTC.
std::optional<i64> zone(std::string_view text) {
    if (text == "Z") return 0;
    bool east = text.starts_with('+');
    if (!east && !text.starts_with('-')) return std::nullopt;
    text.remove_prefix(1);
    auto hour = take_number(text, 2);
    if (!hour || *hour > 23 || !take(text, ':')) return std::nullopt;
    auto minute = take_number(text, 2);
    if (!minute || *minute > 59 || !text.empty()) return std::nullopt;
    i64 seconds = (*hour * 60 + *minute) * 60;
    return east ? seconds : -seconds;
}

/// "2038-01-19" off the front: days since 1970.
std::optional<i64> take_day(std::string_view& text) {
    auto year = take_number(text, 4);
    if (!year || !take(text, '-')) return std::nullopt;
    auto month = take_number(text, 2);
    if (!month || !take(text, '-')) return std::nullopt;
    auto day = take_number(text, 2);
    if (!day) return std::nullopt;
    std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                     std::chrono::month(static_cast<unsigned>(*month)),
                                     std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_days(date).time_since_epoch().count();
}

Result<i64> since_epoch(i64 seconds, i64 nanoseconds) {
    if (seconds < 0 || seconds > last_second)
        return bad("a date lies between 1970-01-01T00:00:00Z and 2231-12-31T23:59:59Z");
    return seconds * second + nanoseconds;
}

constexpr std::string_view date_form = "expected a date such as 2038-01-19T03:14:07Z, 2038-01-19 or @2147483647";

}  // namespace

Result<i64> parse_duration(std::string_view text) {
    std::string_view rest = text;
    bool negative = take(rest, '-');
    if (!negative) (void)take(rest, '+');
    i64 total = 0;
    auto next = units.begin();
    do {
        auto digits = take_while(rest, is_digit);
        auto letters = take_while(rest, is_letter);
        auto unit = std::ranges::find(next, units.end(), letters, &Unit::name);
        if (digits.empty() || unit == units.end())
            return bad(format_text("\"{}\" is no duration: expected numbers with units d h m s ms us ns, longest first",
                                   text));
        next = unit + 1;
        auto count = number(digits);
        i64 part;
        if (!count || __builtin_mul_overflow(*count, unit->nanoseconds, &part) ||
            __builtin_add_overflow(total, part, &total) || total >= longest)
            return bad(format_text("\"{}\" is longer than 146 years", text));
    } while (!rest.empty());
    return negative ? -total : total;
}

std::string format_length(i64 nanoseconds) {
    u64 left = nanoseconds < 0 ? -static_cast<u64>(nanoseconds) : static_cast<u64>(nanoseconds);
    std::string text;
    for (const Unit& unit : units) {
        auto length = static_cast<u64>(unit.nanoseconds);
        if (left >= length) text += format_text("{}{}", left / length, unit.name);
        left %= length;
    }
    return text.empty() ? "0s" : text;
}

std::string format_duration(i64 nanoseconds) {
    return format_text("{}{}", nanoseconds < 0 ? '-' : '+', format_length(nanoseconds));
}

Result<i64> parse_date(std::string_view text) {
    std::string_view rest = text;
    if (take(rest, '@')) {
        auto whole = number(take_while(rest, is_digit));
        std::optional<i64> part = 0;
        if (take(rest, '.')) part = fraction(take_while(rest, is_digit));
        if (!whole || !part || !rest.empty()) return bad(std::string(date_form));
        return since_epoch(*whole, *part);
    }
    auto day = take_day(rest);
    if (!day) return bad(std::string(date_form));
    if (rest.empty()) return since_epoch(*day * 86'400, 0);
    if (!take(rest, 'T')) return bad(std::string(date_form));
    auto time = take_time_of_day(rest);
    if (!time) return bad(std::string(date_form));
    if (rest.empty()) return bad("the zone is missing: Z, or one such as +01:00");
    auto east = zone(rest);
    if (!east) return bad(std::string(date_form));
    return since_epoch(*day * 86'400 + *time / second - *east, *time % second);
}

std::string format_date(i64 nanoseconds) {
    using namespace std::chrono;
    i64 seconds = nanoseconds / second, part = nanoseconds % second;
    auto day = floor<days>(sys_seconds(std::chrono::seconds(seconds)));
    year_month_day date(day);
    i64 time = seconds - day.time_since_epoch().count() * 86'400;
    std::string text = format_text("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                                   static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                   time / 3'600, time / 60 % 60, time % 60);
    if (part == 0) return text + "Z";
    std::string places = format_text("{:09}", part);
    places.resize(places.find_last_not_of('0') + 1);
    return text + "." + places + "Z";
}

Result<i64> parse_decimal(std::string_view text) {
    std::string_view rest = text;
    auto whole = number(take_while(rest, is_digit));
    std::optional<i64> part = 0;
    if (take(rest, '.')) part = fraction(take_while(rest, is_digit));
    i64 value;
    if (!whole || !part || !rest.empty())
        return bad(format_text("\"{}\" is no number: expected digits, and at most nine after a point", text));
    if (__builtin_mul_overflow(*whole, second, &value) || __builtin_add_overflow(value, *part, &value))
        return bad(format_text("\"{}\" is too large a number", text));
    return value;
}

std::string format_decimal(i64 billionths) {
    std::string text = format_text("{}.{:09}", billionths / second, billionths % second);
    text.resize(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
    return text;
}

}  // namespace postern::vdso
