/* Descriptors that are made with flags: what other calls name EFD_NONBLOCK, TFD_CLOEXEC and so on is the
 * ABI's O_NONBLOCK and O_CLOEXEC. */
#include "guest.h"

static void has_flags(long fd, int status, int close_on_exec)
{
    CHECK_EQUAL(CALL(fcntl, fd, F_GETFL, 0) & O_NONBLOCK, status);
    CHECK_EQUAL(CALL(fcntl, fd, F_GETFD, 0), close_on_exec);
    CHECK_EQUAL(CALL(close, fd), 0);
}

/* Makes one descriptor with some flags. */
static long event(int flags) { return CALL(eventfd2, 0, flags); }
static long signals(int flags)
{
    signal_set none = {0};
    return CALL(signalfd4, -1, none, ABI_SIGNAL_SET_SIZE, flags);
}
static long timer(int flags) { return CALL(timerfd_create, CLOCK_MONOTONIC, flags); }
static long watch(int flags) { return CALL(inotify_init1, flags); }
static long pipe_end(int flags)
{
    int fds[2];
    long result = CALL(pipe2, fds, flags);
    if (result == 0)
        CHECK_EQUAL(CALL(close, fds[1]), 0);
    return result == 0 ? fds[0] : result;
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    static const struct {
        const char *name;
        long (*make)(int flags);
    } kinds[] = {{"eventfd2", event}, {"signalfd4", signals}, {"timerfd_create", timer}, {"inotify_init1", watch},
                 {"pipe2", pipe_end}};
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        has_flags(CHECK_WORKS(kinds[i].make(0)), 0, 0);
        has_flags(CHECK_WORKS(kinds[i].make(O_NONBLOCK)), O_NONBLOCK, 0);
        has_flags(CHECK_WORKS(kinds[i].make(O_CLOEXEC)), 0, FD_CLOEXEC);
        has_flags(CHECK_WORKS(kinds[i].make(O_NONBLOCK | O_CLOEXEC)), O_NONBLOCK, FD_CLOEXEC);
        long refused = kinds[i].make(O_APPEND | O_TRUNC);
        if (refused != -EINVAL)
            FAIL("%s: flags of files give %ld", kinds[i].name, refused);
    }
    CHECK_EQUAL(CALL(epoll_create1, O_NONBLOCK), -EINVAL);
    has_flags(CHECK_WORKS(CALL(epoll_create1, O_CLOEXEC)), 0, FD_CLOEXEC);
    return passed();
}
