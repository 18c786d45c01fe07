/* Atomic operations on memory that two processes share and work on at the same time: none is lost. */
#include "guest.h"

enum { rounds = 20000 };

#ifdef __riscv
typedef u32 small; /* its bytes need a library */
#else
typedef u8 small;
#endif

static struct shared {
    u32 started, sum, swapped, bits;
    word wide;
    small bytes[4];
    u64 crossing[3]; /* the middle of two, for operations that cross a border */
} *shared;

static void meet(void)
{
    __atomic_fetch_add(&shared->started, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&shared->started, __ATOMIC_SEQ_CST) % 2 != 0) {}
}

static void add_by_exchange(u32 *at)
{
    u32 old = __atomic_load_n(at, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(at, &old, old + 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {}
}

/* Each process has a bit of its own, which nobody else changes. */
static int bits_hold(u32 own)
{
    for (int i = 0; i < rounds; ++i) {
        if (__atomic_fetch_or(&shared->bits, own, __ATOMIC_SEQ_CST) & own) return 0;
        if (!(__atomic_fetch_and(&shared->bits, ~own, __ATOMIC_SEQ_CST) & own)) return 0;
    }
    return 1;
}

static int work(u32 own)
{
    meet();
    for (int i = 0; i < rounds; ++i) {
        __atomic_fetch_add(&shared->sum, 1, __ATOMIC_SEQ_CST);
        __atomic_fetch_sub(&shared->wide, 1, __ATOMIC_SEQ_CST);
        __atomic_fetch_add(&shared->bytes[1], 1, __ATOMIC_SEQ_CST);
        add_by_exchange(&shared->swapped);
    }
    return bits_hold(own);
}

#if defined __x86_64__ || defined __i386__
/* Of a word that lies in two of its own size. It works; whether it is atomic, the host's bus decides. */
static void crossing(void)
{
    u32 *at = (u32 *)((char *)&shared->crossing[1] - 2);
    u32 added = 0x10000;
    for (int i = 0; i < 3; ++i) __asm__ volatile("lock addl %1, %0" : "+m"(*at) : "r"(added));
    CHECK_EQUAL(shared->crossing[1], 3);
}
#else
static void crossing(void) {}
#endif

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    shared = (void *)CHECK_WORKS(map_memory(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    long child = CHECK_WORKS(fork_process());
    if (child == 0) exit_with(work(1) ? 0 : 1);
    CHECK(work(2));
    int status;
    CHECK_EQUAL(wait_for((int)child, &status, 0), child);
    CHECK_EQUAL(status, 0);
    CHECK_EQUAL(shared->sum, 2 * rounds);
    CHECK_EQUAL(shared->swapped, 2 * rounds);
    CHECK_EQUAL(shared->wide, (word)0 - 2 * rounds);
    CHECK_EQUAL(shared->bytes[1], (small)(2 * rounds));
    crossing();
    return passed();
}
