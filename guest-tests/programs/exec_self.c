/* execve: arguments, environment, close-on-exec, signal dispositions, errors; signals in the new program. */
#include "guest.h"

static int is_open(int fd) { return CALL(fcntl, fd, F_GETFD, 0) >= 0; }

static volatile int count;
static void count_signal(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info, (void)context;
    count++;
}

static int second_life(char **argv, int argc)
{
    CHECK_EQUAL(argc, 5);
    CHECK(text_equal(argv[2], "two words"));
    CHECK(text_equal(argv[3], ""));
    CHECK(guest_environment[0] && text_equal(guest_environment[0], "COLOUR=green"));
    CHECK(guest_environment[1] && text_equal(guest_environment[1], "EMPTY="));
    CHECK(!guest_environment[2]);
    CHECK(is_open(20));
    CHECK(!is_open(21));
    CHECK_EQUAL(own_pid(), parse_number(argv[4]));
    word action[8];
    CHECK_EQUAL(CALL(rt_sigaction, SIGUSR1, 0, action, ABI_SIGNAL_SET_SIZE), 0);
    CHECK_EQUAL(action[ABI_ACTION_HANDLER], 0); /* handlers go */
    CHECK_EQUAL(CALL(rt_sigaction, SIGUSR2, 0, action, ABI_SIGNAL_SET_SIZE), 0);
    CHECK_EQUAL(action[ABI_ACTION_HANDLER], 1); /* ignored stays */
    u64 mask;
    CHECK_EQUAL(set_signal_mask(SIG_BLOCK, 0, &mask), 0);
    CHECK_EQUAL(mask, SIGNAL_BIT(SIGALRM));
    /* Signals reach the new program, in a system call and in a loop without any. */
    CHECK_EQUAL(set_handler(SIGALRM, count_signal, 0, 0), 0);
    CHECK_EQUAL(set_interval_timer(0 /* ITIMER_REAL */, 10000000, 0), 0);
    CHECK_EQUAL(suspend_until_signal(0), -EINTR);
    CHECK_EQUAL(count, 1);
    CHECK_EQUAL(set_signal_mask(SIG_SETMASK, 0, 0), 0);
    CHECK_EQUAL(set_interval_timer(0, 10000000, 0), 0);
    while (count == 1) {
    }
    return passed();
}

int main(int argc, char **argv)
{
    if (argc > 1 && text_equal(argv[1], "again"))
        return second_life(argv, argc);
    const char *path = (const char *)auxv_value(AT_EXECFN, 0);
    char pid[16];
    print_to(pid, sizeof pid, "%d", own_pid());
    const char *arguments[] = {path, "again", "two words", "", pid, 0};
    const char *environment[] = {"COLOUR=green", "EMPTY=", 0};

    CHECK_EQUAL(CALL(execve, "/nowhere/nothing", arguments, environment), -ENOENT);
    CHECK_EQUAL(CALL(execve, "/tmp", arguments, environment), -EACCES);
    CHECK_EQUAL(CALL(execve, 8, arguments, environment), -EFAULT);
    CHECK_EQUAL(CALL(execve, path, 8, environment), -EFAULT);

    CHECK_EQUAL(duplicate_to(1, 20), 20);
    CHECK_EQUAL(CALL(dup3, 1, 21, O_CLOEXEC), 21);
    CHECK_EQUAL(CALL(fcntl, 21, F_GETFD, 0), FD_CLOEXEC);
    CHECK_EQUAL(set_handler(SIGUSR1, count_signal, 0, 0), 0);
    CHECK_EQUAL(set_handler(SIGUSR2, (signal_handler)1, 0, 0), 0);
    CHECK_EQUAL(set_signal_mask(SIG_SETMASK, SIGNAL_BIT(SIGALRM), 0), 0);
    CALL(execve, path, arguments, environment);
    FAIL("execve came back");
}
