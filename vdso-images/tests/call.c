/* Calls every function of an image that lies right behind a time page of our own making, and
 * demands the results. Freestanding; the exit status is 0 or the number of the first demand
 * that failed. check-calls links it with the image and generates functions.h.
 *
 * Every call goes through `visit`, where check-calls lets a debugger follow it.
 */
#include "chacha20_vectors.h"
#include "random_state.h"
#include "vdso.h"

typedef long (*function_t)();

#if defined(ARCH_COUNTER) && !defined(ONLY_PAGE)
#define HAS_COUNTER
#endif

#include "hardware_probe.h"
#include "system_calls.h"

/* IMAGE_function is the address of an exported function, absent = 0. */
#include "functions.h"

static volatile struct postern_time_page page __attribute__((section(".time_page"), aligned(4096)));

__attribute__((noinline)) long visit5(function_t function, long first, long second, long third, long fourth,
                                      long fifth)
{
#ifdef ARCH_CALL
    long result = arch_call(function, first, second, third, fourth, fifth);
#else
    long result = function(first, second, third, fourth, fifth);
#endif
    __asm__ volatile("" : "+r"(result) : : "memory");
    return result;
}

__attribute__((noinline)) long visit(function_t function, long first, long second, long third)
{
#ifdef ARCH_CALL
    long result = arch_call(function, first, second, third, 0, 0);
#else
    long result = function(first, second, third);
#endif
    __asm__ volatile("" : "+r"(result) : : "memory");
    return result;
}

static __attribute__((noreturn)) void leave(int status)
{
    for (;;)
        arch_system_call(SYSTEM_CALL_exit_group, status, 0);
}

#define DEMAND(condition)                                                                        \
    do {                                                                                         \
        demands++;                                                                               \
        if (!(condition))                                                                        \
            leave(demands);                                                                      \
    } while (0)

static int demands;

enum { SHIFT = POSTERN_QUICK_SHIFT, EFAULT = 14, EINVAL = 22, ENOSYS = 38, LONG_AGO = 1000, NOT_LONG_AGO = 1000000 };

static __attribute__((unused)) void set_page(uint32_t mode)
{
    page.version = POSTERN_TIME_PAGE_VERSION;
    page.sequence = 6;
    page.clock_mode = mode;
    page.counter = 0;
    page.resolution = 1;
    page.coarse_resolution = 4000000;
    page.timezone_minutes_west = -60;
    page.timezone_dst = 1;
    page.cpu_node = 2 << 12 | 3;
    page.quick_cycles = mode == ARCH_USUAL_MODE ? 1000000000 : 0;
    for (int i = 0; i < 2; i++) {
        volatile struct postern_clock_line *line = i ? &page.raw_line : &page.line;
        line->anchor = 77;
#ifdef HAS_COUNTER
        line->anchor = arch_counter();
#endif
#ifdef TRAP_ANSWERS
        if (mode == POSTERN_CLOCK_TRAP)
            line->anchor = arch_trap_counter();
#endif
        line->mask = ~(uint64_t)0;
        line->max_cycles = (uint64_t)1 << 40;
        line->mult = 1u << SHIFT;
        line->shift = SHIFT;
    }
    for (unsigned i = 0; i < POSTERN_BASE_COUNT; i++) {
        uint64_t nanoseconds = 100 * i + 7;
        page.base[i].seconds = LONG_AGO + i;
        page.base[i].nanoseconds = i < POSTERN_BASE_REALTIME_COARSE ? nanoseconds << SHIFT : nanoseconds;
    }
}

/* The coarse ones first: a page that moves does so at instructions that are new, and a quick_clock.S may
 * share those of its coarse clocks with others. */
static const struct {
    int clock;
    unsigned base;
} clocks[] = {
    {CLOCK_ID_REALTIME_COARSE, POSTERN_BASE_REALTIME_COARSE},
    {CLOCK_ID_MONOTONIC_COARSE, POSTERN_BASE_MONOTONIC_COARSE},
    {CLOCK_ID_REALTIME, POSTERN_BASE_REALTIME},
    {CLOCK_ID_MONOTONIC, POSTERN_BASE_MONOTONIC},
    {CLOCK_ID_BOOTTIME, POSTERN_BASE_BOOTTIME},
    {CLOCK_ID_TAI, POSTERN_BASE_TAI},
    {CLOCK_ID_MONOTONIC_RAW, POSTERN_BASE_MONOTONIC_RAW},
};
enum { CLOCKS = sizeof(clocks) / sizeof(clocks[0]), CPU_TIME_CLOCK = 2 };

