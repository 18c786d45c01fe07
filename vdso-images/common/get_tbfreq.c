#include "vdso.h"
#include "system_calls.h"

/* Ticks of the time base per second. */
EXPORTED uint64_t VDSO_NAME(get_tbfreq)(void)
{
    const struct postern_system_calls *facts =
        (const void *)((uintptr_t)time_page() + POSTERN_AT_SYSTEM_CALLS);
    return facts->timebase_frequency;
}
