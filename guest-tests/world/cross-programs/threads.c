// Threads: mutexes, condition variables, barriers, thread-local storage, atomics, robust and inheriting
// locks, signals to one thread, fork and exit from a second thread.
// Expected: what the host prints (qemu-user leaves robust locks locked).
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { workers = 8, rounds = 20000, few = 2000 };

static void check(int error, const char *what) {
    if (error == 0) return;
    printf("%s: %s\n", what, strerror(error));
    exit(1);
}

static void run(void *(*body)(void *), int count) {
    pthread_t threads[count];
    for (int i = 0; i < count; ++i) check(pthread_create(&threads[i], NULL, body, (void *)(intptr_t)i), "pthread_create");
    for (int i = 0; i < count; ++i) check(pthread_join(threads[i], NULL), "pthread_join");
}

// --- counters

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_spinlock_t spin;
static long under_mutex, under_spin;
static unsigned atomic_word;
#ifdef __GCC_HAVE_SYNC_COMPARE_AND_SWAP_1
static unsigned char atomic_byte;
#else
static unsigned atomic_byte;
#endif
static __thread long own;
static long sum_of_own;

static void *count(void *argument) {
    for (int i = 0; i < rounds; ++i) {
        __atomic_fetch_add(&atomic_word, 1, __ATOMIC_SEQ_CST);
        if (i % 3 == 0) __atomic_fetch_add(&atomic_byte, 1, __ATOMIC_RELAXED);
        ++own;
        if (i % 10) continue;
        pthread_mutex_lock(&mutex);
        ++under_mutex;
        pthread_mutex_unlock(&mutex);
        pthread_spin_lock(&spin);
        ++under_spin;
        pthread_spin_unlock(&spin);
    }
    __atomic_fetch_add(&sum_of_own, own + (intptr_t)argument, __ATOMIC_SEQ_CST);
    return NULL;
}

// --- a queue between threads

static pthread_cond_t not_empty = PTHREAD_COND_INITIALIZER, not_full = PTHREAD_COND_INITIALIZER;
static int queue[4], queue_length;
static long received;

