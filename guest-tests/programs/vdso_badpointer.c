/* A bad pointer given to a vDSO function is the caller's SIGSEGV (no EFAULT: the code runs in
 * user space); an unknown clock is answered as the system call answers it. */
#include "vdso.h"

static struct vdso vdso;

static void check_pointer(word function, int clock, word pointer)
{
    CHECK_EQUAL(CAUSES_FAULT(((int (*)(int, word))function)(clock, pointer)), SIGSEGV);
    CHECK_EQUAL(caught_fault.code, SEGV_MAPERR);
#ifdef __s390__
    CHECK_EQUAL(caught_fault.address & -PAGE, pointer & -PAGE); /* the machine tells the page only */
#else
    CHECK(caught_fault.address - pointer < 16);
#endif
}

#ifdef ABI_VSYSCALL_FUNCTION
/* All that the image has is a system call, which answers for itself. */
static void check_functions(word hole)
{
    word function = vdso_function(&vdso, "vsyscall");
    CHECK(function != 0);
    CHECK_EQUAL(vsyscall_function(function, __NR_uname, hole), -EFAULT);
    CHECK_EQUAL(vsyscall_function(function, __NR_uname, 0), -EFAULT);
    (void)check_pointer;
}
#else
static void check_functions(word hole)
{
    word clock_gettime = vdso_function(&vdso, "clock_gettime");
    CHECK(clock_gettime != 0);
    static const int clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC_COARSE};
    for (size_t i = 0; i < ARRAY_SIZE(clocks); i++) {
        check_pointer(clock_gettime, clocks[i], 0);
        check_pointer(clock_gettime, clocks[i], hole + PAGE);
    }
    word gettimeofday = vdso_function(&vdso, "gettimeofday");
    CHECK_EQUAL(CAUSES_FAULT(((int (*)(word, word))gettimeofday)(hole, 0)), SIGSEGV);
    CHECK_EQUAL(CAUSES_FAULT(((int (*)(word, word))gettimeofday)(0, hole)), SIGSEGV);

    /* Clocks the page does not serve: the system call's answer, EFAULT included. */
    static const int other[] = {12, 15, 16, 31, 99, -1, 0x7fffffff, (int)0x80000000,
                                /* were they indices, they would lead far away */
                                0x04000000, 0x04000001, 0x04000004, 0x10000005, 0x10000006, 0x7ffffff4};
    for (size_t i = 0; i < ARRAY_SIZE(other); i++) {
        time_word time[2];
        long expected = CALL(clock_gettime, other[i], time);
        CHECK_EQUAL(vdso_call(clock_gettime, other[i], (long)time), expected);
    }
    CHECK_EQUAL(vdso_call(clock_gettime, CLOCK_PROCESS_CPUTIME_ID, (long)hole), -EFAULT);
    time_word cpu_time[2];
    CHECK_EQUAL(((int (*)(int, time_word *))clock_gettime)(CLOCK_PROCESS_CPUTIME_ID, cpu_time), 0);
    word clock_getres = vdso_function(&vdso, "clock_getres");
#ifdef __hppa__ /* its image does not have it */
    CHECK_EQUAL(clock_getres, 0);
#else
    CHECK_EQUAL(vdso_call(clock_getres, 99, (long)cpu_time), -EINVAL);
#endif
}
#endif

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    open_vdso(&vdso);
    catch_faults();
    word hole = (word)map_memory(0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK_EQUAL(CALL(munmap, hole, 2 * PAGE), 0);
    check_functions(hole);
    return passed();
}
