#include "vdso.h"

typedef kernel_long moment_t;
#define READER "gettimeofday"
#include "read_clock.h"

/* Either pointer may be NULL. */
EXPORTED int VDSO_NAME(gettimeofday)(struct native_timeval *time, struct kernel_timezone *zone)
{
    time_page_t *page = time_page();
    if (LIKELY(time != NULL)) {
        struct instant now;
        if (UNLIKELY(!read_line(page, &page->line, &page->base[POSTERN_BASE_REALTIME], &now)))
            return (int)arch_system_call(SYSTEM_CALL_gettimeofday, (long)time, (long)zone);
        time->seconds = (kernel_long)now.seconds;
        time->microseconds = (kernel_long)arch_microseconds((uint32_t)now.nanoseconds);
    }
    if (UNLIKELY(zone != NULL)) {
        if (UNLIKELY(page->clock_mode == POSTERN_CLOCK_NONE))
            return (int)arch_system_call(SYSTEM_CALL_gettimeofday, (long)time, (long)zone);
        zone->minutes_west = page->timezone_minutes_west;
        zone->dst = page->timezone_dst;
    }
    return 0;
}
VDSO_ALIAS(gettimeofday)
