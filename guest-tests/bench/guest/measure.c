/* The guest side of bench/run. Argument: what to measure. Prints tenths of nanoseconds: per call,
 * or for the whole kernel, taken by the system call clock. */
#include "vdso_random.h"

static struct vdso vdso;
static volatile u64 sink;

#ifdef __NR_clock_gettime64
#define CLOCK_GETTIME clock_gettime64
#else
#define CLOCK_GETTIME clock_gettime
#endif
#define TEXT_OF(name) TEXT(name)
#define TEXT(name) #name
#define CALL_CLOCK(name, ...) CALL(name, __VA_ARGS__)

/* The function itself in the loop, with 64-bit time. Where there is no vDSO a program makes
 * the system call, as every C library does. */
static void read_many(int clock, unsigned count)
{
    struct __kernel_timespec now;
    word function = vdso.base ? vdso_function(&vdso, TEXT_OF(CLOCK_GETTIME)) : 0;
    if (function)
        for (unsigned i = 0; i < count; i++)
            ((int (*)(int, void *))function)(clock, &now);
    else
        for (unsigned i = 0; i < count; i++)
            CALL_CLOCK(CLOCK_GETTIME, clock, &now);
}

static void clock_monotonic(unsigned count) { read_many(CLOCK_MONOTONIC, count); }
static void clock_coarse(unsigned count) { read_many(CLOCK_MONOTONIC_COARSE, count); }

static void getppid_calls(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        CALL(getppid);
}

/* 16 random bytes, by the vDSO where it has them, as C libraries do. */
static void random_reads(unsigned count)
{
    char bytes[16];
    struct vdso_random random;
    if (vdso.base && open_vdso_random(&vdso, &random))
        for (unsigned i = 0; i < count; i++)
            read_random(&random, random.state, bytes, sizeof bytes);
    else
        for (unsigned i = 0; i < count; i++)
            CALL(getrandom, bytes, sizeof bytes, 0);
}

static void random_calls(unsigned count)
{
    char bytes[16];
    for (unsigned i = 0; i < count; i++)
        CALL(getrandom, bytes, sizeof bytes, 0);
}

static void hash_rounds(unsigned count)
{
    u32 a = 0x67452301, b = 0xefcdab89, c = 0x98badcfe, d = 0x10325476;
    for (unsigned i = 0; i < count; i++) {
        u32 f = (b & c) | (~b & d), rotated = a + f + i * 0x5a827999;
        a = d, d = c, c = b;
        b += rotated << (i % 13 + 3) | rotated >> (29 - i % 13);
    }
    sink = a ^ b ^ c ^ d;
}

static u8 composite[1 << 20];
static void sieve(unsigned count)
{
    for (unsigned round = 0; round < count; round++) {
        memset(composite, 0, sizeof composite);
        unsigned primes = 0;
        for (unsigned i = 2; i < sizeof composite; i++) {
            if (composite[i])
                continue;
            primes++;
            for (unsigned j = 2 * i; j < sizeof composite; j += i)
                composite[j] = 1;
        }
        CHECK_EQUAL(primes, 82025);
    }
}

static __attribute__((noinline)) unsigned fib(unsigned n)
{
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}
static void fibonacci(unsigned count) { sink = fib(count); }

static u32 values[1 << 16];
static void sort(u32 *first, u32 *last)
{
    while (first < last) {
        u32 pivot = first[(last - first) / 2], *low = first, *high = last;
        while (low <= high) {
            while (*low < pivot)
                low++;
            while (*high > pivot)
                high--;
            if (low <= high) {
                u32 held = *low;
                *low++ = *high;
                *high-- = held;
            }
        }
        sort(first, high);
        first = low;
    }
}
static void quicksort(unsigned count)
{
    u32 seed = 1;
    for (unsigned round = 0; round < count; round++) {
        for (size_t i = 0; i < ARRAY_SIZE(values); i++)
            values[i] = seed = seed * 1664525 + 1013904223;
        sort(values, values + ARRAY_SIZE(values) - 1);
        for (size_t i = 1; i < ARRAY_SIZE(values); i++)
            CHECK(values[i - 1] <= values[i]);
    }
}

static volatile double double_sink;
static void doubles(unsigned count)
{
    double x = 1.0, y = 0.5, sum = 0;
    for (unsigned i = 0; i < count; i++) {
        x = x * 0.999 + y * 0.25;
        y = y * 1.001 - x * 0.125;
        sum += x / (1.0 + y * y);
    }
    double_sink = sum;
}

/* Write a function, make it executable, call it, and again. */
static void jit(unsigned count)
{
    unsigned char *code = (void *)CHECK_WORKS(
        map_memory(0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    for (unsigned i = 0; i < count; i++) {
        CALL(mprotect, code, PAGE, PROT_READ | PROT_WRITE);
        word size = write_constant_function(code, i & 0x7fff);
        synchronise_code(code, code + size);
        CALL(mprotect, code, PAGE, PROT_READ | PROT_EXEC);
        CHECK_EQUAL(((int (*)(void))function_address(code))(), i & 0x7fff);
    }
}

/* The same in memory that stays writable and executable. */
static void jit_rwx(unsigned count)
{
    unsigned char *code = (void *)CHECK_WORKS(
        map_memory(0, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    for (unsigned i = 0; i < count; i++) {
        word size = write_constant_function(code, i & 0x7fff);
        synchronise_code(code, code + size);
        CHECK_EQUAL(((int (*)(void))function_address(code))(), i & 0x7fff);
    }
}

static const struct {
    const char *name;
    void (*run)(unsigned count);
    unsigned count;
    int per_call;
} rows[] = {
    {"clock", clock_monotonic, 200000, 1},
    {"clock-coarse", clock_coarse, 200000, 1},
    {"getppid", getppid_calls, 200000, 1},
    {"random", random_reads, 200000, 1},
    {"random-call", random_calls, 50000, 1},
    {"hash", hash_rounds, 10000000, 0},
    {"sieve", sieve, 5, 0},
    {"fib", fibonacci, 32, 0},
    {"quicksort", quicksort, 4, 0},
    {"double", doubles, 1000000, 0},
    {"jit", jit, 5000, 1},
    {"jit-rwx", jit_rwx, 5000, 1},
};

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    if (text_equal(argv[1], "wait")) { /* until standard input ends: for a look at our memory */
        char byte;
        print("waiting\n");
        while (CALL(read, 0, &byte, 1) > 0)
            ;
        return 0;
    }
    if (auxv_value(AT_SYSINFO_EHDR, 0))
        open_vdso(&vdso);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (text_equal(argv[1], rows[i].name)) {
            rows[i].run(rows[i].per_call ? 1000 : 1); /* translate first */
            i64 start = monotonic_now();
            rows[i].run(rows[i].count);
            i64 spent = monotonic_now() - start;
            print("%lld\n", (long long)(rows[i].per_call ? spent * 10 / rows[i].count : spent * 10));
            return 0;
        }
    FAIL("no row %s", argv[1]);
}
