/* swapcontext(2): what it keeps, where it goes on, and what it refuses. */
#include "guest.h"

struct context {
    word flags;
    struct context *link;
    stack_t stack;
    word unused_1[7];
    word *registers;
    u32 mask[2];
    word unused_2[30 + 3];
    word machine[248]; /* aligned to 16 bytes, or the 12 bytes before it are its start */
} __attribute__((aligned(16)));
enum { CONTEXT_SIZE = 1184, GENERAL = 0, PROGRAM_COUNTER = 32, LINK = 36 };
_Static_assert(sizeof(struct context) == CONTEXT_SIZE, "struct ucontext of a 32-bit kernel");

/* Where a kept context goes on: the instruction behind sc, with the registers of the call. */
__asm__(".text\n"
        "swap: li 0, 249\n"
        "  sc\n"
        "swap_end: bnslr+\n"
        "  neg 3, 3\n"
        "  blr\n");
long swap(struct context *old, struct context *next, long size) __attribute__((returns_twice));
extern const char swap_end[];
_Static_assert(__NR_swapcontext == 249, "the number in swap");

static struct context first, second;
static word coroutine_stack[1024] __attribute__((aligned(16)));
static word seen_argument, seen_stack, seen_thread_pointer, visits;
static u64 seen_mask;

#define ALL_CONDITIONS "cr0", "cr1", "cr2", "cr3", "cr4", "cr5", "cr6", "cr7"
#define REGISTER_NOW(name) ({ word value_; __asm__ volatile("mr %0, " name : "=r"(value_)); value_; })

/* Leaves nothing of its caller in the registers. */
static _Noreturn void coroutine(word argument)
{
    for (;;) {
        visits++;
        seen_argument = argument;
        seen_stack = REGISTER_NOW("1");
        seen_thread_pointer = REGISTER_NOW("2");
        set_signal_mask(SIG_BLOCK, 0, &seen_mask);
        __asm__ volatile("li 14, -1; li 20, -1; li 30, -1; mtcr 14; fsub 14, 14, 14; fsub 31, 31, 31"
                         : : : "r14", "r20", "r30", "fr14", "fr31", ALL_CONDITIONS);
        CHECK_EQUAL(swap(&second, &first, CONTEXT_SIZE), (word)&second);
    }
}

