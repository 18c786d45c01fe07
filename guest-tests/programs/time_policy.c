/* What clocks say and how long waits are, for a test that knows which time policy is in force
 * (guest-tests/time-policy). Each argument is an action, and each prints lines:
 *   clocks        every clock: "NAME VDSO_NS CALL_NS"
 *   reads         MONOTONIC twelve times by vDSO and call in turn, as distances from the first
 *   sleep:MS      "sleep ELAPSED_NS" of MONOTONIC by a relative nanosleep; also until:MS
 *                 (absolute, REALTIME), poll:MS (no descriptors), pipe:MS (an empty pipe),
 *                 alarm:MS (setitimer and a wait for its signal), timer:MS (a timer's file),
 *                 futex:MS
 *   narrow        REALTIME by 32-bit time where the ABI has it: "narrow SECONDS"
 *   fork          the rest once in a child, then once here
 *   exec          the rest in a new program
 * Without an argument: reads of all clocks, one after another, never go back. */
#include "vdso.h"

static const struct {
    int clock;
    const char *name;
} clocks[] = {
    {0, "REALTIME"}, {1, "MONOTONIC"}, {4, "MONOTONIC_RAW"}, {5, "REALTIME_COARSE"},
    {6, "MONOTONIC_COARSE"}, {7, "BOOTTIME"}, {11, "TAI"},
};

static struct vdso vdso;

static i64 by_vdso(int clock)
{
    struct instant now;
    CHECK_EQUAL(vdso_read_clock(&vdso, clock, &now), 0);
    return to_nanoseconds(now);
}

static i64 by_call(int clock)
{
    struct instant now;
    CHECK_EQUAL(read_clock(clock, &now), 0);
    return to_nanoseconds(now);
}

static void print_clocks(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(clocks); i++) {
        i64 vdso_value = by_vdso(clocks[i].clock), call_value = by_call(clocks[i].clock);
        CHECK(call_value >= vdso_value);
        print("%s %lld %lld\n", clocks[i].name, (long long)vdso_value, (long long)call_value);
    }
}

static void print_reads(void)
{
    i64 values[12];
    for (int i = 0; i < 12; i++)
        values[i] = i % 2 ? by_call(1) : by_vdso(1);
    print("reads");
    for (int i = 0; i < 12; i++)
        print(" %lld", (long long)(values[i] - values[0]));
    print("\n");
}

static volatile int alarms;
static void on_alarm(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info, (void)context;
    alarms++;
}

static void wait_until(i64 end)
{
    struct __kernel_timespec time = {end / SECOND, end % SECOND};
#ifdef __NR_clock_nanosleep_time64
    CHECK_EQUAL(CALL(clock_nanosleep_time64, CLOCK_REALTIME, 1, &time, 0), 0);
#else
    CHECK_EQUAL(CALL(clock_nanosleep, CLOCK_REALTIME, 1, &time, 0), 0);
#endif
}

static void wait_for_alarm(i64 nanoseconds)
{
    alarms = 0;
    CHECK_EQUAL(set_signal_mask(SIG_BLOCK, SIGNAL_BIT(SIGALRM), 0), 0);
    CHECK_EQUAL(set_handler(SIGALRM, on_alarm, 0, 0), 0);
    CHECK_EQUAL(set_interval_timer(0, nanoseconds, 0), 0);
    while (!alarms)
        suspend_until_signal(0);
}

static void wait_for_timer(i64 nanoseconds)
{
    struct __kernel_itimerspec times = {{0, 0}, {nanoseconds / SECOND, nanoseconds % SECOND}}, left;
    int fd = (int)CHECK_WORKS(CALL(timerfd_create, CLOCK_MONOTONIC, 0));
#ifdef __NR_timerfd_settime64
    CHECK_EQUAL(CALL(timerfd_settime64, fd, 0, &times, 0), 0);
    CHECK_EQUAL(CALL(timerfd_gettime64, fd, &left), 0);
#else
    CHECK_EQUAL(CALL(timerfd_settime, fd, 0, &times, 0), 0);
    CHECK_EQUAL(CALL(timerfd_gettime, fd, &left), 0);
#endif
    i64 rest = left.it_value.tv_sec * SECOND + left.it_value.tv_nsec;
    CHECK(rest > 0 && rest <= nanoseconds);
    u64 expirations = 0;
    CHECK_EQUAL(CALL(read, fd, &expirations, sizeof expirations), sizeof expirations);
    CHECK_EQUAL(expirations, 1);
    CALL(close, fd);
}

