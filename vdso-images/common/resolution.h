/* The resolution of the page's clocks, for clock_getres in both widths. */
#ifndef POSTERN_RESOLUTION_H
#define POSTERN_RESOLUTION_H

#include "vdso.h"

#define CLOCK_BIT(id) (1u << CLOCK_ID_##id)

/* Nanoseconds; 0: not a clock of the page, or no valid page. Make the system call. */
static ALWAYS_INLINE uint32_t resolution_of(int clock)
{
    time_page_t *page = time_page();
    if (UNLIKELY((unsigned)clock > CLOCK_ID_TAI) || UNLIKELY(page->clock_mode == POSTERN_CLOCK_NONE))
        return 0;
    uint32_t bit = 1u << clock;
    if (bit & (CLOCK_BIT(REALTIME) | CLOCK_BIT(MONOTONIC) | CLOCK_BIT(MONOTONIC_RAW) | CLOCK_BIT(BOOTTIME) |
               CLOCK_BIT(TAI)))
        return page->resolution;
    if (bit & (CLOCK_BIT(REALTIME_COARSE) | CLOCK_BIT(MONOTONIC_COARSE)))
        return page->coarse_resolution;
    return 0;
}

#endif
