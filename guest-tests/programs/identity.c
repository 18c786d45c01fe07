/* Identities, limits, sessions and the other small questions of a start-up. */
#include "guest.h"

/* A child leads a session of its own: process, group and session have one number. */
static void check_new_session(void)
{
    int status = -1;
    long child = CHECK_WORKS(fork_process());
    if (child == 0) {
        CHECK_EQUAL(CALL(setsid), own_pid());
        CHECK_EQUAL(CALL(getsid, 0), own_pid());
        CHECK_EQUAL(CALL(getpgid, 0), own_pid());
        CHECK_EQUAL(CALL(setsid), -EPERM);
        exit_with(0);
    }
    CHECK_EQUAL(wait_for((int)child, &status, 0), child);
    CHECK_EQUAL(status, 0);
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    CHECK(own_pid() > 0);
    CHECK_EQUAL(CALL(gettid), own_pid());
    CHECK_EQUAL(CALL(getpgid, 0), CALL(getpgid, own_pid()));
    CHECK(CALL(getsid, 0) >= 0); /* 0: the session's leader is outside the pid namespace */
    CHECK_EQUAL(CALL(setpgid, 0, -5), -EINVAL);
    check_new_session();

    u64 limit[2];
    CHECK_EQUAL(CALL(prlimit64, 0, 7 /* RLIMIT_NOFILE */, 0, limit), 0);
    CHECK(limit[0] > 3 && limit[0] <= limit[1]);
    CHECK_EQUAL(CALL(prlimit64, 0, 3 /* RLIMIT_STACK */, 0, limit), 0);
    CHECK(limit[0] >= 1024 * 1024);
    CHECK_EQUAL(CALL(prlimit64, 0, 99, 0, limit), -EINVAL);

    int address;
    CHECK_EQUAL(CALL(set_tid_address, &address), CALL(gettid));
    u8 random[32] = {0}, zero[32] = {0};
    CHECK_EQUAL(CALL(getrandom, random, 32, 0), 32);
    CHECK(memcmp(random, zero, 32) != 0);
    CHECK_EQUAL(CALL(getrandom, random, 32, 0xffff), -EINVAL);

    char name[16] = {0};
    CHECK_EQUAL(CALL(prctl, 15 /* PR_SET_NAME */, "postern-guest", 0, 0, 0), 0);
    CHECK_EQUAL(CALL(prctl, 16 /* PR_GET_NAME */, name, 0, 0, 0), 0);
    CHECK(text_equal(name, "postern-guest"));
    CHECK_EQUAL(CALL(sched_yield), 0);
    u8 usage[256];
    CHECK_EQUAL(CALL(getrusage, 0, usage), 0);
    u8 information[256];
    CHECK_EQUAL(CALL(sysinfo, information), 0);
    CHECK_EQUAL(system_call(9999, 0, 0, 0, 0, 0, 0), -ENOSYS);
#ifndef __arm__ /* there numbers above the private calls are SIGILL */
    CHECK_EQUAL(system_call(-1, 0, 0, 0, 0, 0, 0), -ENOSYS);
#endif
    return passed();
}
