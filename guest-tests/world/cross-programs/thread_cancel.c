// A thread that signals reach by the library's own calls: pthread_kill, pthread_cancel, cleanup handlers.
// Expected: what the host prints (qemu-user hangs in some runs).
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static sem_t ready, taken;

static void on_signal(int number) {
    (void)number;
    sem_post(&taken);
}

static void clean_up(void *argument) { printf("cleaned up %s\n", (const char *)argument); }

static void *sleep_for_ever(void *argument) {
    pthread_cleanup_push(clean_up, argument);
    sem_post(&ready);
    while (1) pause();
    pthread_cleanup_pop(0);
    return NULL;
}

static void *compute_for_ever(void *argument) {
    pthread_cleanup_push(clean_up, argument);
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
    sem_post(&ready);
    while (1) {}
    pthread_cleanup_pop(0);
    return NULL;
}

static void cancel(void *(*body)(void *), char *name) {
    pthread_t thread;
    void *result;
    pthread_create(&thread, NULL, body, name);
    sem_wait(&ready);
    pthread_cancel(thread);
    pthread_join(thread, &result);
    printf("%s: cancelled %d\n", name, result == PTHREAD_CANCELED);
}

int main(void) {
    pthread_t thread;
    alarm(20);
    sem_init(&ready, 0, 0);
    sem_init(&taken, 0, 0);
    signal(SIGUSR1, on_signal);
    pthread_create(&thread, NULL, sleep_for_ever, "the first");
    sem_wait(&ready);
    pthread_kill(thread, SIGUSR1);
    sem_wait(&taken);
    printf("signal taken\n");
    cancel(sleep_for_ever, "a sleeping thread");
    cancel(compute_for_ever, "a computing thread");
    return 0;
}