#if defined IMAGE_clock_gettime || defined IMAGE_clock_gettime64
/* Of the resolution, where the image tells it. */
#if defined IMAGE_clock_getres || defined IMAGE_clock_getres_time64
#define DEMAND_RES DEMAND
#else
#define DEMAND_RES(condition)
#endif

/* One width of clock_gettime and clock_getres. `member` is the type of a struct's member. */
#define TEST_CLOCKS(name, member, gettime, getres)                                               \
    static void name(void)                                                                       \
    {                                                                                            \
        struct {                                                                                 \
            member seconds, nanoseconds;                                                         \
        } time, later;                                                                           \
        for (int i = 0; i < CLOCKS; i++) {                                                       \
            int clock = clocks[i].clock;                                                         \
            unsigned base = clocks[i].base;                                                      \
            bool coarse = base >= POSTERN_BASE_REALTIME_COARSE;                                  \
            set_page(POSTERN_CLOCK_PAGE);                                                        \
            DEMAND(visit(gettime, clock, (long)&time, 0) == 0);                                  \
            DEMAND(time.seconds == (member)(LONG_AGO + base));                                   \
            DEMAND(time.nanoseconds == (member)(100 * base + 7));                                \
            DEMAND_RES(visit(getres, clock, (long)&time, 0) == 0 && time.seconds == 0);          \
            DEMAND_RES(time.nanoseconds == (coarse ? 4000000 : 1));                              \
            DEMAND_RES(visit(getres, clock, 0, 0) == 0);                                         \
            if (!coarse) {                                                                       \
                page.base[base].nanoseconds = (uint64_t)2500000000u << SHIFT;                    \
                DEMAND(visit(gettime, clock, (long)&time, 0) == 0);                              \
                DEMAND(time.seconds == (member)(LONG_AGO + base + 2));                           \
                DEMAND(time.nanoseconds == 500000000);                                           \
            }                                                                                    \
            page.sequence = 7;                                                                   \
            DEMAND(visit(gettime, clock, (long)&time, 0) == 0);                                  \
            DEMAND((uint64_t)time.seconds - LONG_AGO > 9);                                       \
            set_page(POSTERN_CLOCK_NONE);                                                        \
            DEMAND(visit(gettime, clock, (long)&time, 0) == 0);                                  \
            DEMAND((uint64_t)time.seconds - LONG_AGO > 9);                                       \
            DEMAND_RES(visit(getres, clock, (long)&time, 0) == 0);                               \
            TEST_TRAP(gettime)                                                                   \
            if (!coarse) {                                                                       \
                set_page(POSTERN_CLOCK_TRAP);                                                    \
                page.raw_line.anchor = page.line.anchor;                                         \
                page.counter = page.line.anchor + 1000; /* as if a counter point was served */   \
                DEMAND(visit(gettime, clock, (long)&time, 0) == 0);                              \
                DEMAND(time.seconds == (member)(LONG_AGO + base));                               \
                DEMAND(time.nanoseconds == (member)(100 * base + 7 + 1000));                     \
            }                                                                                    \
            TEST_COUNTER(member, gettime)                                                        \
        }                                                                                        \
        DEMAND(visit(gettime, CPU_TIME_CLOCK, (long)&time, 0) == 0 && time.seconds < 100);       \
        DEMAND(visit(gettime, 99, (long)&time, 0) == -EINVAL);                                   \
        DEMAND(visit(gettime, 3, (long)&time, 0) == 0);                                          \
        DEMAND_RES(visit(getres, 99, (long)&time, 0) == -EINVAL);                                \
        DEMAND_RES(visit(getres, CPU_TIME_CLOCK, (long)&time, 0) == 0);                          \
        (void)later;                                                                             \
    }

