/* futex_waitv: several words are waited for, and the call tells which was woken. */
#include "guest.h"

#include <linux/futex.h>

static u32 *words; /* shared with the child */

static void prepare(struct futex_waitv *vector)
{
    for (int i = 0; i < 3; ++i)
        vector[i] = (struct futex_waitv){.val = words[i], .uaddr = (word)&words[i], .flags = FUTEX_32};
}

static struct __kernel_timespec after(i64 nanoseconds)
{
    i64 end = monotonic_now() + nanoseconds;
    return (struct __kernel_timespec){end / SECOND, end % SECOND};
}

static long wait_for_words(struct futex_waitv *vector, unsigned count, unsigned flags, struct __kernel_timespec *end, int clock)
{
    return CALL(futex_waitv, vector, count, flags, end, clock);
}

#ifdef __NR_futex
#define __NR_wake __NR_futex
#else
#define __NR_wake __NR_futex_time64
#endif

static void check_wake(void)
{
    struct futex_waitv vector[3];
    prepare(vector);
    long child = fork_process();
    if (child == 0) {
        /* Until the parent waits for it. */
        for (int i = 0; i < 10000; ++i) {
            if (CALL(wake, &words[1], FUTEX_WAKE, 1, 0, 0, 0) == 1)
                exit_with(0);
            sleep_for(1000000);
        }
        exit_with(1);
    }
    CHECK_WORKS(child);
    struct __kernel_timespec end = after(20 * SECOND);
    CHECK_EQUAL(wait_for_words(vector, 3, 0, &end, CLOCK_MONOTONIC), 1);
    int status = 0;
    CHECK_EQUAL(wait_for((int)child, &status, 0), child);
    CHECK_EQUAL(status, 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    words = (u32 *)CHECK_WORKS(map_memory(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    words[0] = 1;
    words[1] = 0x12345678;
    words[2] = 0x80000001;
    struct futex_waitv vector[129];
    memset(vector, 0, sizeof vector);
    prepare(vector);
    struct __kernel_timespec end = after(20000000);
    CHECK_EQUAL(wait_for_words(vector, 3, 0, &end, CLOCK_MONOTONIC), -ETIMEDOUT);
    CHECK(to_nanoseconds((struct instant){end.tv_sec, end.tv_nsec}) <= monotonic_now());
    vector[2].val = 5;
    CHECK_EQUAL(wait_for_words(vector, 3, 0, 0, 0), -EAGAIN);
    check_wake();

    prepare(vector);
    CHECK_EQUAL(wait_for_words(vector, 3, 1, 0, 0), -EINVAL);
    CHECK_EQUAL(wait_for_words(vector, 0, 0, 0, 0), -EINVAL);
    CHECK_EQUAL(wait_for_words(vector, 129, 0, 0, 0), -EINVAL);
    CHECK_EQUAL(wait_for_words(0, 3, 0, 0, 0), -EINVAL);
    CHECK_EQUAL(wait_for_words((struct futex_waitv *)8, 3, 0, 0, 0), -EFAULT);
    CHECK_EQUAL(wait_for_words(vector, 3, 0, &end, CLOCK_BOOTTIME), -EINVAL);
    vector[1].flags = 0;
    CHECK_EQUAL(wait_for_words(vector, 3, 0, &end, CLOCK_MONOTONIC), -EINVAL);
    prepare(vector);
    vector[1].__reserved = 1;
    CHECK_EQUAL(wait_for_words(vector, 3, 0, &end, CLOCK_MONOTONIC), -EINVAL);
    prepare(vector);
    vector[1].uaddr += 2;
    CHECK_EQUAL(wait_for_words(vector, 3, 0, &end, CLOCK_MONOTONIC), -EINVAL);
    vector[1].uaddr = 8;
    CHECK_EQUAL(wait_for_words(vector, 3, 0, &end, CLOCK_MONOTONIC), -EFAULT);
    return passed();
}
