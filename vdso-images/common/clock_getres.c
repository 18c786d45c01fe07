#include "resolution.h"

/* The pointer may be NULL. */
EXPORTED int VDSO_NAME(clock_getres)(int clock, struct native_timespec *resolution)
{
    uint32_t nanoseconds = resolution_of(clock);
    if (UNLIKELY(nanoseconds == 0))
        return (int)arch_system_call(SYSTEM_CALL_clock_getres, clock, (long)resolution);
    if (LIKELY(resolution != NULL)) {
        resolution->seconds = 0;
        resolution->nanoseconds = (kernel_long)nanoseconds;
    }
    return 0;
}
VDSO_ALIAS(clock_getres)
