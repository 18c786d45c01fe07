// How threads and processes of several threads end: the first before the others, in any order, many at
// once, by another program, by a signal.
// Expected: what the host prints (qemu-user's processes end with their first thread's turn).
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void *sleep_long(void *argument) {
    (void)argument;
    while (1) pause();
    return NULL;
}

static void *wait_long(void *argument) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    (void)argument;
    while (1) sigwaitinfo(&set, NULL);
    return NULL;
}

static void *compute_long(void *argument) {
    for (volatile unsigned long *n = argument;; ++*n) {}
    return NULL;
}

/* Half of the others sleep or wait for a signal, half compute. */
static unsigned long counters[8];
static void start_others(void) {
    pthread_t other;
    void *(*const bodies[4])(void *) = {compute_long, sleep_long, compute_long, wait_long};
    for (int i = 0; i < 8; ++i) pthread_create(&other, NULL, bodies[i % 4], &counters[i]);
}

static void *end_late(void *argument) {
    (void)argument;
    usleep(20000);
    printf("the first thread has ended\n");
    fflush(stdout);
    return NULL;
}

static void first_thread_ends(void) {
    pthread_t other;
    pthread_create(&other, NULL, end_late, NULL);
    pthread_exit(NULL);
}

static void *exit_with_5(void *argument) {
    (void)argument;
    exit(5);
}

static void other_thread_exits(void) {
    pthread_t other;
    start_others();
    pthread_create(&other, NULL, exit_with_5, NULL);
    sleep_long(NULL);
}

static void raw_exit_of_first(void) {
    pthread_t other;
    pthread_create(&other, NULL, end_late, NULL);
    syscall(SYS_exit, 9);
}


static int program;
static char libraries[256];

static void *execute(void *argument) {
    (void)argument;
    char pid[16];
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    // By descriptor: where this program is, no other may be able to tell, nor /proc when the first thread has ended.
    char *arguments[] = {"again", "again", pid, NULL}, *environment[] = {libraries, NULL};
    syscall(SYS_execveat, program, "", arguments, environment, AT_EMPTY_PATH);
    perror("execveat");
    exit(1);
}

static void other_thread_executes(void) {
    pthread_t other;
    start_others();
    pthread_create(&other, NULL, execute, NULL);
    sleep_long(NULL);
}

static void first_thread_executes(void) {
    start_others();
    execute(NULL);
}

static void other_executes_after_first(void) {
    pthread_t other;
    start_others();
    pthread_create(&other, NULL, execute, NULL);
    pthread_exit(NULL);
}

static void *abort_process(void *argument) {
    (void)argument;
    syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGABRT);
    return NULL;
}

static void other_thread_aborts(void) {
    pthread_t other;
    start_others();
    pthread_create(&other, NULL, abort_process, NULL);
    sleep_long(NULL);
}

static void *fault(void *argument) {
    *(volatile int *)argument = 1;
    return NULL;
}

static void other_thread_faults(void) {
    pthread_t other;
    start_others();
    pthread_create(&other, NULL, fault, (void *)8);
    sleep_long(NULL);
}

static void killed(void) {
    start_others();
    kill(getpid(), SIGTERM);
    sleep_long(NULL);
}

static void *tell(void *argument) {
    usleep((useconds_t)((uintptr_t)argument * 37 % 5000));
    return argument;
}

static void many(void) {
    enum { count = 200 };
    pthread_t threads[count];
    unsigned long sum = 0;
    for (int round = 0; round < 3; ++round) {
        for (uintptr_t i = 0; i < count; ++i)
            if (pthread_create(&threads[i], NULL, tell, (void *)i) != 0) exit(2);
        for (int i = 0; i < count; ++i) {
            void *result;
            pthread_join(threads[i], &result);
            sum += (unsigned long)(uintptr_t)result;
        }
    }
    printf("sum %lu\n", sum);
    fflush(stdout);
    start_others();
    _exit(3);
}

static void attempt(const char *name, void (*body)(void)) {
    pid_t child = fork();
    if (child == 0) {
        alarm(60);
        body();
        _exit(99);
    }
    int status;
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) printf("%s: %s\n", name, strsignal(WTERMSIG(status)));
    else printf("%s: %d\n", name, WEXITSTATUS(status));
    fflush(stdout);
}

int main(int argc, char **argv) {
    if (argc == 3) {
        start_others();
        usleep(10000);
        printf("another program, the same process: %d, %d\n", atoi(argv[2]) == getpid(), getpid() == (pid_t)syscall(SYS_gettid));
        return 4;
    }

    program = open("/proc/self/exe", O_RDONLY);
    snprintf(libraries, sizeof libraries, "LD_LIBRARY_PATH=%s", getenv("LD_LIBRARY_PATH") ? getenv("LD_LIBRARY_PATH") : "");
    attempt("first thread ends", first_thread_ends);
    attempt("raw exit of the first thread", raw_exit_of_first);
    attempt("another thread exits", other_thread_exits);
    attempt("another thread executes", other_thread_executes);
    attempt("first thread executes", first_thread_executes);
    attempt("another thread executes after the first has ended", other_executes_after_first);
    attempt("another thread aborts", other_thread_aborts);
    attempt("another thread faults", other_thread_faults);
    attempt("killed", killed);
    attempt("many threads", many);
    return 0;
}
