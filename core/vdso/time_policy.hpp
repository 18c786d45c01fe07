// What a user may ask of guest time: `postern run --time POLICY`, as a value.
#pragma once

#include "base/result.hpp"
#include "base/types.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace postern::vdso {

/// Guest time as a function of host time. All times are nanoseconds.
///
/// As text it is a list of terms with commas between (no spaces):
///
///     host                       host time; stands alone
///     offset=DURATION            added to REALTIME
///     at=DATE                    REALTIME starts there
///     monotonic+=DURATION        added to MONOTONIC, MONOTONIC_RAW; also -=
///     boottime+=DURATION         added to BOOTTIME; also -=
///     rate=NUMBER                every clock runs at that rate from its start
///     freeze, freeze=DATE        every clock stands still, REALTIME at DATE
///     step=DURATION              every clock stands still but for each read of one
///     virtual                    every clock counts what the guest does
///     replay=FILE                every read gives what a recorded run read there; stands alone
///     record=FILE                what the guest reads is written to FILE, under any other policy
///
/// From `rate` to `replay` they exclude each other. A FILE has no comma in its name. DURATION is a sign (optional) and numbers with units
/// d h m s ms us ns, as in -3d2h; DATE is 2038-01-19T03:14:07Z, with a fraction of the second
/// or a zone (+01:00) if wanted, or a day, or @SECONDS since 1970.
struct TimePolicy {
    enum class Flow : u8 {
        rate,      ///< with host time, at `rate`
        frozen,    ///< not at all
        step,      ///< by `step` at each read of a clock
        counted,   ///< by what the guest does: "virtual"
        replayed,  ///< as it did in a run before
    };
    static constexpr i64 rate_one = 1'000'000'000;

    Flow flow = Flow::rate;
    i64 rate = rate_one;                 ///< guest nanoseconds per host second
    i64 step = 0;                        ///< Flow::step
    std::optional<i64> realtime_start{};   ///< since 1970; nothing: the host's, and its steps too
    i64 realtime_offset = 0;
    i64 monotonic_offset = 0;
    i64 boottime_offset = 0;
    std::string record{}, replay{};      ///< files; empty: none

    bool operator==(const TimePolicy&) const = default;
    /// True if guest time is host time.
    bool is_host() const { return *this == TimePolicy{}; }

    /// Error: a sentence that names the bad part.
    static Result<TimePolicy> parse(std::string_view text);
    /// The same policy in one spelling: parse(text()) gives it again.
    std::string text() const;
};

}  // namespace postern::vdso
