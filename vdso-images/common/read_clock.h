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
 * registers make a short function. READER is the including file's name for its function. */
struct instant {
    moment_t seconds;
    moment_t nanoseconds;
};

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

/* The mode beside the usual one; its test comes second. */
#if ARCH_USUAL_MODE != POSTERN_CLOCK_TRAP
#define OTHER_MODE POSTERN_CLOCK_TRAP
#elif defined(ARCH_COUNTER)
#define OTHER_MODE POSTERN_CLOCK_COUNTER
#else
#define OTHER_MODE ARCH_USUAL_MODE
#endif

/* The host's counter, in POSTERN_CLOCK_TRAP. First at a counter point: an instruction that does
 * nothing, before which the emulator may put the counter on the page, and a note that tells it
 * where. If it did not, by the trap. */
static ALWAYS_INLINE uint64_t trapped_counter(time_page_t *page)
{
    __asm__ volatile("1:\t" ARCH_NOP "\n\t"
                     ".pushsection .note.postern, \"a\", %%note\n\t"
                     ".balign 4\n\t"
                     ".long 3f - 2f, 5f - 4f, 1\n"
                     "2:\t.asciz \"Postern\"\n"
                     "3:\t.balign 4\n"
                     "4:\t.long 1b - .\n\t"
                     ".asciz \"counter_point." READER "\"\n"
                     "5:\t.balign 4\n\t"
                     ".popsection" : : : "memory");
    uint64_t counter = page->counter;
    return LIKELY(counter != 0) ? counter : arch_trap_counter();
}

static ALWAYS_INLINE uint64_t counter_of_mode(time_page_t *page, uint32_t mode)
{
#ifdef ARCH_COUNTER
    return mode == POSTERN_CLOCK_COUNTER ? arch_counter() : trapped_counter(page);
#else
    (void)mode;
    return trapped_counter(page);
#endif
}

/* A clock on a line of the counter. False: make the system call. */
static ALWAYS_INLINE bool read_line(time_page_t *page, const volatile struct postern_clock_line *line,
                                    const volatile struct postern_clock_base *base, struct instant *now)
{
    uint64_t nanoseconds;
    for (;;) {
        uint32_t sequence = begin_read(page);
        uint32_t mode = page->clock_mode;
        uint64_t counter;
        if (LIKELY(((sequence & 1) | (mode ^ ARCH_USUAL_MODE)) == 0))
            counter = counter_of_mode(page, ARCH_USUAL_MODE);
        else if (sequence & 1)
            return false;
        else if (mode == POSTERN_CLOCK_PAGE)
            counter = line->anchor;
#ifndef ARCH_ONE_MODE
        else if (mode == OTHER_MODE)
            counter = counter_of_mode(page, OTHER_MODE);
#endif
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
static ALWAYS_INLINE bool read_line_clock(int clock, struct instant *now)
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
    return read_line(page, line, base, now);
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

#define DEFINE_CLOCK_GETTIME(function)                                                           \
    static __attribute__((noinline)) int function##_line(int clock, struct instant *now)         \
    {                                                                                            \
        if (LIKELY(read_line_clock(clock, now)))                                                 \
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