static void wait_on_futex(i64 nanoseconds)
{
    struct __kernel_timespec time = {nanoseconds / SECOND, nanoseconds % SECOND};
    u32 value = 5;
#ifdef __NR_futex_time64
    CHECK_EQUAL(CALL(futex_time64, &value, 0 /* FUTEX_WAIT */, 5, &time, 0, 0), -ETIMEDOUT);
#else
    CHECK_EQUAL(CALL(futex, &value, 0 /* FUTEX_WAIT */, 5, &time, 0, 0), -ETIMEDOUT);
#endif
}

static void wait_on_pipe(int milliseconds)
{
    int ends[2];
    CHECK_EQUAL(make_pipe(ends), 0);
    struct pollfd waited = {ends[0], POLLIN, 0};
    CHECK_EQUAL(poll_fds(&waited, 1, milliseconds), 0);
    CALL(close, ends[0]);
    CALL(close, ends[1]);
}

static void print_wait(const char *action, const char *name)
{
    i64 milliseconds = parse_number(action + text_length(name) + 1), length = milliseconds * 1000000;
    i64 start = by_vdso(CLOCK_MONOTONIC);
    if (name[0] == 's')
        CHECK_EQUAL(sleep_for(length), 0);
    else if (name[0] == 'u')
        wait_until(by_call(CLOCK_REALTIME) + length);
    else if (text_equal(name, "poll"))
        CHECK_EQUAL(poll_fds(0, 0, (int)milliseconds), 0);
    else if (text_equal(name, "pipe"))
        wait_on_pipe((int)milliseconds);
    else if (name[0] == 'a')
        wait_for_alarm(length);
    else if (name[0] == 't')
        wait_for_timer(length);
    else
        wait_on_futex(length);
    print("%s %lld\n", name, (long long)(by_call(CLOCK_MONOTONIC) - start));
}

static int starts_with(const char *text, const char *start)
{
    while (*start)
        if (*text++ != *start++)
            return 0;
    return *text == ':';
}

static void print_narrow(void)
{
#if defined __NR_clock_gettime64 && __NR_clock_gettime != __NR_clock_gettime64
    struct { int seconds, nanoseconds; } now;
    CHECK_EQUAL(CALL(clock_gettime, CLOCK_REALTIME, &now), 0);
    print("narrow %d\n", now.seconds);
#endif
}

static void act(char **action)
{
    static const char *const waits[] = {"sleep", "until", "poll", "pipe", "alarm", "timer", "futex"};
    for (; *action; action++) {
        if (text_equal(*action, "clocks"))
            print_clocks();
        else if (text_equal(*action, "reads"))
            print_reads();
        else if (text_equal(*action, "narrow"))
            print_narrow();
        else if (text_equal(*action, "fork")) {
            int status = 0, child = (int)CHECK_WORKS(fork_process());
            if (child == 0)
                continue;
            CHECK_EQUAL(wait_for(child, &status, 0), child);
            CHECK_EQUAL(status, 0);
        } else if (text_equal(*action, "exec")) {
            const char *path = (const char *)auxv_value(AT_EXECFN, 0);
            *action = (char *)path;
            CALL(execve, path, action, guest_environment);
            FAIL("execve came back");
        } else {
            size_t i = 0;
            while (i < ARRAY_SIZE(waits) && !starts_with(*action, waits[i]))
                i++;
            if (i == ARRAY_SIZE(waits))
                FAIL("unknown action %s", *action);
            print_wait(*action, waits[i]);
        }
    }
}

int main(int argc, char **argv)
{
    open_vdso(&vdso);
    if (argc > 1) {
        act(argv + 1);
        return 0;
    }
    i64 previous[ARRAY_SIZE(clocks)] = {0};
    for (int round = 0; round < 200; round++)
        for (size_t i = 0; i < ARRAY_SIZE(clocks); i++) {
            i64 value = round % 2 ? by_call(clocks[i].clock) : by_vdso(clocks[i].clock);
            CHECK(value >= previous[i]);
            previous[i] = value;
        }
    return passed();
}
