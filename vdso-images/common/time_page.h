/* The time page: THE layout, shared by guest code (vdso-images) and the host (core/vdso).
 *
 * One page of guest memory, read-only for the guest, directly below the vDSO image. Every
 * field has a fixed width and stands in the *guest's* byte order. All fields that a reader
 * combines are covered by the sequence word: it is odd while the host writes, and a reader
 * starts over when it changed (the kernel's seqlock protocol, acquire on the reader's side).
 *
 * This is Postern's own layout, private to one build: the version word guards against a
 * page and an image that do not belong together.
 */
#ifndef POSTERN_TIME_PAGE_H
#define POSTERN_TIME_PAGE_H

/* The shift of `line` wherever the counter's rate allows it, known to guest code that wants to
 * be short: a multiplier of 32 bits is exact to 1 ns in 20 ms for counters of 32 MHz to 5 GHz. */
#define POSTERN_QUICK_SHIFT 27

/* Where assembler sources find fields. */
#define POSTERN_AT_SEQUENCE 4
#define POSTERN_AT_CLOCK_MODE 8
#define POSTERN_AT_RANDOM_GENERATION 32
#define POSTERN_AT_ANCHOR 40
#define POSTERN_AT_MULT 64
#define POSTERN_AT_BASE 104
#define POSTERN_AT_QUICK_CYCLES 216
#define POSTERN_AT_COUNTER 232

#ifndef __ASSEMBLER__
#include <stdint.h>

#define POSTERN_TIME_PAGE_VERSION 3u
#define POSTERN_TIME_PAGE_SIZE 4096u

/* clock_mode: how guest code reads the counter (core/abi: ClockMode). */
#define POSTERN_CLOCK_NONE 0u    /* page not valid: use the system call */
#define POSTERN_CLOCK_COUNTER 1u /* the ABI's counter instruction */
#define POSTERN_CLOCK_TRAP 2u    /* the reserved trap */
#define POSTERN_CLOCK_PAGE 3u    /* no counter: the values of the page as they are */

/* Index into postern_time_page.base. */
#define POSTERN_BASE_REALTIME 0u
#define POSTERN_BASE_MONOTONIC 1u
#define POSTERN_BASE_BOOTTIME 2u
#define POSTERN_BASE_TAI 3u
#define POSTERN_BASE_MONOTONIC_RAW 4u
#define POSTERN_BASE_REALTIME_COARSE 5u
#define POSTERN_BASE_MONOTONIC_COARSE 6u
#define POSTERN_BASE_COUNT 7u

/* A clock's value at the anchor. High-resolution clocks hold nanoseconds shifted left by
 * the line's `shift` (less than one second of them); coarse clocks hold plain nanoseconds. */
struct postern_clock_base {
    uint64_t seconds;
    uint64_t nanoseconds;
};

/* A straight line from counter to time: ns = ((counter - anchor) * mult + base) >> shift.
 * It holds while (counter - anchor) & mask <= max_cycles; beyond that a reader makes the
 * system call, which renews the page. */
struct postern_clock_line {
    uint64_t anchor;     /* counter cycles */
    uint64_t mask;       /* bits that the counter has */
    uint64_t max_cycles; /* cycles */
    uint32_t mult;
    uint32_t shift;
};

struct postern_time_page {
    uint32_t version;  /* POSTERN_TIME_PAGE_VERSION; never changes, outside the seqlock */
    uint32_t sequence; /* odd while the host writes */
    uint32_t clock_mode;
    uint32_t resolution;        /* ns, clock_getres of high-resolution clocks */
    uint32_t coarse_resolution; /* ns, clock_getres of coarse clocks */
    int32_t timezone_minutes_west;
    int32_t timezone_dst;
    uint32_t cpu_node;          /* bits 0-11 CPU, the rest NUMA node; outside the seqlock */
    /* Keys of getrandom taken under another generation are void. 0: make the system call. Outside
     * the seqlock. */
    uint64_t random_generation;
    struct postern_clock_line line;     /* REALTIME, MONOTONIC, BOOTTIME, TAI */
    struct postern_clock_line raw_line; /* MONOTONIC_RAW */
    struct postern_clock_base base[POSTERN_BASE_COUNT];
    /* For code that is short by having no choice: `line` holds for less than this many cycles,
     * always below 2^32, its mask is all ones, its shift is POSTERN_QUICK_SHIFT, a result is
     * less than 2^32 ns, and clock_mode is the ABI's usual one. 0: one of these is not so. */
    uint64_t quick_cycles;
    uint32_t keystream_call; /* not 0: the emulator answers the reserved call postern_keystream */
    uint32_t unused;
    /* What a counter point left for the code behind it (README.md). 0: nothing, make the trap.
     * Outside the seqlock. */
    uint64_t counter;
};

#ifdef __cplusplus
#define POSTERN_TIME_PAGE_ASSERT static_assert
#else
#define POSTERN_TIME_PAGE_ASSERT _Static_assert
#endif
#define POSTERN_TIME_PAGE_AT(field, offset)                                                      \
    POSTERN_TIME_PAGE_ASSERT(__builtin_offsetof(struct postern_time_page, field) == (offset),    \
                             "time page layout: " #field)
POSTERN_TIME_PAGE_AT(sequence, POSTERN_AT_SEQUENCE);
POSTERN_TIME_PAGE_AT(clock_mode, POSTERN_AT_CLOCK_MODE);
POSTERN_TIME_PAGE_AT(cpu_node, 28);
POSTERN_TIME_PAGE_AT(random_generation, POSTERN_AT_RANDOM_GENERATION);
POSTERN_TIME_PAGE_AT(line, POSTERN_AT_ANCHOR);
POSTERN_TIME_PAGE_AT(line.mult, POSTERN_AT_MULT);
POSTERN_TIME_PAGE_AT(raw_line, 72);
POSTERN_TIME_PAGE_AT(base, POSTERN_AT_BASE);
POSTERN_TIME_PAGE_AT(quick_cycles, POSTERN_AT_QUICK_CYCLES);
POSTERN_TIME_PAGE_AT(keystream_call, 224);
POSTERN_TIME_PAGE_AT(counter, POSTERN_AT_COUNTER);
POSTERN_TIME_PAGE_ASSERT(sizeof(struct postern_time_page) == 240, "time page size");
#undef POSTERN_TIME_PAGE_AT

#endif
#endif