#if defined TRAP_ANSWERS
/* Postern runs this, which answers the trap. */
#define TEST_TRAP(gettime)                                                                       \
    set_page(POSTERN_CLOCK_TRAP);                                                                \
    DEMAND(visit(gettime, clock, (long)&time, 0) == 0);                                          \
    DEMAND((uint64_t)time.seconds - LONG_AGO <= 9);                                              \
    page.line.anchor = page.raw_line.anchor -= (uint64_t)1 << 41; /* too long ago */             \
    DEMAND(visit(gettime, clock, (long)&time, 0) == 0);                                          \
    DEMAND(((uint64_t)time.seconds - LONG_AGO > 9) != coarse);
#elif !defined ONLY_PAGE
/* There is no such system call here: a wild counter, so the real system call serves. */
#define TEST_TRAP(gettime)                                                                       \
    set_page(POSTERN_CLOCK_TRAP);                                                                \
    DEMAND(visit(gettime, clock, (long)&time, 0) == 0);                                          \
    DEMAND(((uint64_t)time.seconds - LONG_AGO > 9) != coarse);
#else
#define TEST_TRAP(gettime)
#endif

#ifdef HAS_COUNTER
#define TEST_COUNTER(member, gettime)                                                            \
    set_page(POSTERN_CLOCK_COUNTER);                                                             \
    DEMAND(visit(gettime, clock, (long)&time, 0) == 0);                                          \
    DEMAND(time.seconds >= (member)(LONG_AGO + base) && time.seconds < LONG_AGO + 1000);         \
    DEMAND(visit(gettime, clock, (long)&later, 0) == 0);                                         \
    DEMAND(later.seconds > time.seconds ||                                                       \
           (later.seconds == time.seconds && later.nanoseconds >= time.nanoseconds));            \
    DEMAND((uint64_t)later.nanoseconds < NANOSECONDS_PER_SECOND);                                \
    if (!coarse) {                                                                               \
        page.base[base].nanoseconds = (uint64_t)1000000000 << SHIFT;                             \
        DEMAND(visit(gettime, clock, (long)&time, 0) == 0);                                      \
        DEMAND(time.seconds > (member)(LONG_AGO + base) && time.seconds < LONG_AGO + 1000);      \
        DEMAND((uint64_t)time.nanoseconds < NANOSECONDS_PER_SECOND);                             \
    }                                                                                            \
    page.sequence = 7;                                                                           \
    DEMAND(visit(gettime, clock, (long)&time, 0) == 0);                                          \
    DEMAND((uint64_t)time.seconds - LONG_AGO > 9);                                               \
    page.sequence = 8;                                                                           \
    page.line.max_cycles = page.raw_line.max_cycles = 0;                                         \
    page.quick_cycles = 1;                                                                       \
    page.line.anchor = page.raw_line.anchor -= 1000;                                             \
    DEMAND(visit(gettime, clock, (long)&time, 0) == 0);                                          \
    DEMAND(((uint64_t)time.seconds - LONG_AGO > 9) != coarse);
#else
#define TEST_COUNTER(member, gettime)
#endif
#define NANOSECONDS_PER_SECOND 1000000000u

#ifdef IMAGE_clock_gettime
TEST_CLOCKS(test_native, kernel_long, IMAGE_clock_gettime, IMAGE_clock_getres)
#endif
#ifdef IMAGE_clock_gettime64
TEST_CLOCKS(test_wide, int64_t, IMAGE_clock_gettime64, IMAGE_clock_getres_time64)
#endif
#endif

#ifdef IMAGE_gettimeofday64   /* and no system call of that name */
#define IMAGE_gettimeofday IMAGE_gettimeofday64
typedef struct wide_timeval timeval_t;
enum { ZONE_BY_CALL = 0 };
#else
typedef struct native_timeval timeval_t;
enum { ZONE_BY_CALL = 1 };
#endif

