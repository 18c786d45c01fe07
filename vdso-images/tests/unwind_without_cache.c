/* Linked to a program that runs with Debian's libunwind of ppc64el: unwind it without its cache, which forgets what
 * is a signal frame (unwind_cache.c shows it). */
#include <dlfcn.h>
#include <stdlib.h>

enum { UNW_CACHE_NONE };

__attribute__((constructor)) static void leave_cache(void)
{
    int (*set_policy)(void *, int) = (int (*)(void *, int))dlsym(RTLD_DEFAULT, "_ULppc64_set_caching_policy");
    void **local = dlsym(RTLD_DEFAULT, "_ULppc64_local_addr_space");
    if (!set_policy || !local || set_policy(*local, UNW_CACHE_NONE) != 0)
        abort();
}
