/* Handlers return to where their signal came, with and without SA_SIGINFO, from inside one
 * another, and out of a loop that has a value in every register; a sleep that was stopped and
 * continued without a handler goes on. */
#include "guest.h"

static volatile int count, depth;

static void on_signal(int signal, siginfo_t *info, void *context)
{
    (void)info, (void)context;
    count++;
    if (depth-- > 0)
        send_signal(own_pid(), signal == SIGUSR1 ? SIGUSR2 : SIGUSR1);
}

/* The frame of a handler without SA_SIGINFO is another on some ABIs, and so is the way back. */
static void forget_siginfo(int signal)
{
    word action[16] = {0};
    CHECK_EQUAL(CALL(rt_sigaction, signal, 0, action, ABI_SIGNAL_SET_SIZE), 0);
    if (ABI_ACTION_HANDLER == 0)
        action[1] &= ~(word)SA_SIGINFO;
    else
        *(u32 *)action &= ~(u32)SA_SIGINFO;
    CHECK_EQUAL(CALL(rt_sigaction, signal, action, 0, ABI_SIGNAL_SET_SIZE), 0);
}

static void nested(int with_siginfo)
{
    CHECK_EQUAL(set_handler(SIGUSR1, on_signal, 0, 0), 0);
    CHECK_EQUAL(set_handler(SIGUSR2, on_signal, SA_NODEFER, 0), 0);
    if (!with_siginfo)
        forget_siginfo(SIGUSR1);
    for (int deepest = 0; deepest < 3; deepest++) {
        count = 0;
        depth = deepest;
        CHECK_EQUAL(send_signal(own_pid(), SIGUSR1), 0);
        CHECK_EQUAL(count, deepest + 1);
    }
}

/* A sum of eight values that are all in registers, of so many rounds, or (0) until three signals came. */
static word sum(word *rounds)
{
    word a = 1, b = 2, c = 3, d = 4, e = 5, f = 6, g = 7, h = 8, round = 0;
    do {
        a += b, b += c, c += d, d += e, e += f, f += g, g += h, h ^= round;
        round++;
    } while (*rounds ? round < *rounds : count < 3);
    *rounds = round;
    return a + b + c + d + e + f + g + h;
}

/* A timer's signals, anywhere in that. */
static void interrupted(int with_siginfo)
{
    CHECK_EQUAL(set_handler(SIGALRM, on_signal, 0, 0), 0);
    if (!with_siginfo)
        forget_siginfo(SIGALRM);
    count = depth = 0;
    CHECK_EQUAL(set_interval_timer(0 /* ITIMER_REAL */, 2000000, 2000000), 0);
    word rounds = 0, found = sum(&rounds);
    CHECK_EQUAL(set_interval_timer(0, 0, 0), 0);
    CHECK_EQUAL(found, sum(&rounds));
}

static void stopped(void)
{
    int parent = own_pid(), status;
    long child = CHECK_WORKS(fork_process());
    if (child == 0) {
        sleep_for(20000000);
        send_signal(parent, SIGSTOP);
        send_signal(parent, SIGCONT);
        exit_with(0);
    }
    CHECK_EQUAL(sleep_for(60000000), 0);
    CHECK_EQUAL(wait_for((int)child, &status, 0), child);
    CHECK_EQUAL(status, 0);
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    for (int with_siginfo = 0; with_siginfo < 2; with_siginfo++) {
        nested(with_siginfo);
        interrupted(with_siginfo);
    }
    stopped();
    return passed();
}
