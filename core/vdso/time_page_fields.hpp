// Every field of the time page in words: for its writer, and for listings.
#pragma once

#include "base/types.hpp"
#include "time_page.h"

#include <array>
#include <cstddef>
#include <string_view>

namespace postern::vdso {

/// One integer of the page.
struct TimePageField {
    std::string_view name;
    u16 offset;                  ///< bytes
    u16 width;                   ///< bytes
    std::string_view meaning;
};

// clang-format off
inline constexpr auto time_page_fields = std::to_array<TimePageField>({
#define FIELD(name, meaning) {#name, offsetof(postern_time_page, name), sizeof(postern_time_page::name), meaning}
#define PART(whole, name, width, meaning) {#whole "." #name, offsetof(postern_time_page, whole.name), width, meaning}
#define LINE(name, clocks)                                                                  \
    PART(name, anchor, 8, "counter value where the line starts, cycles; serves " clocks),   \
    PART(name, mask, 8, "bits that the counter has"),                                       \
    PART(name, max_cycles, 8, "how far from the anchor the line holds, cycles"),            \
    PART(name, mult, 4, "ns = ((counter - anchor) * mult + base) >> shift"),                \
    PART(name, shift, 4, "binary places of mult and of a base's nanoseconds")
#define BASE(index, clock, unit)                                                            \
    PART(base[index], seconds, 8, clock " at the anchor, whole seconds"),                   \
    PART(base[index], nanoseconds, 8, unit)
#define SHIFTED "the rest of the second, nanoseconds << shift"
#define PLAIN "the rest of the second, nanoseconds"
    FIELD(version, "layout of the page; never changes"),
    FIELD(sequence, "odd while the page is written; another value: read again"),
    FIELD(clock_mode, "how to read the counter: 0 not at all, 1 instruction, 2 trap, 3 no counter"),
    FIELD(resolution, "clock_getres of the exact clocks, nanoseconds"),
    FIELD(coarse_resolution, "clock_getres of the coarse clocks, nanoseconds"),
    FIELD(timezone_minutes_west, "gettimeofday's timezone, minutes"),
    FIELD(timezone_dst, "gettimeofday's timezone, kind of daylight saving"),
    FIELD(cpu_node, "getcpu: bits 0-11 CPU, the rest NUMA node"),
    FIELD(random_generation, "getrandom's keys of another generation are void; 0: make the system call"),
    LINE(line, "REALTIME, MONOTONIC, BOOTTIME, TAI"),
    LINE(raw_line, "MONOTONIC_RAW"),
    BASE(0, "REALTIME", SHIFTED),
    BASE(1, "MONOTONIC", SHIFTED),
    BASE(2, "BOOTTIME", SHIFTED),
    BASE(3, "TAI", SHIFTED),
    BASE(4, "MONOTONIC_RAW", SHIFTED),
    BASE(5, "REALTIME_COARSE", PLAIN),
    BASE(6, "MONOTONIC_COARSE", PLAIN),
    FIELD(quick_cycles, "for less than this many cycles short code may do without most checks; 0 = never"),
    FIELD(keystream_call, "not 0: the emulator answers the reserved call for getrandom's keystream"),
    FIELD(unused, "0"),
    FIELD(counter, "what a counter point left for the code behind it; 0 = nothing"),
#undef FIELD
#undef PART
#undef LINE
#undef BASE
#undef SHIFTED
#undef PLAIN
});
// clang-format on

/// Whether the rows follow each other without a gap from the page's first byte to its last field.
consteval bool fields_cover_the_page() {
    std::size_t end = 0;
    for (const TimePageField& field : time_page_fields) {
        if (field.offset != end) return false;
        end += field.width;
    }
    return end == sizeof(postern_time_page);
}
static_assert(fields_cover_the_page(), "time_page.h and this table belong together");
static_assert(POSTERN_BASE_MONOTONIC == 1 && POSTERN_BASE_MONOTONIC_COARSE == 6 && POSTERN_BASE_COUNT == 7);

}  // namespace postern::vdso
