// Programs that are started without a copy of the caller: those that are there, are not, may not be run, from
// a process with one thread and with several.
// Expected: what the host prints (qemu-user takes vfork for fork, so the caller never hears that it failed).
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void spawn(const char *what, const char *path, int search) {
    char *arguments[] = {"spawned", "child", NULL};
    pid_t child = -1;
    int error = (search ? posix_spawnp : posix_spawn)(&child, path, NULL, NULL, arguments, environ);
    if (error != 0) {
        printf("%s: %s\n", what, strerrorname_np(error));
        return;
    }
    int status;
    if (waitpid(child, &status, 0) != child) printf("%s: not waited for\n", what);
    else printf("%s: status %#x\n", what, (unsigned)status);
}

static void spawn_with_missing_file(void) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 5, "/missing/file", 0, 0);
    char *arguments[] = {"spawned", "child", NULL};
    pid_t child;
    int error = posix_spawn(&child, "/proc/self/exe", &actions, NULL, arguments, environ);
    printf("a file that is not there: %s\n", error ? strerrorname_np(error) : "none");
    posix_spawn_file_actions_destroy(&actions);
}

static volatile int over;
static void *count(void *counter) {
    for (volatile unsigned long *n = counter; !over;) ++*n;
    return NULL;
}

static void spawn_all(void) {
    spawn("this program", "/proc/self/exe", 0);
    spawn("missing", "/missing/program", 0);
    spawn("a folder", "/proc", 0);
    spawn("nowhere in PATH", "no-program-of-this-name", 1);
    spawn_with_missing_file();
    printf("still children: %s\n", waitpid(-1, NULL, WNOHANG) < 0 ? strerrorname_np(errno) : "yes");
}

int main(int argc, char **argv) {
    (void)argv;
    if (argc > 1) return 3;
    setvbuf(stdout, NULL, _IOLBF, 0);
    setenv("PATH", "/missing:/proc/none:/also-missing", 1);
    spawn_all();
    /* The counter lies in the page of what the child writes to, perhaps. */
    static unsigned long counter;
    pthread_t other;
    pthread_create(&other, NULL, count, &counter);
    while (counter == 0) usleep(100);
    unsigned long before = counter;
    spawn_all();
    while (counter <= before) usleep(100);
    over = 1;
    pthread_join(other, NULL);
    puts("with another thread: the same");
    return 0;
}