#ifdef IMAGE_gettimeofday
static void test_gettimeofday(void)
{
    timeval_t time;
    struct kernel_timezone zone;
    set_page(POSTERN_CLOCK_PAGE);
    page.base[POSTERN_BASE_REALTIME].nanoseconds = (uint64_t)1999999999u << SHIFT;
    DEMAND(visit(IMAGE_gettimeofday, (long)&time, (long)&zone, 0) == 0);
    DEMAND(time.seconds == LONG_AGO + 1 && time.microseconds == 999999);
    DEMAND(zone.minutes_west == -60 && zone.dst == 1);
    DEMAND(visit(IMAGE_gettimeofday, 0, 0, 0) == 0);
    zone.dst = 9;
    DEMAND(visit(IMAGE_gettimeofday, 0, (long)&zone, 0) == 0 && zone.dst == 1);
#ifdef HAS_COUNTER
    set_page(POSTERN_CLOCK_COUNTER);
    DEMAND(visit(IMAGE_gettimeofday, (long)&time, 0, 0) == 0 && time.seconds == LONG_AGO + POSTERN_BASE_REALTIME);
#endif
#ifdef TRAP_ANSWERS
    set_page(POSTERN_CLOCK_TRAP);
    DEMAND(visit(IMAGE_gettimeofday, (long)&time, 0, 0) == 0 && time.seconds == LONG_AGO + POSTERN_BASE_REALTIME);
    page.line.anchor -= (uint64_t)1 << 41;
    DEMAND(visit(IMAGE_gettimeofday, (long)&time, 0, 0) == 0 && time.seconds > NOT_LONG_AGO);
#endif
    set_page(POSTERN_CLOCK_PAGE);
    page.sequence = 7;
    DEMAND(visit(IMAGE_gettimeofday, (long)&time, 0, 0) == 0 && time.seconds > NOT_LONG_AGO);
    set_page(POSTERN_CLOCK_NONE);
    DEMAND(visit(IMAGE_gettimeofday, (long)&time, 0, 0) == 0 && time.seconds > NOT_LONG_AGO);
    DEMAND(visit(IMAGE_gettimeofday, 0, (long)&zone, 0) == 0 && (zone.dst != 1) == ZONE_BY_CALL);
}
#endif

#ifdef IMAGE_time
static void test_time(void)
{
    kernel_long seconds = 0;
    set_page(POSTERN_CLOCK_COUNTER);
    DEMAND(visit(IMAGE_time, 0, 0, 0) == LONG_AGO + POSTERN_BASE_REALTIME_COARSE);
    DEMAND(visit(IMAGE_time, (long)&seconds, 0, 0) == LONG_AGO + POSTERN_BASE_REALTIME_COARSE);
    DEMAND(seconds == LONG_AGO + POSTERN_BASE_REALTIME_COARSE);
    set_page(POSTERN_CLOCK_NONE);
    DEMAND(visit(IMAGE_time, (long)&seconds, 0, 0) == seconds && seconds > NOT_LONG_AGO);
}
#endif

#ifdef IMAGE_getcpu
static void test_getcpu(void)
{
    unsigned cpu = 99, node = 99;
    set_page(POSTERN_CLOCK_NONE);
    DEMAND(visit(IMAGE_getcpu, (long)&cpu, (long)&node, 0) == 0 && cpu == 3 && node == 2);
    DEMAND(visit(IMAGE_getcpu, 0, 0, 0) == 0);
}
#endif

#ifdef IMAGE_get_tbfreq
static struct postern_system_calls facts __attribute__((section(".time_page"), aligned(2048)));

static void test_facts(void)
{
    uint32_t count = 0, text[32] __attribute__((aligned(128)));
    facts.timebase_frequency = 512000000;
    facts.count = 470;
    DEMAND((uintptr_t)&facts == (uintptr_t)&page + POSTERN_AT_SYSTEM_CALLS);
#if __SIZEOF_LONG__ == 8
    DEMAND(visit(IMAGE_get_tbfreq, 0, 0, 0) == 512000000);
#else
    DEMAND(visit(IMAGE_get_tbfreq, 0, 0, 0) == 0); /* the upper half */
#endif
    DEMAND(visit(IMAGE_get_syscall_map, (long)&count, 0, 0) == (long)facts.map && count == 470);
    DEMAND(visit(IMAGE_get_syscall_map, 0, 0, 0) == (long)facts.map);
    DEMAND(visit(IMAGE_sync_dicache, (long)text, (long)(text + 4), 0) == 0);
    DEMAND(visit(IMAGE_sync_dicache, (long)text, (long)text, 0) == (long)text);
    DEMAND(visit(IMAGE_sync_dicache_p5, (long)text, (long)(text + 4), 0) == 0);
    DEMAND((long)IMAGE_datapage_offset + *(const int32_t *)IMAGE_datapage_offset == (long)&page);
}
#endif

