#include "vdso.h"

/* The second of the last tick, in one read as the kernel does it: the coarse clock is the one
 * that the host brings up to date at each tick. The low word of it is the result where a
 * long has 32 bits. */
EXPORTED kernel_long VDSO_NAME(time)(kernel_long *result)
{
    time_page_t *page = time_page();
    if (UNLIKELY(page->clock_mode == POSTERN_CLOCK_NONE))
        return arch_system_call(SYSTEM_CALL_time, (long)result, 0);
    kernel_long seconds = (kernel_long)page->base[POSTERN_BASE_REALTIME_COARSE].seconds;
    if (result != NULL)
        *result = seconds;
    return seconds;
}
VDSO_ALIAS(time)
