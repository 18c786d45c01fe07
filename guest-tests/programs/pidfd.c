/* Process descriptors: of any process, of a new child by clone, in signals, waits, polls; descriptors of others. */
#include "guest.h"

#include <linux/sched.h>
#include <linux/pidfd.h>
#include <linux/resource.h>
#include <linux/wait.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

static long fork_with_descriptor(int *pidfd)
{
    /* Of clone's arguments the first two are exchanged on s390. */
#ifdef __s390__
    return CALL(clone, 0, CLONE_PIDFD | SIGCHLD, pidfd, 0, 0);
#else
    return CALL(clone, CLONE_PIDFD | SIGCHLD, 0, pidfd, 0, 0);
#endif
}

static long poll_one(int fd, int milliseconds)
{
    struct pollfd polled = {fd, POLLIN, 0};
    return poll_fds(&polled, 1, milliseconds);
}

static void check_wait(int pidfd, int expected_code, int expected_status)
{
    struct {
        int words[32];
    } info = {{0}};
    CHECK_EQUAL(poll_one(pidfd, 10000), 1);
    CHECK_WORKS(CALL(waitid, P_PIDFD, pidfd, &info, WEXITED, 0));
    siginfo_t *told = (siginfo_t *)&info;
    CHECK_EQUAL(told->si_code, expected_code);
    CHECK_EQUAL(told->si_status, expected_status);
    CHECK_EQUAL(CALL(waitid, P_PIDFD, pidfd, &info, WEXITED, 0), -ECHILD);
}

static int pause_child(int *pidfd)
{
    long child = fork_with_descriptor(pidfd);
    if (child == 0) {
        sleep_for(60 * SECOND);
        exit_with(1);
    }
    return (int)CHECK_WORKS(child);
}

static volatile int value_of_signal;

static void note_value(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)context;
    value_of_signal = info->si_code == SI_QUEUE ? info->si_int : -1;
}

static void check_queued_signal(void)
{
    int own = (int)CHECK_WORKS(CALL(pidfd_open, own_pid(), 0));
    siginfo_t info;
    memset(&info, 0, sizeof info);
    info.si_signo = SIGUSR1;
    info.si_code = SI_QUEUE;
    info.si_pid = own_pid();
    info.si_int = 4711;
    CHECK_WORKS(set_handler(SIGUSR1, note_value, 0, 0));
    CHECK_WORKS(CALL(pidfd_send_signal, own, SIGUSR1, &info, 0));
    CHECK_EQUAL(value_of_signal, 4711);
    CHECK_EQUAL(CALL(pidfd_send_signal, own, SIGUSR2, &info, 0), -EINVAL);
    CHECK_EQUAL(CALL(pidfd_send_signal, own, SIGUSR1, &info, 1000), -EINVAL);
    CHECK_EQUAL(CALL(pidfd_send_signal, own, SIGUSR1, 8, 0), -EFAULT);
    CHECK_WORKS(CALL(pidfd_send_signal, own, 0, 0, 0));
    CHECK_EQUAL(CALL(pidfd_send_signal, own, 1000, 0, 0), -EINVAL);
    CHECK_WORKS(CALL(close, own));
}

/* Without a free descriptor there is no child. */
static void check_no_descriptor(void)
{
    u64 limit[2];
    CHECK_WORKS(CALL(prlimit64, 0, RLIMIT_NOFILE, 0, limit));
    u64 none[2] = {0, limit[1]};
    CHECK_WORKS(CALL(prlimit64, 0, RLIMIT_NOFILE, none, 0));
    int pidfd = -1;
    long child = fork_with_descriptor(&pidfd);
    if (child == 0)
        exit_with(0);
    CHECK_EQUAL(child, -EMFILE);
    CHECK_EQUAL(pidfd, -1);
    CHECK_WORKS(CALL(prlimit64, 0, RLIMIT_NOFILE, limit, 0));
    CHECK_EQUAL(CALL(waitid, P_ALL, 0, 0, WEXITED | WNOHANG, 0), -ECHILD);
}

static void check_open_flags(void)
{
    CHECK_EQUAL(CALL(pidfd_open, -1, 0), -EINVAL);
    for (unsigned bit = 1; bit != 0; bit <<= 1)
        if (bit != O_NONBLOCK && bit != O_EXCL) /* of which the latter is PIDFD_THREAD since Linux 6.9 */
            CHECK_EQUAL(CALL(pidfd_open, own_pid(), bit), -EINVAL);
}

int main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    int pidfd = -1, fds[2];
    CHECK_WORKS(make_pipe(fds));
    long child = fork_with_descriptor(&pidfd);
    if (child == 0) {
        char byte;
        exit_with(CALL(read, fds[0], &byte, 1) == 1 ? 42 : 1);
    }
    CHECK_WORKS(child);
    CHECK(pidfd > fds[1]);
    CHECK_EQUAL(poll_one(pidfd, 0), 0);
    CHECK_EQUAL(CALL(write, fds[1], "x", 1), 1);
    check_wait(pidfd, CLD_EXITED, 42);
    CHECK_EQUAL(CALL(pidfd_send_signal, pidfd, 0, 0, 0), -ESRCH);
    CHECK_WORKS(CALL(close, pidfd));

    int paused = pause_child(&pidfd);
    CHECK_WORKS(CALL(close, pidfd));
    pidfd = (int)CHECK_WORKS(CALL(pidfd_open, paused, O_NONBLOCK));
    struct {
        int words[32];
    } info;
    CHECK_EQUAL(CALL(waitid, P_PIDFD, pidfd, &info, WEXITED, 0), -EAGAIN);
    /* Its end of the pipe is ours: what it has is what we gave it. */
    int taken = (int)CHECK_WORKS(CALL(pidfd_getfd, pidfd, fds[0], 0));
    CHECK(taken != fds[0]);
    CHECK_EQUAL(CALL(write, fds[1], "y", 1), 1);
    char byte = 0;
    CHECK_EQUAL(CALL(read, taken, &byte, 1), 1);
    CHECK_EQUAL(byte, 'y');
    CHECK_EQUAL(CALL(pidfd_getfd, pidfd, 9999, 0), -EBADF);
    CHECK_EQUAL(CALL(pidfd_getfd, pidfd, 0, 1), -EINVAL);
    CHECK_EQUAL(CALL(pidfd_getfd, fds[1], 0, 0), -EBADF);
    CHECK_WORKS(CALL(pidfd_send_signal, pidfd, SIGTERM, 0, 0));
    check_wait(pidfd, CLD_KILLED, SIGTERM);

    check_open_flags();
    check_no_descriptor();
    CHECK_EQUAL(fork_with_descriptor((int *)8), -EFAULT);
    check_queued_signal();
    return passed();
}