/* The start of a page that is not there, behind one that is. */
static struct context *missing_context(void)
{
    word pages = (word)CHECK_WORKS(map_memory(0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    CHECK_EQUAL(CALL(munmap, pages + PAGE, PAGE), 0);
    return (struct context *)(pages + PAGE);
}

static void check_refusals(void)
{
    struct context *missing = missing_context();
    CHECK_EQUAL(swap(0, 0, CONTEXT_SIZE), 0);
    CHECK_EQUAL(swap(&first, 0, CONTEXT_SIZE - 1), -EINVAL);
    CHECK_EQUAL(swap(0, missing, CONTEXT_SIZE), -EFAULT);
    CHECK_EQUAL(swap(missing, 0, CONTEXT_SIZE), -EFAULT);
    CHECK_EQUAL(swap(missing - 1, 0, CONTEXT_SIZE), 0);
}

static void check_kept(struct context *context)
{
    CHECK_EQUAL(set_signal_mask(SIG_SETMASK, SIGNAL_BIT(SIGUSR1) | SIGNAL_BIT(40), 0), 0);
    CHECK_EQUAL(swap(context, 0, CONTEXT_SIZE), 0);
    CHECK_EQUAL(set_signal_mask(SIG_SETMASK, 0, 0), 0);
    CHECK_EQUAL((word)context->registers, (word)context->machine & -16ul);
    CHECK_EQUAL(context->mask[0], SIGNAL_BIT(SIGUSR1));
    CHECK_EQUAL(context->mask[1], SIGNAL_BIT(40) >> 32);
    CHECK_EQUAL(context->registers[PROGRAM_COUNTER], (word)swap_end);
    CHECK_EQUAL(context->registers[GENERAL], __NR_swapcontext);
    CHECK_EQUAL(context->registers[GENERAL + 2], REGISTER_NOW("2"));
    CHECK_EQUAL(context->registers[GENERAL + 3], (word)context);
    CHECK_EQUAL(context->registers[GENERAL + 5], CONTEXT_SIZE);
}

static void check_switch(void)
{
    CHECK_EQUAL(swap(&second, 0, CONTEXT_SIZE), 0);
    second.registers[PROGRAM_COUNTER] = (word)coroutine;
    second.registers[GENERAL + 1] = (word)(coroutine_stack + ARRAY_SIZE(coroutine_stack) - 16);
    second.registers[GENERAL + 2] = 4711; /* the thread pointer stays */
    second.registers[GENERAL + 3] = 815;
    second.mask[0] = SIGNAL_BIT(SIGUSR2);
    CHECK_EQUAL(swap(&first, &second, CONTEXT_SIZE), (word)&first);
    CHECK_EQUAL(visits, 1);
    CHECK_EQUAL(seen_argument, 815);
    CHECK(seen_stack - (word)coroutine_stack < sizeof coroutine_stack);
    CHECK_EQUAL(seen_thread_pointer, REGISTER_NOW("2"));
    CHECK_EQUAL(seen_mask, SIGNAL_BIT(SIGUSR2));
    u64 mask;
    CHECK_EQUAL(set_signal_mask(SIG_BLOCK, 0, &mask), 0);
    CHECK_EQUAL(mask, 0);
}

/* General, floating-point and condition registers come back; what the call was given, too. */
static void check_registers(void)
{
    static double number = 0.1, back[2];
    word general[3], condition, arguments[3];
    register word r3 __asm__("r3") = (word)&first;
    register word r4 __asm__("r4") = (word)&second;
    register word r5 __asm__("r5") = CONTEXT_SIZE;
    __asm__ volatile("li 14, 14; li 20, 20; lis 30, 0x1234; mtcr 30; lfd 14, 0(%[number]); lfd 31, 0(%[number])\n"
                     "li 0, 249; sc\n"
                     "stw 14, 0(%[general]); stw 20, 4(%[general]); stw 30, 8(%[general])\n"
                     "stw 3, 0(%[arguments]); stw 4, 4(%[arguments]); stw 5, 8(%[arguments])\n"
                     "mfcr 0; stw 0, 0(%[condition]); stfd 14, 0(%[back]); stfd 31, 8(%[back])"
                     : "+r"(r3), "+r"(r4), "+r"(r5)
                     : [general] "b"(general), [condition] "b"(&condition), [number] "b"(&number), [back] "b"(back),
                       [arguments] "b"(arguments)
                     : "r0", "r14", "r20", "r30", "fr14", "fr31", ALL_CONDITIONS, "memory");
    CHECK_EQUAL(visits, 2);
    CHECK_EQUAL(general[0], 14);
    CHECK_EQUAL(general[1], 20);
    CHECK_EQUAL(general[2], 0x12340000);
    CHECK_EQUAL(condition & 0xefffffff, 0x02340000); /* cr0.SO is the call's */
    CHECK_EQUAL(condition & 0x10000000, 0);
    CHECK_EQUAL(arguments[0], (word)&first);
    CHECK_EQUAL(arguments[1], (word)&second);
    CHECK_EQUAL(arguments[2], CONTEXT_SIZE);
    CHECK(back[0] == number && back[1] == number);
}

#ifndef PPC_FEATURE_HAS_ALTIVEC
#define PPC_FEATURE_HAS_ALTIVEC 0x10000000
#endif

static void check_vectors(void)
{
    static u32 seen[4] __attribute__((aligned(16)));
    if (!(auxv_value(AT_HWCAP, 0) & PPC_FEATURE_HAS_ALTIVEC))
        return;
    volatile int back = 0;
    __asm__ volatile(".machine push; .machine altivec; vspltisw 20, 5; .machine pop");
    swap(&first, 0, CONTEXT_SIZE);
    if (!back) {
        back = 1;
        __asm__ volatile(".machine push; .machine altivec; vspltisw 20, 6; .machine pop");
        swap(0, &first, CONTEXT_SIZE);
        FAIL("swapcontext came back");
    }
    __asm__ volatile(".machine push; .machine altivec; stvx 20, 0, %0; .machine pop" : : "r"(seen) : "memory");
    CHECK_EQUAL(seen[0], 5);
    CHECK_EQUAL(seen[3], 5);
}

static void on_fault(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info, (void)context;
    FAIL("a handler ran");
}

/* A context is there from its first byte to its last; registers elsewhere that are not there are
 * found too late for an error. */
static void die(void)
{
    CHECK_EQUAL(set_handler(SIGSEGV, on_fault, 0, 0), 0);
    CHECK_EQUAL(swap(&first, 0, CONTEXT_SIZE), 0);
    first.registers = (word *)16;
    swap(0, &first, CONTEXT_SIZE);
    FAIL("swapcontext came back");
}

/* Registers of a context at any address are kept at an aligned one, which has room below it. Where
 * the last byte of a context is, its caller says. */
static int check_edges(void)
{
    CHECK_EQUAL(swap(0, missing_context() - 1, CONTEXT_SIZE + 1), -EFAULT);
    static word room[(CONTEXT_SIZE + 16) / 4] __attribute__((aligned(16)));
    for (unsigned i = 0; i < 4; i++)
        check_kept((struct context *)(room + i));
    return passed();
}

int main(int argc, char **argv)
{
    if (argc > 1 && text_equal(argv[1], "die"))
        die();
    if (argc > 1 && text_equal(argv[1], "edges"))
        return check_edges();
    check_refusals();
    check_kept(&first);
    check_switch();
    check_registers();
    check_vectors();
    return passed();
}
