// Durations, dates and rates as users write them.
#pragma once

#include "base/result.hpp"
#include "base/types.hpp"

#include <string>
#include <string_view>

namespace postern::vdso {

/// "+3d2h", "-1s500ms", "10ms": nanoseconds. Units d h m s ms us ns, each once, longest first.
/// Error: a sentence about what is wrong; its magnitude stays below 2^62 (146 years).
Result<i64> parse_duration(std::string_view text);
/// The same with a sign, in the fewest units: "+3d2h", "-1s500ms", "+0s".
std::string format_duration(i64 nanoseconds);
/// Its length, without the sign.
std::string format_length(i64 nanoseconds);

/// "2038-01-19T03:14:07.5Z", "2038-01-19T04:14:07+01:00", "2038-01-19" (midnight, UTC), "@SECONDS":
/// nanoseconds since 1970-01-01T00:00:00Z, which no date may precede. The last is the last day of
/// 2231, 30 years before signed 64-bit nanoseconds end: what Linux lets a clock be set to.
Result<i64> parse_date(std::string_view text);
std::string format_date(i64 nanoseconds);

/// "10", "0.5": thousand millionths. No sign, no exponent, at most nine places after the point.
Result<i64> parse_decimal(std::string_view text);
std::string format_decimal(i64 billionths);

}  // namespace postern::vdso
