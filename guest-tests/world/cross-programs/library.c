/* What a C library makes of the ABI: text and numbers, memory, jumps, signals, children, large
 * files, locks. Prints the same on every ABI; nothing in it depends on time or place. */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int compare(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

static void numbers(void)
{
    int values[1000];
    for (int i = 0; i < 1000; i++)
        values[i] = i * 7919 % 1009;
    qsort(values, 1000, sizeof values[0], compare);
    printf("sorted %d %d %d\n", values[0], values[500], values[999]);
    volatile double third = 1.0 / 3, large = 1e300;
    printf("floats %.17g %a %e %.2f\n", third, 1.5, large, strtod("2.675e3", NULL));
    printf("integers %lld %llx %zu\n", -1234567890123456789ll, 0xfedcba9876543210ull, strlen("text"));
}

static void memory(void)
{
    enum { BLOCKS = 500 };
    unsigned char *blocks[BLOCKS];
    unsigned long sum = 0;
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < BLOCKS; i++) {
            blocks[i] = malloc((size_t)i * 997 + 1);
            memset(blocks[i], i, (size_t)i * 997 + 1);
        }
        for (int i = 0; i < BLOCKS; i++) {
            sum += blocks[i][i * 997];
            free(blocks[i]);
        }
    }
    printf("memory %lu\n", sum);
}

static void jumps(void)
{
    static jmp_buf place;
    volatile int count = 0;
    if (setjmp(place) < 3)
        longjmp(place, ++count);
    printf("jumps %d\n", count);
}

static volatile sig_atomic_t seen_signal, seen_code, seen_status;

static void handler(int signal, siginfo_t *info, void *context)
{
    (void)context;
    seen_signal = signal;
    seen_code = info->si_code;
    seen_status = info->si_status;
}

static void signals(void)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGCHLD, &action, NULL);
    raise(SIGUSR1);
    printf("signal %s %d\n", seen_signal == SIGUSR1 ? "USR1" : "?", seen_code);
    pid_t child = fork();
    if (child == 0)
        _exit(7);
    int status = 0;
    waitpid(child, &status, 0);
    printf("child %d, %s %d %d\n", WEXITSTATUS(status), seen_signal == SIGCHLD ? "CHLD" : "?", seen_code, seen_status);
    sigset_t set, old;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, &old);
    sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 42});
    siginfo_t info;
    struct timespec limit = {1, 0};
    int taken = sigtimedwait(&set, &info, &limit);
    printf("queued %d %d\n", taken == SIGUSR1, info.si_value.sival_int);
}

static void files(void)
{
    FILE *file = tmpfile();
    if (!file)
        exit(1);
    fprintf(file, "start");
    fseeko(file, 5000000000, SEEK_SET);
    fputc('y', file);
    fflush(file);
    struct stat status;
    fstat(fileno(file), &status);
    printf("size %lld, at %lld\n", (long long)status.st_size, (long long)lseek(fileno(file), -1, SEEK_END));
    char bytes[2] = {1, 1};
    struct iovec vector = {bytes, sizeof bytes};
    long count = (long)preadv(fileno(file), &vector, 1, 4999999999);
    printf("read %ld: %d %c\n", count, bytes[0], bytes[1]);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 4999999000, .l_len = 10};
    printf("lock %d\n", fcntl(fileno(file), F_SETLK, &lock));
}

static void times(void)
{
    time_t moment = 1000000000;
    char text[64];
    strftime(text, sizeof text, "%F %T", gmtime(&moment));
    puts(text);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    printf("now %d %d\n", time(NULL) > 1600000000, now.tv_sec - time(NULL) <= 1);
    struct timeval wait = {0, 1000};
    fd_set set;
    FD_ZERO(&set);
    printf("select %d\n", select(5, &set, NULL, NULL, &wait));
    struct rlimit limit;
    int result = getrlimit(RLIMIT_CORE, &limit);
    printf("limit %d %d\n", result, limit.rlim_cur <= limit.rlim_max);
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    numbers();
    memory();
    jumps();
    signals();
    files();
    times();
    return 0;
}
