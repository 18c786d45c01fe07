/* Reading a clock from the time page: the kernel's algorithm.
 *
 * Differences from the kernel's: an odd sequence word is no reason to spin (the writer may be
 * the very thread that is stopped here) but to make the system call, and so is a counter too
 * far from the anchor, since the system call renews the page.
 *
 * The order of tests keeps the common clocks at few branches: an engine that translates block
 * by block pays for each block, hardly for what is in it.
 */
#ifndef POSTERN_READ_CLOCK_H
#define POSTERN_READ_CLOCK_H

#include "vdso.h"

#define NANOSECONDS_PER_SECOND 1000000000u

/* Where a time goes: the struct timespec of the caller. Its members are `moment_t`, which the
 * including file defines. It may be written before the sequence says that what was read
 * belongs together: the time is the caller's only once the function returns, and few live
 * registers make a short function. */
struct instant {
    moment_t seconds;
    moment_t nanoseconds;
};

/* How a function reaches the host's counter in POSTERN_CLOCK_TRAP. An image has one counter
 * point, in the function that programs call most; the others use the trap alone. */
enum trap_style { TRAP_ONLY, COUNTER_POINT };

static ALWAYS_INLINE uint32_t begin_read(time_page_t *page)
{
#ifdef ARCH_READ_BARRIER
    uint32_t sequence = page->sequence;
    arch_read_barrier();
    return sequence;
#else
    return __atomic_load_n(&page->sequence, __ATOMIC_ACQUIRE);
#endif
}

static ALWAYS_INLINE bool end_read(time_page_t *page, uint32_t sequence)
{
#ifdef ARCH_READ_BARRIER
    arch_read_barrier();
#else
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
#endif
    return LIKELY(page->sequence == sequence);
}

/* The mode that an image is made for: its check is the only one on the common way. */
#ifdef ARCH_COUNTER
#define USUAL_MODE POSTERN_CLOCK_COUNTER
#else
#define USUAL_MODE POSTERN_CLOCK_TRAP
#endif

static ALWAYS_INLINE uint64_t trapped_counter(enum trap_style style)
{
    uint64_t counter = style == COUNTER_POINT ? arch_counter_point() : 0;
    if (style == TRAP_ONLY || UNLIKELY(counter == 0))
        counter = arch_trap_counter();
    return counter;
}

static ALWAYS_INLINE uint64_t usual_counter(enum trap_style style)
{
#ifdef ARCH_COUNTER
    (void)style;
    return arch_counter();
#else
    return trapped_counter(style);
#endif
}

/* A clock on a line of the counter. False: make the system call. */
static ALWAYS_INLINE bool read_line(time_page_t *page, const volatile struct postern_clock_line *line,
                                    const volatile struct postern_clock_base *base,
                                    enum trap_style style, struct instant *now)
{
    uint64_t nanoseconds;
    for (;;) {
        uint32_t sequence = begin_read(page);
        uint32_t mode = page->clock_mode;
        uint64_t counter;
        if (LIKELY(((sequence & 1) | (mode ^ USUAL_MODE)) == 0))
            counter = usual_counter(style);
        else if (sequence & 1)
            return false;
        else if (mode == POSTERN_CLOCK_PAGE)
            counter = line->anchor;
        else if (USUAL_MODE != POSTERN_CLOCK_TRAP && mode == POSTERN_CLOCK_TRAP)
            counter = trapped_counter(style);
        else
            return false;
        uint64_t cycles = (counter - line->anchor) & line->mask;
        if (UNLIKELY(cycles > line->max_cycles)) {
            if (end_read(page, sequence))
                return false;
            continue;
        }
        nanoseconds = (cycles * line->mult + base->nanoseconds) >> line->shift;
        __asm__("" : "+r"(nanoseconds)); /* now, while its parts are at hand */
        now->seconds = (moment_t)base->seconds;
        if (end_read(page, sequence))
            break;
    }
    while (nanoseconds >= NANOSECONDS_PER_SECOND) {
        nanoseconds -= NANOSECONDS_PER_SECOND;
        now->seconds++;
        __asm__("" : "+r"(nanoseconds)); /* no division: there are few rounds */
    }
    now->nanoseconds = (moment_t)nanoseconds;
    return true;
}

