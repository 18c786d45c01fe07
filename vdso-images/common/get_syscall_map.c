#include "vdso.h"
#include "system_calls.h"

/* The bitmap; how many calls it speaks of goes to `count`, which may be NULL. */
EXPORTED const uint32_t *VDSO_NAME(get_syscall_map)(uint32_t *count)
{
    const struct postern_system_calls *facts =
        (const void *)((uintptr_t)time_page() + POSTERN_AT_SYSTEM_CALLS);
    if (count != NULL)
        *count = facts->count;
    return facts->map;
}