#ifdef IMAGE_riscv_hwprobe
/* The system calls may be younger than what runs this. */
static void test_riscv(void)
{
    struct {
        int64_t key;
        uint64_t value;
    } pair = {4711, 7}, pairs[3] = {{3, 0}, {-1, 7}, {1ll << 40, 7}};
    long flushed = visit(IMAGE_flush_icache, (long)&pair, (long)(&pair + 1), 0);
    DEMAND(flushed == 0 || flushed == -ENOSYS);
    long probed = visit5(IMAGE_riscv_hwprobe, (long)&pair, 1, 0, 0, 0);
    DEMAND(probed == -ENOSYS ? pair.key == 4711 : probed == 0 && pair.key == -1 && pair.value == 0);
    /* From the page, with what no kernel says. */
    struct postern_hardware_probe *facts = (void *)((uintptr_t)&page + POSTERN_AT_HARDWARE_PROBE);
    facts->rows[0].key = 1ll << 40;
    facts->rows[0].value = 1ull << 63;
    facts->rows[1].key = 3;
    facts->rows[1].value = 99;
    facts->count = 2;
    DEMAND(visit5(IMAGE_riscv_hwprobe, (long)pairs, 3, 0, 0, 0) == 0);
    DEMAND(pairs[0].key == 3 && pairs[0].value == 99);
    DEMAND(pairs[1].key == -1 && pairs[1].value == 0);
    DEMAND(pairs[2].key == 1ll << 40 && pairs[2].value == 1ull << 63);
    DEMAND(visit5(IMAGE_riscv_hwprobe, 0, 0, 0, 0, 0) == 0);
    /* Not about all harts, or with flags: the system call. */
    long answers[] = {visit5(IMAGE_riscv_hwprobe, (long)pairs, 1, sizeof(long), 0, 0),
                      visit5(IMAGE_riscv_hwprobe, (long)pairs, 1, 0, 0, 2)};
    DEMAND(answers[0] == -EFAULT || answers[0] == -ENOSYS);
    DEMAND(answers[1] == -EINVAL || answers[1] == -ENOSYS);
    DEMAND(pairs[0].value == 99);
    /* More rows than there can be: the last one is the last that is read. */
    facts->rows[POSTERN_HARDWARE_PROBE_ROWS - 1].key = 5;
    facts->rows[POSTERN_HARDWARE_PROBE_ROWS - 1].value = 55;
    for (int wide = 0; wide < 2; wide++) {
        pairs[0].key = 5;
        facts->count = wide ? 1ull << 32 : POSTERN_HARDWARE_PROBE_ROWS + 1;
        DEMAND(visit5(IMAGE_riscv_hwprobe, (long)pairs, 1, 0, 0, 0) == 0);
        DEMAND(pairs[0].key == 5 && pairs[0].value == 55);
    }
    facts->count = 0;
}
#endif

#ifdef IMAGE_sgx_enter_enclave
enum { EENTER = 2, ERESUME = 3, EEXIT = 4, INVALID_OPCODE = 6 };

struct sgx_run {
    uint64_t thread_control;
    uint32_t leaf;
    uint16_t vector, error_code;
    uint64_t address;
    int (*handler)(long rdi, long rsi, long rdx, long rsp, long r8, long r9, struct sgx_run *run);
    uint64_t user_data;
    uint64_t reserved[27];
};

typedef int (*enter_enclave_t)(long rdi, long rsi, long rdx, unsigned leaf, long r8, long r9, struct sgx_run *run);

static int exits, answers[3];

static int on_exit(long rdi, long rsi, long rdx, long rsp, long r8, long r9, struct sgx_run *run)
{
    DEMAND(rdi == INVALID_OPCODE && rsi == 0 && rdx == 0 && r8 == 8 && r9 == 9);
    DEMAND(rsp != 0 && (long)__builtin_frame_address(0) % 16 == 0);
    DEMAND(run->vector == INVALID_OPCODE && run->error_code == 0 && run->address == 0);
    DEMAND(run->leaf == (exits == 0 ? EENTER : ERESUME));
    return answers[exits++];
}

