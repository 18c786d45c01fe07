// Sixty-four threads that lock, wait for each other, allocate, signal each other and fork, for as long as
// asked. What must hold is checked all the time and at the end.
// Usage: stress [SECONDS [THREADS]]
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { most_threads = 256, accounts = 16, ring_size = 32, stall_seconds = 30 };

static int thread_count = 64;
static volatile int over;

struct worker {
    pthread_t thread;
    unsigned random;
    volatile unsigned long steps, signals_taken;
    unsigned long signals_sent, forks, passed_on, taken;
};
static struct worker workers[most_threads];
static __thread struct worker *self;

static void fail(const char *what) {
    fprintf(stderr, "stress: %s\n", what);
    _exit(1);
}
static void check(int holds, const char *what) {
    if (!holds) fail(what);
}

static unsigned next_random(struct worker *worker) {
    worker->random = worker->random * 1103515245u + 12345u;
    return worker->random >> 8;
}

// --- accounts: the sum stays the same

static struct { pthread_mutex_t mutex; long balance; } account[accounts];

static void transfer(struct worker *worker) {
    unsigned from = next_random(worker) % accounts, to = next_random(worker) % accounts;
    if (from == to) return;
    unsigned first = from < to ? from : to, second = from < to ? to : from;
    pthread_mutex_lock(&account[first].mutex);
    pthread_mutex_lock(&account[second].mutex);
    long amount = next_random(worker) % 100;
    account[from].balance -= amount;
    account[to].balance += amount;
    pthread_mutex_unlock(&account[second].mutex);
    pthread_mutex_unlock(&account[first].mutex);
}

// --- a ring: what goes in comes out

static pthread_mutex_t ring_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_empty = PTHREAD_COND_INITIALIZER, not_full = PTHREAD_COND_INITIALIZER;
static unsigned long ring[ring_size], ring_first, ring_length;

static void put(struct worker *worker) {
    unsigned long value = next_random(worker);
    pthread_mutex_lock(&ring_mutex);
    while (ring_length == ring_size && !over) pthread_cond_wait(&not_full, &ring_mutex);
    if (ring_length < ring_size) {
        ring[(ring_first + ring_length++) % ring_size] = value;
        worker->passed_on += value;
        pthread_cond_signal(&not_empty);
    }
    pthread_mutex_unlock(&ring_mutex);
}

static void get(struct worker *worker) {
    pthread_mutex_lock(&ring_mutex);
    while (ring_length == 0 && !over) pthread_cond_wait(&not_empty, &ring_mutex);
    if (ring_length > 0) {
        worker->taken += ring[ring_first];
        ring_first = (ring_first + 1) % ring_size;
        --ring_length;
        pthread_cond_signal(&not_full);
    }
    pthread_mutex_unlock(&ring_mutex);
}

// --- memory

static void allocate(struct worker *worker) {
    size_t size = 16 + next_random(worker) % 5000;
    unsigned char pattern = (unsigned char)next_random(worker), *block = malloc(size);
    check(block != NULL, "no memory");
    memset(block, pattern, size);
    for (size_t i = 0; i < size; i += 7) check(block[i] == pattern, "memory was changed by somebody else");
    free(block);
}

// --- atomics and arithmetic

static unsigned long atomic_sum, lock_free_steps;

static void compute(struct worker *worker) {
    double x = 1;
    unsigned count = next_random(worker) % 200;
    for (unsigned i = 0; i < count; ++i) {
        __atomic_fetch_add(&atomic_sum, 1, __ATOMIC_SEQ_CST);
        x = x * 1.5 + 0.25;
    }
    double expected = 1;
    for (unsigned i = 0; i < count; ++i) expected = expected * 1.5 + 0.25;
    check(x == expected, "floating point went wrong");
    __atomic_fetch_add(&lock_free_steps, count, __ATOMIC_SEQ_CST);
}

// --- signals and processes

static void on_signal(int number) {
    (void)number;
    ++self->signals_taken;
}

