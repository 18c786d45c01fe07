/* What the emulator writes behind the time page's struct when it places an image, once: facts of
 * the machine and of the kernel it plays. Shared by guest code and the host (core/vdso), in the
 * guest's byte order. Only images that export get_syscall_map or get_tbfreq look at it. */
#ifndef POSTERN_SYSTEM_CALLS_H
#define POSTERN_SYSTEM_CALLS_H

#include <stdint.h>

#define POSTERN_AT_SYSTEM_CALLS 2048 /* bytes into the time page */
#define POSTERN_SYSTEM_CALL_WORDS 32u

struct postern_system_calls {
    uint64_t timebase_frequency; /* Hz */
    uint32_t count;              /* one more than the highest number */
    uint32_t unused;
    /* Call n is there if bit 0x80000000 >> n % 32 of word n / 32 is set. */
    uint32_t map[POSTERN_SYSTEM_CALL_WORDS];
};

#endif