static void *produce(void *argument) {
    (void)argument;
    for (int i = 1; i <= few; ++i) {
        pthread_mutex_lock(&mutex);
        while (queue_length == 4) pthread_cond_wait(&not_full, &mutex);
        queue[queue_length++] = i;
        pthread_cond_signal(&not_empty);
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static void *consume(void *argument) {
    (void)argument;
    for (int i = 0; i < few; ++i) {
        pthread_mutex_lock(&mutex);
        while (queue_length == 0) pthread_cond_wait(&not_empty, &mutex);
        received += queue[--queue_length];
        pthread_cond_signal(&not_full);
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static void *produce_or_consume(void *argument) { return (intptr_t)argument % 2 ? produce(argument) : consume(argument); }

// --- barrier

static pthread_barrier_t barrier;
static int arrivals[few], serial_threads;

static void *meet(void *argument) {
    (void)argument;
    for (int i = 0; i < 50; ++i) {
        __atomic_fetch_add(&arrivals[i], 1, __ATOMIC_SEQ_CST);
        if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD) __atomic_fetch_add(&serial_threads, 1, __ATOMIC_SEQ_CST);
        if (__atomic_load_n(&arrivals[i], __ATOMIC_SEQ_CST) != workers) printf("barrier %d was passed early\n", i);
    }
    return NULL;
}

// --- locks whose owner ends, and locks that inherit priority

static pthread_mutex_t robust, inheriting;
static long under_inheriting;

static void *end_with_lock(void *argument) {
    (void)argument;
    pthread_mutex_lock(&robust);
    return NULL;
}

static void *count_inheriting(void *argument) {
    (void)argument;
    for (int i = 0; i < few; ++i) {
        pthread_mutex_lock(&inheriting);
        ++under_inheriting;
        pthread_mutex_unlock(&inheriting);
    }
    return NULL;
}

static void locks(void) {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&robust, &attributes);
    run(end_with_lock, 1);
    int error = pthread_mutex_lock(&robust);
    printf("robust lock: %s\n", strerror(error));
    pthread_mutex_consistent(&robust);
    pthread_mutex_unlock(&robust);
    printf("consistent again: %s\n", strerror(pthread_mutex_lock(&robust)));

    pthread_mutexattr_init(&attributes);
    error = pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
    if (!error) error = pthread_mutex_init(&inheriting, &attributes);
    if (!error) run(count_inheriting, workers);
    printf("inheriting lock: %s, %ld\n", strerror(error), under_inheriting);
}

// --- signals and waiting

static volatile sig_atomic_t got_signal;
static pthread_t target;
static pid_t target_id;
static sem_t ready;

static void on_signal(int number) { got_signal = pthread_equal(pthread_self(), target) ? number : -1; }

static void *await_signal(void *argument) {
    (void)argument;
    target_id = (pid_t)syscall(SYS_gettid);
    sem_post(&ready);
    while (!got_signal) usleep(100);
    return NULL;
}

static void *spin_for_signal(void *argument) {
    (void)argument;
    target_id = (pid_t)syscall(SYS_gettid);
    sem_post(&ready);
    while (!got_signal) {
#if defined(__aarch64__) || (defined(__ARM_ARCH) && __ARM_ARCH >= 7)
        __asm__ volatile("yield");
#endif
    }
    return NULL;
}

static void *take_signal(void *argument) {
    sigset_t set;
    int number = 0;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sem_post(&ready);
    check(sigwait(&set, &number), "sigwait");
    *(int *)argument = number;
    return NULL;
}

static void signals(void) {
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigaction(SIGUSR1, &action, NULL);
    sem_init(&ready, 0, 0);
    for (int i = 0; i < 2; ++i) {
        got_signal = 0;
        check(pthread_create(&target, NULL, i ? spin_for_signal : await_signal, NULL), "pthread_create");
        sem_wait(&ready);
        check(syscall(SYS_tgkill, getpid(), target_id, SIGUSR1) != 0, "tgkill");
        pthread_join(target, NULL);
        printf("signal to %s thread: %d\n", i ? "a computing" : "a sleeping", got_signal == SIGUSR1);
    }
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    int taken = 0;
    check(pthread_create(&target, NULL, take_signal, &taken), "pthread_create");
    sem_wait(&ready);
    kill(getpid(), SIGUSR2);
    pthread_join(target, NULL);
    printf("sigwait: %d\n", taken == SIGUSR2);

    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_nsec += 20000000;
    if (end.tv_nsec >= 1000000000) end.tv_nsec -= 1000000000, ++end.tv_sec;
    pthread_mutex_lock(&mutex);
    printf("timed wait: %s\n", strerror(pthread_cond_timedwait(&not_empty, &mutex, &end)));
    pthread_mutex_unlock(&mutex);
}

// --- pipes, fork and exit

static int pipe_ends[2];

static void *fork_and_write(void *argument) {
    (void)argument;
    pid_t child = fork();
    if (child == 0) {
        // The child has this thread alone, and starts others.
        char text[64];
        under_mutex = 0;
        run(count, 2);
        snprintf(text, sizeof text, "child: leader %d, counted %ld", getpid() == (pid_t)syscall(SYS_gettid), under_mutex);
        if (write(pipe_ends[1], text, strlen(text) + 1) < 0) _exit(1);
        _exit(7);
    }
    int status;
    waitpid(child, &status, 0);
    return (void *)(intptr_t)WEXITSTATUS(status);
}

static void *read_line(void *argument) {
    char text[64] = "nothing";
    (void)argument;
    if (read(pipe_ends[0], text, sizeof text) < 0) perror("read");
    printf("%s\n", text);
    return NULL;
}

static void *end_process(void *argument) {
    (void)argument;
    printf("the end\n");
    exit(0);
}

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
    run(count, workers);
    printf("counted %ld %ld %u %u %ld\n", under_mutex, under_spin, atomic_word, (unsigned)atomic_byte & 0xff, sum_of_own);
    run(produce_or_consume, workers);
    printf("received %ld\n", received);
    pthread_barrier_init(&barrier, NULL, workers);
    run(meet, workers);
    printf("serial threads %d\n", serial_threads);
    locks();
    signals();

    if (pipe(pipe_ends) != 0) return 1;
    pthread_t reader, forker;
    check(pthread_create(&reader, NULL, read_line, NULL), "pthread_create");
    check(pthread_create(&forker, NULL, fork_and_write, NULL), "pthread_create");
    pthread_join(reader, NULL);
    void *status;
    pthread_join(forker, &status);
    printf("child ended with %d\n", (int)(intptr_t)status);

    check(pthread_create(&target, NULL, end_process, NULL), "pthread_create");
    for (;;) pause();
}