static void send_signal(struct worker *worker) {
    struct worker *other = &workers[next_random(worker) % thread_count];
    check(pthread_kill(other->thread, SIGUSR1) == 0, "pthread_kill");
    ++worker->signals_sent;
}

static void start_process(struct worker *worker) {
    pid_t child = fork();
    check(child >= 0, "fork");
    if (child == 0) {
        // Alone there, whatever the others were doing.
        allocate(worker);
        _exit(worker->signals_sent % 100);
    }
    int status;
    pid_t ended;
    while ((ended = waitpid(child, &status, 0)) < 0 && errno == EINTR) {}
    check(ended == child && WIFEXITED(status) && (unsigned long)WEXITSTATUS(status) == worker->signals_sent % 100, "a child's end");
    ++worker->forks;
}

static void nap(struct worker *worker) {
    struct timespec length = {0, next_random(worker) % 200000};
    nanosleep(&length, NULL);
}

static pthread_barrier_t start;

static void *work(void *argument) {
    self = argument;
    struct worker *worker = self;
    pthread_barrier_wait(&start);
    while (!over) {
        unsigned choice = next_random(worker) % 1000;
        if (choice < 300) transfer(worker);
        else if (choice < 450) worker - workers < thread_count / 2 ? put(worker) : get(worker);
        else if (choice < 700) allocate(worker);
        else if (choice < 900) compute(worker);
        else if (choice < 960) send_signal(worker);
        else if (choice < 998) nap(worker);
        else start_process(worker);
        ++worker->steps;
    }
    return NULL;
}

int main(int argc, char **argv) {
    int seconds = argc > 1 ? atoi(argv[1]) : 10;
    if (argc > 2) thread_count = atoi(argv[2]);
    if (thread_count < 2 || thread_count > most_threads) fail("2 to 256 threads");
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigaction(SIGUSR1, &action, NULL);
    for (int i = 0; i < accounts; ++i) {
        pthread_mutex_init(&account[i].mutex, NULL);
        account[i].balance = 1000;
    }
    pthread_barrier_init(&start, NULL, (unsigned)thread_count);
    for (int i = 0; i < thread_count; ++i) {
        workers[i].random = (unsigned)i * 7919 + 1;
        check(pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0, "pthread_create");
    }

    // Nobody stands still.
    unsigned long before[most_threads] = {0};
    int standing[most_threads] = {0};
    for (int second = 0; second < seconds; ++second) {
        sleep(1);
        for (int i = 0; i < thread_count; ++i) {
            standing[i] = workers[i].steps == before[i] ? standing[i] + 1 : 0;
            before[i] = workers[i].steps;
            check(standing[i] < stall_seconds, "a thread stands still");
        }
    }
    pthread_mutex_lock(&ring_mutex);
    over = 1;
    pthread_cond_broadcast(&not_empty);
    pthread_cond_broadcast(&not_full);
    pthread_mutex_unlock(&ring_mutex);

    unsigned long steps = 0, forks = 0, sent = 0, taken_signals = 0, in = 0, out = 0;
    for (int i = 0; i < thread_count; ++i) {
        check(pthread_join(workers[i].thread, NULL) == 0, "pthread_join");
        steps += workers[i].steps, forks += workers[i].forks, sent += workers[i].signals_sent;
        taken_signals += workers[i].signals_taken, in += workers[i].passed_on, out += workers[i].taken;
    }
    long sum = 0;
    for (int i = 0; i < accounts; ++i) sum += account[i].balance;
    check(sum == accounts * 1000, "money was lost or made");
    for (; ring_length > 0; --ring_length) out += ring[ring_first], ring_first = (ring_first + 1) % ring_size;
    check(in == out, "the ring lost something");
    check(atomic_sum == lock_free_steps, "an atomic addition was lost");
    check(taken_signals > 0 && taken_signals <= sent, "signals");
    printf("%d threads, %lu steps, %lu forks, %lu signals sent, %lu taken\n", thread_count, steps, forks, sent, taken_signals);
    return 0;
}
