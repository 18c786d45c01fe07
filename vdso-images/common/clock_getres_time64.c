/* clock_getres with 64-bit time on a 32-bit ABI. The pointer may be NULL. */
#include "resolution.h"

EXPORTED int VDSO_NAME(clock_getres_time64)(int clock, struct wide_timespec *resolution)
{
    uint32_t nanoseconds = resolution_of(clock);
    if (UNLIKELY(nanoseconds == 0))
        return (int)arch_system_call(SYSTEM_CALL_clock_getres_time64, clock, (long)resolution);
    if (LIKELY(resolution != NULL)) {
        resolution->seconds = 0;
        resolution->nanoseconds = nanoseconds;
    }
    return 0;
}
VDSO_ALIAS(clock_getres_time64)
