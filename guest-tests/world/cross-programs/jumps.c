/* Jumps: over many frames, and out of handlers of signals and of a fault. */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static jmp_buf place;
static sigjmp_buf signal_place;

static volatile int last_level = 0;
static char *volatile nothing = (char *)16;

static __attribute__((noinline)) int deep(int level, double weight)
{
    if (level == last_level)
        longjmp(place, 42);
    if (level < last_level)
        return 0;
    return deep(level - 1, weight * 2) + (int)weight;
}

static void handler(int signal) { siglongjmp(signal_place, signal); }

int main(void)
{
    volatile double kept = 1.25;
    volatile int rounds = 0;
    int value = setjmp(place);
    if (value == 0)
        deep(1000, 0.5);
    printf("%d %g\n", value, kept);
    signal(SIGUSR1, handler);
    signal(SIGSEGV, handler);
    while (rounds < 3)
        if (sigsetjmp(signal_place, 1) == 0) {
            rounds++;
            raise(SIGUSR1); /* not blocked again, since the mask came back */
            puts("never here");
        }
    int fault = sigsetjmp(signal_place, 1);
    if (fault == 0)
        *nothing = 1;
    printf("%d rounds, %s\n", rounds, fault == SIGSEGV ? "a fault" : "?");
    return 0;
}
