/* What riscv_hwprobe answers for all harts together, written behind the time page's struct by the
 * emulator when it places an image, once. Shared by guest code and the host (core/vdso), in the
 * guest's byte order. Only images that export the function look at it; zeros send them to the system
 * call. */
#ifndef POSTERN_HARDWARE_PROBE_H
#define POSTERN_HARDWARE_PROBE_H

#include <stdint.h>

#define POSTERN_AT_HARDWARE_PROBE 3072 /* bytes into the time page */
#define POSTERN_HARDWARE_PROBE_ROWS 32u

struct postern_hardware_probe {
    uint64_t count; /* of the rows that hold something */
    struct {
        int64_t key;
        uint64_t value;
    } rows[POSTERN_HARDWARE_PROBE_ROWS];
};

#endif