static ALWAYS_INLINE bool read_coarse(time_page_t *page, const volatile struct postern_clock_base *base,
                                      struct instant *now)
{
    uint32_t sequence;
    do {
        sequence = begin_read(page);
        if (UNLIKELY((sequence & 1) | (page->clock_mode == POSTERN_CLOCK_NONE)))
            return false;
        now->seconds = (moment_t)base->seconds;
        now->nanoseconds = (moment_t)base->nanoseconds;
    } while (!end_read(page, sequence));
    return true;
}

static ALWAYS_INLINE bool is_coarse(int clock)
{
    return (unsigned)clock - CLOCK_ID_REALTIME_COARSE <= 1;
}

static ALWAYS_INLINE bool read_coarse_clock(int clock, struct instant *now)
{
    time_page_t *page = time_page();
    return read_coarse(page, &page->base[clock], now);
}

/* Any other clock of the page. False: it is not one, or the page cannot say; make the system
 * call. */
static ALWAYS_INLINE bool read_line_clock(int clock, enum trap_style style, struct instant *now)
{
    time_page_t *page = time_page();
    const volatile struct postern_clock_line *line = &page->line;
    unsigned index = (unsigned)clock;
    if (UNLIKELY(index > CLOCK_ID_MONOTONIC)) {
        if (clock == CLOCK_ID_BOOTTIME)
            index = POSTERN_BASE_BOOTTIME;
        else if (clock == CLOCK_ID_TAI)
            index = POSTERN_BASE_TAI;
        else if (clock == CLOCK_ID_MONOTONIC_RAW) {
            index = POSTERN_BASE_MONOTONIC_RAW;
            line = &page->raw_line;
        } else
            return false;
    }
    const volatile struct postern_clock_base *base = &page->base[index];
    /* Three registers, not three addresses computed anew at each use. */
    __asm__("" : "+r"(page), "+r"(line), "+r"(base));
    return read_line(page, line, base, style, now);
}

_Static_assert(POSTERN_BASE_REALTIME == CLOCK_ID_REALTIME && POSTERN_BASE_MONOTONIC == CLOCK_ID_MONOTONIC &&
                   POSTERN_BASE_REALTIME_COARSE == CLOCK_ID_REALTIME_COARSE &&
                   POSTERN_BASE_MONOTONIC_COARSE == CLOCK_ID_MONOTONIC_COARSE,
               "for these clocks the index is the clock id");

/* clock_gettime for one width of time and its system call. The work with the counter is a
 * function of its own, so that the short way of the coarse clocks saves no registers. Where the
 * exported function is assembler code (quick_clock.S of the ABI), it comes here, to a function
 * with `slow_` before its name, with what it does not do itself. */
#ifdef ARCH_QUICK_CLOCK
#define EXPORT_CLOCK_GETTIME(function) HIDDEN int slow_##function
#define ALIAS_CLOCK_GETTIME(function)
#else
#define EXPORT_CLOCK_GETTIME(function) EXPORTED int VDSO_NAME(function)
#define ALIAS_CLOCK_GETTIME(function) VDSO_ALIAS(function)
#endif

#define DEFINE_CLOCK_GETTIME(function, style)                                                    \
    static __attribute__((noinline)) int function##_line(int clock, struct instant *now)         \
    {                                                                                            \
        if (LIKELY(read_line_clock(clock, style, now)))                                          \
            return 0;                                                                            \
        return (int)arch_system_call(SYSTEM_CALL_##function, clock, (long)now);                  \
    }                                                                                            \
                                                                                                 \
    static __attribute__((noinline)) int function##_coarse(int clock, struct instant *now)       \
    {                                                                                            \
        if (LIKELY(read_coarse_clock(clock, now)))                                               \
            return 0;                                                                            \
        return (int)arch_system_call(SYSTEM_CALL_##function, clock, (long)now);                  \
    }                                                                                            \
                                                                                                 \
    EXPORT_CLOCK_GETTIME(function)(int clock, struct instant *now)                               \
    {                                                                                            \
        return is_coarse(clock) ? function##_coarse(clock, now) : function##_line(clock, now);   \
    }                                                                                            \
    ALIAS_CLOCK_GETTIME(function)

#endif
