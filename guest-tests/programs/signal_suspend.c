/* sigsuspend: waits with another mask, and the old one is back when it returns; a signal
 * that is already pending is taken at once. sigtimedwait takes one without a handler. */
#include "guest.h"

static volatile int count;
static u64 mask_inside;
static void count_signal(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info, (void)context;
    count++;
    set_signal_mask(SIG_BLOCK, 0, &mask_inside);
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    u64 blocked = SIGNAL_BIT(SIGUSR1) | SIGNAL_BIT(SIGALRM), mask;
    CHECK_EQUAL(set_handler(SIGUSR1, count_signal, 0, 0), 0);
    CHECK_EQUAL(set_handler(SIGALRM, count_signal, 0, 0), 0);
    CHECK_EQUAL(set_signal_mask(SIG_SETMASK, blocked, 0), 0);

    CHECK_EQUAL(send_signal(own_pid(), SIGUSR1), 0);
    CHECK_EQUAL(count, 0);
    CHECK_EQUAL(suspend_until_signal(SIGNAL_BIT(SIGALRM)), -EINTR);
    CHECK_EQUAL(count, 1);
    CHECK_EQUAL(mask_inside, SIGNAL_BIT(SIGALRM) | SIGNAL_BIT(SIGUSR1));
    CHECK_EQUAL(set_signal_mask(SIG_BLOCK, 0, &mask), 0);
    CHECK_EQUAL(mask, blocked);

    CHECK_EQUAL(set_interval_timer(0 /* ITIMER_REAL */, 30000000, 0), 0);
    CHECK_EQUAL(suspend_until_signal(SIGNAL_BIT(SIGUSR1)), -EINTR);
    CHECK_EQUAL(count, 2);

    signal_set set = {(word)SIGNAL_BIT(SIGUSR1), 0};
    siginfo_t info;
    CHECK_EQUAL(send_signal(own_pid(), SIGUSR1), 0);
    CHECK_EQUAL(CALL(rt_sigtimedwait, set, &info, 0, ABI_SIGNAL_SET_SIZE), SIGUSR1);
    CHECK_EQUAL(info.si_signo, SIGUSR1);
    CHECK_EQUAL(info.si_pid, own_pid());
    time_word nothing[2] = {0, 10000000};
    CHECK_EQUAL(CALL(rt_sigtimedwait, set, &info, nothing, ABI_SIGNAL_SET_SIZE), -EAGAIN);
    CHECK_EQUAL(count, 2);
    return passed();
}
