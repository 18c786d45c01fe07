/* vfork: child and parent share their memory. The parent sees what the child has written when that has ended, could
 * not start another program, or has started one (this one, again). */
#include "vfork.h"

#define PAGES 40

enum what { ENDS, FAILS_TO_START, STARTS };

static volatile u32 pages[PAGES][1024]; /* the child writes one word of each */
static volatile u32 count;
static volatile long first_error, second_error;
static const char *own_path;

/* What the child does, in a frame of its own: the parent's is still in use. */
static _Noreturn __attribute__((noinline)) void be_child(enum what what)
{
    const char *arguments[] = {own_path, "child", 0};
    ++count;
    for (u32 i = 0; i < PAGES; ++i)
        pages[i][i * 7] += i + what + 1;
    if (what == FAILS_TO_START) {
        first_error = CALL(execve, "/missing/program", arguments, guest_environment);
        ++count;
        second_error = CALL(execve, "./neither", arguments, guest_environment);
    }
    if (what == STARTS)
        CALL(execve, own_path, arguments, guest_environment);
    exit_with(7);
}

static void check_child(enum what what, int expected_status)
{
    int status = 0;
    u32 count_before = count;
    for (u32 i = 0; i < PAGES; ++i)
        pages[i][i * 7] = i * 1000;
    long child = VFORK();
    if (child == 0)
        be_child(what);
    CHECK_WORKS(child);
    CHECK_EQUAL(count, count_before + (what == FAILS_TO_START ? 2 : 1));
    for (u32 i = 0; i < PAGES; ++i) {
        CHECK_EQUAL(pages[i][i * 7], i * 1001 + what + 1);
        pages[i][i * 7] = 0;
        for (u32 k = 0; k < 1024; ++k)
            CHECK_EQUAL(pages[i][k], 0);
    }
    CHECK_EQUAL(wait_for((int)child, &status, 0), child);
    CHECK_EQUAL(status, expected_status << 8);
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        exit_with(count == 0 ? 33 : 34);
    own_path = (const char *)auxv_value(AT_EXECFN, 0);
    check_child(ENDS, 7);
    check_child(FAILS_TO_START, 7);
    CHECK_EQUAL(first_error, -ENOENT);
    CHECK_EQUAL(second_error, -ENOENT);
    check_child(STARTS, 33);
    return passed();
}
