/* gettimeofday of a 32-bit ABI whose C libraries know 64-bit time only: 16 bytes of struct timeval, and
 * no system call of that name, so that clock_gettime64 serves instead and the zone is the page's. */
#include <stdint.h>
typedef int64_t moment_t;
#define READER "gettimeofday64"
#include "read_clock.h"

/* Either pointer may be NULL. */
EXPORTED int VDSO_NAME(gettimeofday)(struct wide_timeval *time, struct kernel_timezone *zone)
{
    time_page_t *page = time_page();
    if (LIKELY(time != NULL)) {
        struct instant now;
        if (UNLIKELY(!read_line(page, &page->line, &page->base[POSTERN_BASE_REALTIME], &now))) {
            int result = (int)arch_system_call(SYSTEM_CALL_clock_gettime64, CLOCK_ID_REALTIME, (long)&now);
            if (result != 0)
                return result;
        }
        time->seconds = now.seconds;
        time->microseconds = (uint32_t)now.nanoseconds / 1000;
    }
    if (UNLIKELY(zone != NULL)) {
        zone->minutes_west = page->timezone_minutes_west;
        zone->dst = page->timezone_dst;
    }
    return 0;
}