__attribute__((noinline)) static int visit_sgx(unsigned leaf, struct sgx_run *run)
{
    int result = ((enter_enclave_t)(void *)IMAGE_sgx_enter_enclave)(1, 2, 3, leaf, 8, 9, run);
    __asm__ volatile("" : "+r"(result) : : "memory");
    return result;
}

static void test_sgx(void)
{
    struct sgx_run run = {.thread_control = 4096, .leaf = 77, .vector = 77, .error_code = 77, .address = 77};
    DEMAND(visit_sgx(1, &run) == -EINVAL && visit_sgx(EEXIT, &run) == -EINVAL && visit_sgx(~0u, &run) == -EINVAL);
    run.reserved[26] = 1;
    DEMAND(visit_sgx(EENTER, &run) == -EINVAL);
    DEMAND(run.leaf == 77 && run.vector == 77);
    run.reserved[26] = 0;
    for (unsigned leaf = EENTER; leaf <= ERESUME; leaf++) {
        run.vector = run.error_code = 77, run.address = 77;
        DEMAND(visit_sgx(leaf, &run) == 0);
        DEMAND(run.leaf == leaf && run.vector == INVALID_OPCODE && run.error_code == 0 && run.address == 0);
    }
    run.handler = on_exit;
    DEMAND(visit_sgx(EENTER, &run) == 0 && exits == 1);
    exits = 0, answers[0] = ERESUME, answers[1] = -5;
    DEMAND(visit_sgx(EENTER, &run) == -5 && exits == 2);
    exits = 0, answers[0] = EEXIT;   /* no leaf to enter by */
    DEMAND(visit_sgx(EENTER, &run) == -EINVAL && exits == 1);
}
#endif

#ifdef IMAGE_futex_robust_unlock32
static void test_unlock(function_t unlock, bool wide)
{
    uint32_t lock = 5;
    uint64_t pending = ~(uint64_t)0;
    DEMAND(visit(unlock, (long)&lock, 6, (long)&pending) == 5);
    DEMAND(lock == 5 && pending == ~(uint64_t)0);
    DEMAND(visit(unlock, (long)&lock, 5, (long)&pending) == 5);
    DEMAND(lock == 0 && pending == (wide ? 0 : (uint64_t)0xffffffff << 32));
}
#endif

#ifdef IMAGE_getrandom
#include "call_random.h"
#endif

#ifdef IMAGE_vsyscall
/* The gate takes its arguments as a system call does. */
static long through_gate(long number)
{
#ifdef __sh__
    register long r3 __asm__("r3") = number;
    register long r0 __asm__("r0");
    __asm__ volatile("jsr @%2\n\tnop" : "=r"(r0) : "r"(r3), "r"(IMAGE_vsyscall) : "pr", "memory");
    return r0;
#else
    __asm__ volatile("call *%1" : "+a"(number) : "r"(IMAGE_vsyscall) : "memory");
    return number;
#endif
}

static void test_vsyscall(void)
{
    long process = through_gate(SYSTEM_CALL_getpid), parent = through_gate(SYSTEM_CALL_getppid);
    DEMAND(process > 1 && parent > 0 && process != parent);
}
#endif

__attribute__((noreturn)) void _start(void)
{
#ifdef IMAGE_clock_gettime
    test_native();
#endif
#ifdef IMAGE_clock_gettime64
    test_wide();
#endif
#ifdef IMAGE_gettimeofday
    test_gettimeofday();
#endif
#ifdef IMAGE_time
    test_time();
#endif
#ifdef IMAGE_getcpu
    test_getcpu();
#endif
#ifdef IMAGE_getrandom
    test_getrandom();
#endif
#ifdef IMAGE_get_tbfreq
    test_facts();
#endif
#ifdef IMAGE_futex_robust_unlock32
    test_unlock(IMAGE_futex_robust_unlock32, false);
#endif
#ifdef IMAGE_futex_robust_unlock64
    test_unlock(IMAGE_futex_robust_unlock64, true);
#endif
#ifdef IMAGE_sgx_enter_enclave
    test_sgx();
#endif
#ifdef IMAGE_riscv_hwprobe
    test_riscv();
#endif
#ifdef IMAGE_vsyscall
    test_vsyscall();
#endif
    leave(0);
}
