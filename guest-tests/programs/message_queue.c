/* POSIX message queues: attributes, order by priority, deadlines, a reader that waits, notification. */
#include "guest.h"

#include <linux/mqueue.h>

/* A C library leaves out the slash that its callers write; qemu-user looks for it there. */
static char path[40] = "/", *const name = path + 1;

/* struct timespec of the call with the plain name, or of the one with 64 bits, whichever there is. */
#ifdef __NR_mq_timedsend_time64
typedef i64 deadline_number;
#define __NR_queue_send __NR_mq_timedsend_time64
#define __NR_queue_receive __NR_mq_timedreceive_time64
#else
typedef time_word deadline_number;
#define __NR_queue_send __NR_mq_timedsend
#define __NR_queue_receive __NR_mq_timedreceive
#endif
struct deadline {
    deadline_number seconds, nanoseconds;
};

static struct deadline soon(i64 nanoseconds)
{
    struct instant now;
    CHECK_WORKS(read_clock(CLOCK_REALTIME, &now));
    i64 end = to_nanoseconds(now) + nanoseconds;
    return (struct deadline){(deadline_number)(end / SECOND), (deadline_number)(end % SECOND)};
}

static volatile int notified;

static void note(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)context;
    notified = info->si_code == SI_MESGQ ? info->si_int : -1;
}

static void check_notification(int queue)
{
    struct sigevent event;
    memset(&event, 0, sizeof event);
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGUSR1;
    event.sigev_value.sival_int = 4711;
    char text[64];
    CHECK_WORKS(set_handler(SIGUSR1, note, 0, 0));
    CHECK_WORKS(CALL(mq_notify, queue, &event));
    CHECK_EQUAL(CALL(mq_notify, queue, &event), -EBUSY);
    CHECK_WORKS(CALL(queue_send, queue, "note", 4, 1, 0));
    CHECK_EQUAL(notified, 4711);
    CHECK_WORKS(CALL(mq_notify, queue, &event)); /* each is for one message */
    CHECK_WORKS(CALL(mq_notify, queue, 0));
    CHECK_EQUAL(CALL(queue_receive, queue, text, sizeof text, 0, 0), 4);
}

static void check_errors(int queue)
{
    char text[64];
    CHECK_EQUAL(CALL(queue_receive, queue, text, 10, 0, 0), -EMSGSIZE);
    CHECK_EQUAL(CALL(queue_send, queue, text, 65, 0, 0), -EMSGSIZE);
    CHECK_EQUAL(CALL(queue_send, queue, text, 1, 100000, 0), -EINVAL);
    CHECK_EQUAL(CALL(queue_send, queue, 8, 1, 0, 0), -EFAULT);
    CHECK_EQUAL(CALL(queue_send, 9999, text, 1, 0, 0), -EBADF);
    CHECK_EQUAL(CALL(queue_receive, 0, text, sizeof text, 0, 0), -EBADF);
    CHECK_EQUAL(CALL(mq_open, &"/a/b"[1], O_RDWR | O_CREAT, 0600, 0), -EACCES);
    CHECK_EQUAL(CALL(mq_open, 8, O_RDWR, 0600, 0), -EFAULT);
    CHECK_EQUAL(CALL(mq_open, &"/postern-no-such-queue"[1], O_RDWR, 0, 0), -ENOENT);
}

int main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    print_to(name, sizeof path - 1, "postern-test-%d", own_pid());
    struct mq_attr attributes = {.mq_maxmsg = 3, .mq_msgsize = 64}, told;
    int queue = (int)CHECK_WORKS(CALL(mq_open, name, O_RDWR | O_CREAT | O_EXCL, 0600, &attributes));
    CHECK_EQUAL(CALL(mq_open, name, O_RDWR | O_CREAT | O_EXCL, 0600, &attributes), -EEXIST);
    CHECK_WORKS(CALL(mq_unlink, name));
    CHECK_EQUAL(CALL(mq_unlink, name), -ENOENT);

    CHECK_WORKS(CALL(queue_send, queue, "low", 3, 1, 0));
    CHECK_WORKS(CALL(queue_send, queue, "highest", 7, 70, 0));
    CHECK_WORKS(CALL(queue_send, queue, "low too", 7, 1, 0));
    memset(&told, 0x55, sizeof told);
    CHECK_WORKS(CALL(mq_getsetattr, queue, 0, &told));
    CHECK_EQUAL(told.mq_maxmsg, 3);
    CHECK_EQUAL(told.mq_msgsize, 64);
    CHECK_EQUAL(told.mq_curmsgs, 3);
    CHECK_EQUAL(told.mq_flags, 0);
    struct deadline deadline = soon(20000000);
    CHECK_EQUAL(CALL(queue_send, queue, "full", 4, 1, &deadline), -ETIMEDOUT);
    deadline.nanoseconds = -1;
    CHECK_EQUAL(CALL(queue_send, queue, "full", 4, 1, &deadline), -EINVAL);

    char text[64] = "";
    u32 priority = 0;
    CHECK_EQUAL(CALL(queue_receive, queue, text, sizeof text, &priority, 0), 7);
    CHECK_EQUAL(memcmp(text, "highest", 7), 0);
    CHECK_EQUAL(priority, 70);
    CHECK_EQUAL(CALL(queue_receive, queue, text, sizeof text, &priority, 0), 3);
    CHECK_EQUAL(CALL(queue_receive, queue, text, sizeof text, &priority, 0), 7);
    CHECK_EQUAL(memcmp(text, "low too", 7), 0);
    CHECK_EQUAL(priority, 1);
    deadline = soon(20000000);
    CHECK_EQUAL(CALL(queue_receive, queue, text, sizeof text, &priority, &deadline), -ETIMEDOUT);

    struct mq_attr wanted = {.mq_flags = O_NONBLOCK};
    CHECK_WORKS(CALL(mq_getsetattr, queue, &wanted, 0));
    CHECK_WORKS(CALL(mq_getsetattr, queue, &wanted, &told));
    CHECK_EQUAL(told.mq_flags, O_NONBLOCK);
    CHECK_EQUAL(CALL(queue_receive, queue, text, sizeof text, &priority, 0), -EAGAIN);
    wanted.mq_flags = 0;
    CHECK_WORKS(CALL(mq_getsetattr, queue, &wanted, 0));

    long child = fork_process();
    if (child == 0)
        exit_with(CALL(queue_receive, queue, text, sizeof text, &priority, 0) == 5 && priority == 9 ? 0 : 1);
    CHECK_WORKS(child);
    CHECK_WORKS(CALL(queue_send, queue, "hello", 5, 9, 0));
    int status = 0;
    CHECK_EQUAL(wait_for((int)child, &status, 0), child);
    CHECK_EQUAL(status, 0);
    check_notification(queue);
    check_errors(queue);
    return passed();
}
