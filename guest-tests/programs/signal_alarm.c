/* A timer interrupts a loop that makes no system call; integer and floating-point registers
 * survive, though the handler computes with both. */
#include "guest.h"

static volatile int count;
static volatile double handler_result;

static void on_alarm(int signal, siginfo_t *info, void *context)
{
    (void)info, (void)context;
    CHECK_EQUAL(signal, SIGALRM);
    double a = 1.5, b = 2.5, c = 3.5, d = 4.5;
    for (int i = 0; i < 100; i++)
        a = a * 1.01 + b, b = b * 0.99 + c, c = c * 1.02 - d, d = d * 0.98 + a;
    handler_result = a + b + c + d;
    count++;
}

struct result {
    double a, b, c, d;
    u64 e, f, g;
};

static __attribute__((noinline)) struct result compute(double a, double b, double c, double d)
{
    u64 e = 1, f = 2, g = 3;
    for (int i = 0; i < 20000; i++) {
        a = a * 0.75 + b, b = b * 0.5 + c, c = c * 0.25 + d, d = d * 0.5 + a * 0.125;
        e = e * 6364136223846793005ull + f, f = (f ^ e >> 13) + g, g = g * 5 + (e >> 33);
    }
    return (struct result){a, b, c, d, e, f, g};
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    struct result expected = compute(1, 2, 3, 4);
    CHECK_EQUAL(set_handler(SIGALRM, on_alarm, 0, 0), 0);
    CHECK_EQUAL(set_interval_timer(0 /* ITIMER_REAL */, 5000000, 5000000), 0);
    u64 rounds = 0;
    while (count < 20) { /* no system call in here */
        struct result result = compute(1, 2, 3, 4);
        CHECK(memcmp(&result, &expected, sizeof result) == 0);
        rounds++;
    }
    CHECK_EQUAL(set_interval_timer(0, 0, 0), 0);
    CHECK(rounds > 0);

    /* alarm(2) and a plain loop on a flag. */
    count = 0;
    CHECK_EQUAL(set_interval_timer(0, 1000000, 0), 0);
    while (!count)
        ;
    return passed();
}
