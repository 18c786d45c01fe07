/* Atomic operations on the kinds of memory there are, and how they fault. */
#include "guest.h"

static volatile u32 zeroed;
static volatile word initialised = 5;
static u8 signals_seen;

static void exercise_word(volatile u32 *at)
{
    u32 expected = 0;
    CHECK_EQUAL(__atomic_fetch_add(at, 7, __ATOMIC_SEQ_CST), 0);
    CHECK(!__atomic_compare_exchange_n(at, &expected, 9, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
    CHECK_EQUAL(expected, 7);
    CHECK(__atomic_compare_exchange_n(at, &expected, 0x80000001u, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
    CHECK_EQUAL(__atomic_exchange_n(at, 0xf0f0f0f0u, __ATOMIC_SEQ_CST), 0x80000001u);
    CHECK_EQUAL(__atomic_and_fetch(at, 0xff00ff00u, __ATOMIC_SEQ_CST), 0xf000f000u);
    CHECK_EQUAL(__atomic_xor_fetch(at, 0xf000f00fu, __ATOMIC_SEQ_CST), 0xfu);
    CHECK_EQUAL(*at, 0xfu);
    __atomic_store_n(at, 0, __ATOMIC_SEQ_CST);
}

static void exercise_long(volatile word *at)
{
    word top = (word)1 << (sizeof(word) * 8 - 1), expected = 5;
    CHECK_EQUAL(__atomic_fetch_or(at, top, __ATOMIC_SEQ_CST), 5);
    CHECK(!__atomic_compare_exchange_n(at, &expected, 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
    CHECK(expected == (top | 5));
    CHECK(__atomic_sub_fetch(at, top, __ATOMIC_SEQ_CST) == 5);
}

static void count(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info, (void)context;
    signals_seen++;
}

/* A signal between the two halves of an operation must not let it succeed on an old value. */
static void exercise_interrupted(volatile u32 *at)
{
    CHECK_EQUAL(set_handler(SIGUSR1, count, 0, 0), 0);
    for (int i = 1; i <= 20; i++) {
        __atomic_fetch_add(at, 1, __ATOMIC_SEQ_CST);
        CHECK_EQUAL(send_signal(own_pid(), SIGUSR1), 0);
        __atomic_fetch_add(at, 1, __ATOMIC_SEQ_CST);
        CHECK_EQUAL(*at, (u32)i * 2);
    }
    CHECK_EQUAL(signals_seen, 20);
}

/* An operation on what may not be written. Where the kernel does the work, the compiler's library ends the
 * program as it does when something is impossible. */
static void check_fault(volatile u32 *at, int code)
{
    int signal = CAUSES_FAULT(__atomic_fetch_add(at, 1, __ATOMIC_SEQ_CST));
#ifdef ABI_ATOMIC_FAULT
    if (code == SEGV_ACCERR) { /* it loads by itself first */
        CHECK_EQUAL(signal, ABI_ATOMIC_FAULT);
        return;
    }
#endif
    CHECK_EQUAL(signal, SIGSEGV);
    CHECK_EQUAL(caught_fault.code, code);
    CHECK_EQUAL(caught_fault.address & -PAGE, (word)at & -PAGE); /* some machines tell the page only */
}

int main(int argc, char **argv)
{
    (void)argv;
    volatile u32 local = 0;
    int flags = (argc > 1 ? MAP_SHARED : MAP_PRIVATE) | MAP_ANONYMOUS; /* with memory that others may see, atomic is more */
    u8 *pages = (u8 *)CHECK_WORKS(map_memory(0, 2 * PAGE, PROT_READ | PROT_WRITE, flags, -1, 0));
    exercise_word(&zeroed);
    exercise_word(&local);
    exercise_word((volatile u32 *)(pages + PAGE - 4));
    exercise_word((volatile u32 *)(pages + PAGE));   /* not touched before */
    exercise_long(&initialised);
    exercise_interrupted(&zeroed);

    catch_faults();
    volatile u32 *at = (volatile u32 *)(pages + 16);
    CHECK_EQUAL(CALL(mprotect, pages, PAGE, PROT_READ), 0);
    check_fault(at, SEGV_ACCERR);
    CHECK_EQUAL(CALL(munmap, pages, PAGE), 0);
    check_fault(at, SEGV_MAPERR);
    return passed();
}
