// A lock in memory that two processes share and want at the same time; then one of them ends with it.
// Expected: what the host prints (qemu-user leaves robust locks locked).
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { rounds = 2000 };

static struct shared {
    pthread_mutex_t mutex;
    int count;
} *shared;

static void count(void) {
    for (int i = 0; i < rounds; ++i) {
        pthread_mutex_lock(&shared->mutex);
        ++shared->count;
        pthread_mutex_unlock(&shared->mutex);
    }
}

int main(void) {
    pthread_mutexattr_t attributes;
    alarm(20);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&shared->mutex, &attributes);
    pid_t child = fork();
    if (child == 0) alarm(20);
    count();
    if (child == 0) _exit(0);
    waitpid(child, NULL, 0);
    child = fork();
    if (child == 0) {
        pthread_mutex_lock(&shared->mutex);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    int error = pthread_mutex_lock(&shared->mutex);
    printf("shared lock: %d, %s\n", shared->count, strerror(error));
    return 0;
}
