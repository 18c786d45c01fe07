/* What every source of an image shares. The ABI's own part is arch.h of its folder. */
#ifndef POSTERN_VDSO_H
#define POSTERN_VDSO_H

#include "time_page.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ALWAYS_INLINE inline __attribute__((always_inline))
#define HIDDEN __attribute__((visibility("hidden")))
#define EXPORTED __attribute__((visibility("default")))
#define LIKELY(condition) __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

/* System call numbers of the ABI, from the emulator's own table. */
enum system_call_number {
#define CALL(number, name) SYSTEM_CALL_##name = (number),
#define CALL_AS(number, name, handler) SYSTEM_CALL_##name = (number),
#include SYSTEM_CALL_TABLE
#undef CALL
#undef CALL_AS
    /* The reserved trap of POSTERN_CLOCK_TRAP: returns the host's counter in the result
     * register, on 32-bit ABIs its upper half in the second argument register (core/cpu). */
    SYSTEM_CALL_postern_counter = 0x70537401,
    /* (u8 *out, size_t blocks, const u8 *key): writes blocks of the keystream of chacha20.h. The
     * key is 32 bytes, behind it stands the first block's counter, a u32; `out` may overlap the
     * key. 0, or an error after which nothing was written. Only where the time page says that
     * it is answered. */
    SYSTEM_CALL_postern_keystream = 0x70537402,
};

/* The kernel's long, where it is wider than the compiler's (x32): its toolchain file says so. */
#ifndef KERNEL_LONG
#define KERNEL_LONG long
#endif
typedef KERNEL_LONG kernel_long;

/* The structs of the kernel interface. `native` ones are made of longs. */
struct native_timespec {
    kernel_long seconds;
    kernel_long nanoseconds;
};
struct wide_timespec {
    int64_t seconds;
    int64_t nanoseconds;
};
struct native_timeval {
    kernel_long seconds;
    kernel_long microseconds;
};
struct wide_timeval {
    int64_t seconds;
    int64_t microseconds;
};
struct kernel_timezone {
    int32_t minutes_west;
    int32_t dst;
};

enum clock_id {
    CLOCK_ID_REALTIME = 0,
    CLOCK_ID_MONOTONIC = 1,
    CLOCK_ID_MONOTONIC_RAW = 4,
    CLOCK_ID_REALTIME_COARSE = 5,
    CLOCK_ID_MONOTONIC_COARSE = 6,
    CLOCK_ID_BOOTTIME = 7,
    CLOCK_ID_TAI = 11,
};

/* The page directly below the image; the linker script places the name. Volatile, because
 * the host may write between any two reads. */
typedef const volatile struct postern_time_page time_page_t;
extern time_page_t postern_time_page HIDDEN;

/* arch.h defines
 *   VDSO_NAME(function)    the exported symbol of a function
 *   VDSO_WEAK_ALIASES      if the unprefixed names exist too, as weak aliases
 *   VDSO_SECOND_NAME(function)   instead of these: another symbol of it
 *   time_page()            only where the compiler's own way to `postern_time_page` is bad
 *   ARCH_READ_BARRIER      if the compiler's own acquire order is bad:
 *   arch_read_barrier()    keeps reads before it before those after it
 *   ARCH_DEPENDENCY        if a read barrier costs much:
 *   arch_dependency(value)   0; reads from addresses that it was added to come after that of the value
 *   ARCH_QUICK_CLOCK       if quick_clock.S exports clock_gettime and clock_gettime64
 *   ARCH_QUICK_GETRANDOM   if getrandom.S exports getrandom
 *   ARCH_COUNTER           if the ABI has a counter instruction:
 *   arch_counter()         reads it, in order with the reads of the page around it
 *   ARCH_USUAL_MODE        the clock mode to be fast in, if not POSTERN_CLOCK_TRAP
 *   ARCH_ONE_MODE          if there is no other, and the compiler makes a second counter point
 *                          where it asks for the usual mode again
 *   arch_trap_counter()    the reserved trap
 *   ARCH_NOP               an instruction that does nothing, if that is not "nop"
 *   arch_system_call(number, first, second)   returns the result or -errno
 *   arch_system_call3(number, first, second, third)   the same; only getrandom needs it
 *   arch_system_call5(number, first, ... fifth)   the same; only riscv_hwprobe needs it
 *   ARCH_MICROSECONDS      if the compiler divides by a constant that it keeps in memory:
 *   arch_microseconds(nanoseconds)   a thousandth of a number of 32 bits
 *   ARCH_CALL              if the functions report errors otherwise than as -errno:
 *   arch_call(function, first, ... fifth)   calls one and returns its result or -errno
 */
#include "arch.h"

#ifndef ARCH_USUAL_MODE
#define ARCH_USUAL_MODE POSTERN_CLOCK_TRAP
#endif
#ifndef ARCH_NOP
#define ARCH_NOP "nop"
#endif

#ifndef ARCH_MICROSECONDS
static ALWAYS_INLINE uint32_t arch_microseconds(uint32_t nanoseconds)
{
    return nanoseconds / 1000;
}
#endif

#ifndef ARCH_TIME_PAGE
static ALWAYS_INLINE time_page_t *time_page(void)
{
    return &postern_time_page;
}
#endif

#if defined VDSO_SECOND_NAME
#define VDSO_ALIAS_STRING(symbol) #symbol
#define VDSO_ALIAS_OF(function, symbol)                                                          \
    extern __typeof__(symbol) function                                                           \
        __attribute__((alias(VDSO_ALIAS_STRING(symbol)), visibility("default")));
#define VDSO_ALIAS_EXPANDED(function, symbol) VDSO_ALIAS_OF(function, symbol)
#define VDSO_ALIAS(function) VDSO_ALIAS_EXPANDED(VDSO_SECOND_NAME(function), VDSO_NAME(function))
#elif defined VDSO_WEAK_ALIASES
#define VDSO_ALIAS_STRING(symbol) #symbol
#define VDSO_ALIAS_OF(function, symbol)                                                          \
    extern __typeof__(symbol) function                                                           \
        __attribute__((weak, alias(VDSO_ALIAS_STRING(symbol)), visibility("default")));
#define VDSO_ALIAS(function) VDSO_ALIAS_OF(function, VDSO_NAME(function))
#else
#define VDSO_ALIAS(function)
#endif

#endif
