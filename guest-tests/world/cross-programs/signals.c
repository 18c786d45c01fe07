/* Signals as programs use them: another stack, restarted reads, timers, waiting, children. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t count, on_other_stack, nested;
static char other_stack[65536];

static void on_stack(int signal)
{
    (void)signal;
    char here;
    on_other_stack = &here >= other_stack && &here < other_stack + sizeof other_stack;
}
static void inner(int signal) { (void)signal; nested = nested * 10 + 2; }
static void outer(int signal)
{
    (void)signal;
    nested = nested * 10 + 1;
    raise(SIGUSR2);
    nested = nested * 10 + 3;
}
static void tick(int signal) { (void)signal; count++; }

static void set(int signal, void (*handler)(int), int flags)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    if (sigaction(signal, &action, NULL) != 0)
        exit(1);
}

static void stacks(void)
{
    stack_t stack = {.ss_sp = other_stack, .ss_size = sizeof other_stack};
    sigaltstack(&stack, NULL);
    set(SIGUSR1, on_stack, SA_ONSTACK);
    raise(SIGUSR1);
    printf("other stack %d\n", (int)on_other_stack);
    set(SIGUSR1, outer, 0);
    set(SIGUSR2, inner, 0);
    raise(SIGUSR1);
    printf("nested %d\n", (int)nested);
}

static void interrupted_reads(void)
{
    int ends[2];
    char byte = 0;
    if (pipe(ends) != 0)
        exit(1);
    struct itimerval soon = {.it_value = {0, 20000}};
    set(SIGALRM, tick, 0);
    setitimer(ITIMER_REAL, &soon, NULL);
    long result = (long)read(ends[0], &byte, 1);
    printf("read %ld %s\n", result, errno == EINTR ? "EINTR" : strerror(errno));
    set(SIGALRM, tick, SA_RESTART);
    pid_t child = fork();
    if (child == 0) {
        kill(getppid(), SIGALRM);
        usleep(50000);
        _exit(write(ends[1], "x", 1) == 1 ? 3 : 4);
    }
    result = (long)read(ends[0], &byte, 1);
    int status;
    waitpid(child, &status, 0);
    printf("read %ld %c, child %d, signals %d\n", result, byte, WEXITSTATUS(status), (int)count);
}

static void timers(void)
{
    count = 0;
    struct itimerval often = {{0, 5000}, {0, 5000}};
    sigset_t block, old;
    sigemptyset(&block);
    sigaddset(&block, SIGALRM);
    sigprocmask(SIG_BLOCK, &block, &old);
    setitimer(ITIMER_REAL, &often, NULL);
    while (count < 5)
        sigsuspend(&old);
    often = (struct itimerval){0};
    setitimer(ITIMER_REAL, &often, NULL);
    sigprocmask(SIG_SETMASK, &old, NULL);
    printf("ticks %s\n", count >= 5 ? "enough" : "missing");
    volatile unsigned long work = 0;
    count = 0;
    often.it_value = (struct timeval){0, 20000}; /* while it computes */
    setitimer(ITIMER_REAL, &often, NULL);
    while (!count)
        work++;
    printf("alarm %d\n", work > 0);
}

static void deaths(void)
{
    static const int how[] = {SIGTERM, SIGKILL, SIGABRT};
    for (size_t i = 0; i < sizeof how / sizeof *how; i++) {
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            raise(how[i]);
            _exit(0);
        }
        int status;
        waitpid(child, &status, 0);
        printf("child: %s\n", WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "lives");
    }
}

int main(void)
{
    stacks();
    interrupted_reads();
    timers();
    deaths();
    return 0;
}
