/* Every function the vDSO exports is found by both hash tables with its version, and those
 * that can be called from C answer as the system call does. */
#include "vdso.h"

static struct vdso vdso;

static const int clocks[] = {0, 1, 4, 5, 6, 7, 11};

/* The plain names' time: 64 bits wide where the ABI knows no other. */
struct plain_time {
    time_word seconds, fraction;
};

static i64 clock_value(int clock)
{
    struct instant now;
    CHECK_EQUAL(read_clock(clock, &now), 0);
    return to_nanoseconds(now);
}

/* A value read between two system calls lies between them. */
static void check_between(const char *what, i64 before, i64 value, i64 after)
{
    if (value < before || value > after)
        FAIL("%s: %lld is not in %lld ... %lld", what, (long long)value, (long long)before, (long long)after);
}

static void check_clock_gettime(word function)
{
    for (size_t i = 0; i < ARRAY_SIZE(clocks); i++) {
        struct plain_time time = {-1, -1};
        i64 before = clock_value(clocks[i]);
        CHECK_EQUAL(((int (*)(int, struct plain_time *))function)(clocks[i], &time), 0);
        check_between("clock_gettime", before, time.seconds * SECOND + time.fraction, clock_value(clocks[i]));
    }
}

static void check_clock_gettime64(word function)
{
    for (size_t i = 0; i < ARRAY_SIZE(clocks); i++) {
        struct __kernel_timespec time = {-1, -1};
        i64 before = clock_value(clocks[i]);
        CHECK_EQUAL(((int (*)(int, struct __kernel_timespec *))function)(clocks[i], &time), 0);
        check_between("clock_gettime64", before, time.tv_sec * SECOND + time.tv_nsec, clock_value(clocks[i]));
    }
}

static void check_gettimeofday(word function)
{
    struct plain_time time = {-1, -1};
    int zone[2] = {-1, -1};
    i64 before = clock_value(CLOCK_REALTIME) / 1000;
    CHECK_EQUAL(((int (*)(struct plain_time *, int *))function)(&time, zone), 0);
    check_between("gettimeofday", before, time.seconds * 1000000ll + time.fraction,
                  clock_value(CLOCK_REALTIME) / 1000);
#ifdef __NR_gettimeofday
    int zone_by_call[2] = {-1, -1};
    CHECK_EQUAL(CALL(gettimeofday, 0, zone_by_call), 0);
    CHECK_EQUAL(zone[0], zone_by_call[0]);
    CHECK_EQUAL(zone[1], zone_by_call[1]);
#else
    CHECK(zone[0] != -1 && zone[1] != -1);
#endif
    CHECK_EQUAL(((int (*)(struct plain_time *, int *))function)(0, 0), 0);
}

static void check_time(word function)
{
    __kernel_long_t stored = -1;
    i64 before = clock_value(CLOCK_REALTIME_COARSE) / SECOND;
    __kernel_long_t seconds = ((__kernel_long_t (*)(__kernel_long_t *))function)(&stored);
    CHECK_EQUAL(seconds, stored);
    check_between("time", before, seconds, clock_value(CLOCK_REALTIME) / SECOND);
    CHECK(((__kernel_long_t (*)(__kernel_long_t *))function)(0) >= seconds);
}

static void check_getcpu(word function)
{
    unsigned cpu = ~0u, node = ~0u, cpu_by_call, node_by_call;
    CHECK_EQUAL(((int (*)(unsigned *, unsigned *, void *))function)(&cpu, &node, 0), 0);
    CHECK_EQUAL(CALL(getcpu, &cpu_by_call, &node_by_call, 0), 0);
    CHECK(cpu < 4096);
    CHECK_EQUAL(node, node_by_call);
    CHECK_EQUAL(((int (*)(unsigned *, unsigned *, void *))function)(0, 0, 0), 0);
}

static void check_clock_getres(word function)
{
    for (size_t i = 0; i < ARRAY_SIZE(clocks); i++) {
        struct plain_time time = {-1, -1};
        struct instant expected;
        CHECK_EQUAL(((int (*)(int, struct plain_time *))function)(clocks[i], &time), 0);
        CHECK_EQUAL(clock_resolution(clocks[i], &expected), 0);
        CHECK_EQUAL(time.seconds, expected.seconds);
        CHECK_EQUAL(time.fraction, expected.nanoseconds);
    }
    CHECK_EQUAL(((int (*)(int, void *))function)(1, 0), 0);
}

static void check_clock_getres_time64(word function)
{
    for (size_t i = 0; i < ARRAY_SIZE(clocks); i++) {
        struct __kernel_timespec time = {-1, -1};
        struct instant expected;
        CHECK_EQUAL(((int (*)(int, struct __kernel_timespec *))function)(clocks[i], &time), 0);
        CHECK_EQUAL(clock_resolution(clocks[i], &expected), 0);
        CHECK_EQUAL(time.tv_sec, expected.seconds);
        CHECK_EQUAL(time.tv_nsec, expected.nanoseconds);
    }
}

