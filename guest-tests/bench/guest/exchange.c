/* The guest side of bench/run for what needs a partner or moves much: see rows[]. Argument: what to measure. Prints
 * tenths of nanoseconds per round, taken by the system call clock. */
#include "guest.h"

#include <linux/futex.h>

/* --- two processes that hand a byte to and fro through two pipes */

static int to_child[2], to_parent[2];

static _Noreturn void echo_bytes(void)
{
    char byte;
    CALL(close, to_child[1]);
    while (CALL(read, to_child[0], &byte, 1) == 1)
        CHECK_EQUAL(CALL(write, to_parent[1], &byte, 1), 1);
    exit_with(0);
}

static void pipe_rounds(unsigned count)
{
    static int started;
    if (!started++) {
        CHECK_WORKS(make_pipe(to_child));
        CHECK_WORKS(make_pipe(to_parent));
        if (CHECK_WORKS(fork_process()) == 0)
            echo_bytes();
    }
    for (unsigned i = 0; i < count; i++) {
        u8 sent = (u8)i, received = 0;
        CHECK_EQUAL(CALL(write, to_child[1], &sent, 1), 1);
        CHECK_EQUAL(CALL(read, to_parent[0], &received, 1), 1);
        CHECK_EQUAL(received, sent);
    }
}

/* --- two threads that hand a futex to and fro */

#ifndef __NR_futex
#define __NR_futex __NR_futex_time64
#endif

static volatile u32 turn; /* whose it is: 0 the first thread's */

static void give_turn_to(u32 other)
{
    turn = other;
    CHECK_WORKS(CALL(futex, &turn, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, 0, 0, 0));
}

static void wait_for_turn(u32 own)
{
    while (turn != own)
        CALL(futex, &turn, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, own ^ 1, 0, 0, 0);
}

static _Noreturn void second_thread(void)
{
    for (;;) {
        wait_for_turn(1);
        give_turn_to(0);
    }
}

/* A thread's stack without a line of assembler: that of a signal handler, which the first thread has left when the
 * second goes on in it. The stack that clone itself is given only serves the few instructions before that. */
static word thread_start[ABI_MARK_WORDS], before_signal[ABI_MARK_WORDS];
static u8 handler_stack[4 * 8192] __attribute__((aligned(16))), clone_stack[4096] __attribute__((aligned(16)));

static void mark_thread_start(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info, (void)context;
    if (mark_return(thread_start))
        second_thread();
    return_to_mark(before_signal);
}

/* A call that leaves something on the stack is made by hand (as in vfork.h): clone's does not come back to it. */
#if defined __i386__
#define CLONE_BY_HAND "pop %edx\n push %ebx\n mov 8(%esp), %ecx\n mov 4(%esp), %ebx\n mov $120, %eax\n int $0x80\n" \
    "test %eax, %eax\n jz 1f\n pop %ebx\n 1: push %edx\n ret\n"
#elif defined __arm__
#define CLONE_BY_HAND "mov ip, r7\n mov r7, #120\n svc #0\n mov r7, ip\n bx lr\n"
#elif defined __sh__
#define CLONE_BY_HAND "mov #120, r3\n trapa #0x15\n rts\n nop\n"
#endif
#ifdef CLONE_BY_HAND
__asm__(".text\n.balign 4\n.globl clone_by_hand\n.type clone_by_hand, %function\nclone_by_hand: " CLONE_BY_HAND);
long clone_by_hand(word flags, word stack);
#define CLONE(flags, stack) clone_by_hand(flags, stack)
#elif defined __s390__
#define CLONE(flags, stack) CALL(clone, stack, flags, 0, 0, 0)
#else
#define CLONE(flags, stack) CALL(clone, flags, stack, 0, 0, 0)
#endif
/* CLONE_VM, FS, FILES, SIGHAND, THREAD, SYSVSEM */
#define THREAD_FLAGS 0x50f00

static void start_thread(void)
{
    stack_t stack = {.ss_sp = (void *)handler_stack, .ss_size = sizeof handler_stack}, none = {.ss_flags = SS_DISABLE};
    CHECK_WORKS(CALL(sigaltstack, &stack, 0));
    CHECK_WORKS(set_handler(SIGUSR1, mark_thread_start, SA_ONSTACK, 0));
    if (!mark_return(before_signal))
        CHECK_WORKS(send_signal(own_pid(), SIGUSR1));
    CHECK_WORKS(CALL(sigaltstack, &none, 0));
    long thread = CLONE(THREAD_FLAGS, (word)(clone_stack + sizeof clone_stack / 2));
    if (thread == 0)
        return_to_mark(thread_start);
    CHECK_WORKS(thread);
}

static void futex_rounds(unsigned count)
{
    static int started;
    if (!started++)
        start_thread();
    for (unsigned i = 0; i < count; i++) {
        give_turn_to(1);
        wait_for_turn(0);
    }
}

/* --- 64 KiB at once, to and from a file in memory */

static u8 block[64 << 10];

static int memory_file(void)
{
    static int fd = -1;
    if (fd < 0) {
        fd = (int)CHECK_WORKS(CALL(memfd_create, "block", 0));
        CHECK_EQUAL(CALL(write, fd, block, sizeof block), sizeof block);
    }
    return fd;
}

static void reads(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        i64 position;
        CHECK_WORKS(seek(memory_file(), 0, 0, &position));
        CHECK_EQUAL(CALL(read, memory_file(), block, sizeof block), sizeof block);
    }
}

static void writes(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        i64 position;
        CHECK_WORKS(seek(memory_file(), 0, 0, &position));
        CHECK_EQUAL(CALL(write, memory_file(), block, sizeof block), sizeof block);
    }
}

static const struct {
    const char *name;
    void (*run)(unsigned count);
    unsigned count;
} rows[] = {
    {"pipe", pipe_rounds, 3000},
    {"futex", futex_rounds, 3000},
    {"read-64k", reads, 5000},
    {"write-64k", writes, 5000},
};

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (text_equal(argv[1], rows[i].name)) {
            rows[i].run(rows[i].count / 10); /* translate first, and start the partner */
            i64 start = monotonic_now();
            rows[i].run(rows[i].count);
            print("%lld\n", (long long)((monotonic_now() - start) * 10 / rows[i].count));
            return 0;
        }
    FAIL("no row %s", argv[1]);
}