#ifdef __i386__
static void check_vsyscall(word function)
{
    CHECK_EQUAL(auxv_value(32 /* AT_SYSINFO */, 0), function);
    CHECK_EQUAL(system_call_through((void *)function, __NR_getpid, 0, 0, 0, 0, 0, 0), own_pid());
    CHECK_EQUAL(system_call_through((void *)function, __NR_close, -1, 0, 0, 0, 0, 0), -EBADF);
    /* All six arguments arrive. */
    word address = (word)system_call_through((void *)function, __NR_mmap2, 0, (long)PAGE, PROT_READ,
                                             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(address < (word)-4095);
}
#elif defined ABI_VSYSCALL_FUNCTION
static void check_vsyscall(word function)
{
    CHECK_EQUAL(vsyscall_function(function, __NR_getpid, 0), own_pid());
    CHECK_EQUAL(vsyscall_function(function, __NR_close, (word)-1), -EBADF);
}
#else
static void check_vsyscall(word function) { (void)function; }
#endif

/* Releases a lock word that holds `thread`, and clears the pending operation if it did. */
static void check_try_unlock(word function)
{
    u32 lock = 77;
    u64 pending = ~0ull;
    CHECK_EQUAL(((u32(*)(u32 *, u32, void *))function)(&lock, 78, &pending), 77);
    CHECK_EQUAL(lock, 77);
    CHECK(pending == ~0ull);
    CHECK_EQUAL(((u32(*)(u32 *, u32, void *))function)(&lock, 77, &pending), 77);
    CHECK_EQUAL(lock, 0);
    CHECK_EQUAL((u32)pending, 0);
}

/* What PowerPC has besides. */
static void check_get_tbfreq(word function)
{
    u64 frequency = ((u64(*)(void))function)();
    CHECK(frequency >= 1000000 && frequency < 10000000000ull);
}

static int is_mapped(const u32 *map, u32 number) { return map[number / 32] >> (31 - number % 32) & 1; }

static void check_get_syscall_map(word function)
{
    u32 count = 0;
    const u32 *map = ((const u32 *(*)(u32 *))function)(&count);
    CHECK(count > 400 && count < 600);
    CHECK(((const u32 *(*)(u32 *))function)(0) == map);
    CHECK(is_mapped(map, __NR_read) && is_mapped(map, __NR_exit_group) && is_mapped(map, __NR_rt_sigreturn));
    CHECK_EQUAL(is_mapped(map, 224), 0); /* nobody has used that number */
    /* A call that is not there answers ENOSYS, and the other way round. */
    for (u32 number = 400; number < count; number++)
        if (!is_mapped(map, number))
            CHECK_EQUAL(system_call(number, -1, -1, -1, -1, -1, -1), -ENOSYS);
}

static void check_sync_dicache(word function)
{
    CHECK_EQUAL(((int (*)(word, word))function)((word)check_sync_dicache, (word)check_sync_dicache + 100), 0);
}

static void check_datapage_offset(word word_of_image)
{
    word page = word_of_image + (word)(long)*(const int *)word_of_image;
    CHECK_EQUAL(page % PAGE, 0);
    CHECK(*(volatile const u32 *)page != 0); /* readable, and the version is there */
}

#ifdef __riscv
static void check_flush_icache(word function)
{
    CHECK_EQUAL(((int (*)(void *, void *, word))function)(&vdso, &vdso + 1, 0), 0);
    CHECK_EQUAL(((int (*)(void *, void *, word))function)(&vdso, &vdso + 1, 2), -EINVAL);
}

#ifndef __NR_riscv_hwprobe
#define __NR_riscv_hwprobe 258 /* Linux 6.4 */
#endif
/* As the system call: known keys get values, unknown ones become -1. */
static void check_hwprobe(word function)
{
    struct pair { i64 key; u64 value; } pairs[] = {{3 /* base behaviour */, 7}, {4 /* extensions */, 0}, {4711, 7}};
    int (*probe)(struct pair *, size_t, size_t, word *, unsigned) = (void *)function;
    word no_cpus[2] = {0, 0}, every_cpu[2] = {~0ul, ~0ul};
    CHECK_EQUAL(probe(pairs, 3, 0, 0, 0), 0);
    CHECK_EQUAL(pairs[0].value, 1 /* IMA */);
    CHECK_EQUAL(pairs[1].value & 3, 3 /* F, D and C */);
    CHECK_EQUAL(pairs[2].key, -1);
    CHECK_EQUAL(pairs[2].value, 0);
    CHECK_EQUAL(probe(pairs, 3, sizeof every_cpu, every_cpu, 0), 0);
    CHECK_EQUAL(probe(pairs, 3, sizeof no_cpus, no_cpus, 0), -EINVAL);
    CHECK_EQUAL(probe(pairs, 3, 0, 0, 64), -EINVAL);
    /* The same by the system call, for every key that kernels have and some that they have not. */
    for (i64 key = -2; key < 40; key++) {
        struct pair here = {key, 7}, there = {key, 7};
        CHECK_EQUAL(probe(&here, 1, 0, 0, 0), 0);
        CHECK_EQUAL(CALL(riscv_hwprobe, &there, 1, 0, 0, 0), 0);
        CHECK_EQUAL(here.key, there.key);
        CHECK_EQUAL(here.value, there.value);
    }
}
#else
static void check_flush_icache(word function) { (void)function; }
static void check_hwprobe(word function) { (void)function; }
#endif

/* Trampolines are not called from C: signals.c runs them. */
static void check_nothing(word function) { (void)function; }

static const struct {
    const char *name; /* behind the prefix __vdso_ or __kernel_ */
    void (*check)(word function);
} functions[] = {
    {"clock_gettime", check_clock_gettime},
    {"clock_gettime64", check_clock_gettime64},
    {"clock_getres", check_clock_getres},
    {"clock_getres_time64", check_clock_getres_time64},
    {"gettimeofday", check_gettimeofday},
    {"time", check_time},
    {"getcpu", check_getcpu},
    {"vsyscall", check_vsyscall},
    {"futex_robust_list32_try_unlock", check_try_unlock},
    {"futex_robust_list64_try_unlock", check_try_unlock},
    {"sigreturn", check_nothing},
    {"rt_sigreturn", check_nothing},
    {"restart_syscall", check_nothing},
    {"compat_sigreturn", check_nothing},
    {"compat_rt_sigreturn", check_nothing},
    {"compat_restart_syscall", check_nothing},
    {"sigtramp32", check_nothing},
    {"sigtramp_rt32", check_nothing},
    {"sigtramp_rt64", check_nothing},
    {"get_tbfreq", check_get_tbfreq},
    {"get_syscall_map", check_get_syscall_map},
    {"sync_dicache", check_sync_dicache},
    {"sync_dicache_p5", check_sync_dicache},
    /* random_*.c; vdso-images/tests/call.c. */
    {"getrandom", check_nothing},
    {"sgx_enter_enclave", check_nothing},
    {"flush_icache", check_flush_icache},
    {"riscv_hwprobe", check_hwprobe},
};

static const char *const required[] = {REQUIRED_VDSO};

static const char *plain_name(const char *name)
{
    if (memcmp(name, "__vdso_", 7) == 0)
        return name + 7;
    return memcmp(name, "__kernel_", 9) == 0 ? name + 9 : name;
}

static void check_symbol(const struct vdso_symbol *symbol)
{
    CHECK(*symbol->version);
    CHECK_EQUAL(find_by_hash(&vdso, symbol->name, symbol->version), symbol->address);
    CHECK_EQUAL(find_by_hash(&vdso, symbol->name, "LINUX_0.0"), 0);
    if (vdso.has_gnu_hash) {
        CHECK_EQUAL(find_by_gnu_hash(&vdso, symbol->name, symbol->version), symbol->address);
        CHECK_EQUAL(find_by_gnu_hash(&vdso, symbol->name, "LINUX_0.0"), 0);
    }
    if (text_equal(plain_name(symbol->name), "datapage_offset")) { /* the one that is data */
        check_datapage_offset(symbol->address);
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
        if (text_equal(functions[i].name, plain_name(symbol->name))) {
            functions[i].check(vdso_callable(symbol->address));
            return;
        }
    FAIL("unknown function %s", symbol->name);
}

/* A bit for the place of a name among the required ones; one function may have several names. */
static word required_bit(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(required); i++)
        if (text_equal(required[i], plain_name(name)))
            return (word)1 << i;
    return 0;
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    open_vdso(&vdso);
    word seen = 0;
    for (unsigned i = 1; i < vdso.symbol_count; i++) {
        struct vdso_symbol symbol;
        vdso_symbol_at(&vdso, i, &symbol);
        if (!symbol.is_function)
            continue;
        check_symbol(&symbol);
        /* x86-64 exports each name with and without its prefix. */
        if (symbol.name[0] == '_')
            seen |= required_bit(symbol.name);
    }
    CHECK_EQUAL(seen, ((word)1 << ARRAY_SIZE(required)) - 1);
    CHECK(memcmp(vdso.soname, "linux-", 6) == 0);
    CHECK_EQUAL(find_by_hash(&vdso, "no_such_function", 0), 0);
    CHECK_EQUAL(find_by_gnu_hash(&vdso, "no_such_function", 0), 0);
    return passed();
}
