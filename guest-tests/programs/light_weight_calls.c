/* The light-weight calls of PA-RISC's gateway page: compare and swap; with the argument `newer`, those that
 * Linux has since 6.0: exchange and store. */
#include "guest.h"

struct outcome {
    long result; /* r28 */
    long error;  /* r21 */
};

/* The page at its place; or a copy of it in the program, whose faults nobody answers (vdso-images/check-calls). */
#ifndef GATEWAY_COPY
#define ENTER_GATEWAY "ble 0xb0(%%sr2, %%r0)"
#define ANSWERS_FAULT(call) CHECK_EQUAL((call).error, -EFAULT)
#else
#define ENTER_GATEWAY "ldil L'gateway_copy, %%r1\n\tldo R'gateway_copy(%%r1), %%r1\n\tble 0xb0(%%sr4, %%r1)"
#define ANSWERS_FAULT(call)
__asm__(".section .gateway, \"ax\"\n.balign 4096\n.globl gateway_copy\ngateway_copy: .incbin \"" GATEWAY_COPY "\"\n.text\n");
#endif

static struct outcome light_weight_call(long number, const volatile void *address, long b, long c, long d)
{
    register long r20 __asm__("r20") = number;
    register const volatile void *r26 __asm__("r26") = address;
    register long r25 __asm__("r25") = b;
    register long r24 __asm__("r24") = c;
    register long r23 __asm__("r23") = d;
    register long r28 __asm__("r28") = 4711;
    register long r21 __asm__("r21") = 4712;
    __asm__ volatile(ENTER_GATEWAY "\n\tnop"
                     : "+r"(r28), "+r"(r21), "+r"(r20), "+r"(r23)
                     : "r"(r26), "r"(r25), "r"(r24)
                     : "r1", "r22", "r29", "r31", "fr4", "fr4R", "memory");
    return (struct outcome){r28, r21};
}

static u64 cell[2] __attribute__((aligned(16)));
static const u64 before = 0x1122334455667788, other = 0xa1b2c3d4e5f60718;

/* The first bytes of `value` that a size code means, as a number: big-endian. */
static u64 part(u64 value, int code) { return value >> (64 - (8 << code)); }

static void compare_and_swap_word(void)
{
    volatile u32 word_cell = 17;
    struct outcome outcome = light_weight_call(0, &word_cell, 17, 18, 0);
    CHECK_EQUAL(outcome.error, 0);
    CHECK_EQUAL(outcome.result, 17);
    CHECK_EQUAL(word_cell, 18);
    outcome = light_weight_call(0, &word_cell, 17, 19, 0);
    CHECK_EQUAL(outcome.error, 0);
    CHECK_EQUAL(outcome.result, 18);
    CHECK_EQUAL(word_cell, 18);
}

static void compare_and_swap_sized(void)
{
    for (int code = 0; code < 4; code++) {
        u64 expected = before, wanted = other;
        cell[0] = cell[1] = before;
        struct outcome outcome = light_weight_call(2, cell, (long)&expected, (long)&wanted, code);
        CHECK_EQUAL(outcome.error, 0);
        CHECK_EQUAL(outcome.result, 0);
        CHECK_EQUAL(part(cell[0], code), part(other, code));
        CHECK_EQUAL(cell[1], before);
        u64 left = cell[0];
        outcome = light_weight_call(2, cell, (long)&expected, (long)&wanted, code);
        CHECK_EQUAL(outcome.error, 0);
        CHECK_EQUAL(outcome.result, 1);
        CHECK_EQUAL(cell[0], left);
        /* The last byte alone differs. */
        cell[0] = before;
        expected = before ^ (u64)1 << (64 - (8 << code));
        outcome = light_weight_call(2, cell, (long)&expected, (long)&wanted, code);
        CHECK_EQUAL(outcome.result, 1);
        CHECK_EQUAL(cell[0], before);
    }
}

static void errors(void)
{
    u64 expected = before, wanted = other;
    cell[0] = before;
    CHECK_EQUAL(light_weight_call(5, cell, 0, 0, 0).error, -ENOSYS);
    CHECK_EQUAL(light_weight_call(-1, cell, 0, 0, 0).error, -ENOSYS);
    CHECK_EQUAL(light_weight_call(2, cell, (long)&expected, (long)&wanted, 4).error, -ENOSYS);
    CHECK_EQUAL(cell[0], before);
    word page = (word)CHECK_WORKS(map_memory(0, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    ANSWERS_FAULT(light_weight_call(0, (void *)page, 0, 1, 0));
    ANSWERS_FAULT(light_weight_call(0, (void *)page, 1, 1, 0)); /* though nothing would be stored */
    CHECK_EQUAL(CALL(munmap, page, PAGE), 0);
    ANSWERS_FAULT(light_weight_call(0, (void *)page, 0, 1, 0));
    ANSWERS_FAULT(light_weight_call(2, cell, (long)page, (long)&wanted, 2));
    ANSWERS_FAULT(light_weight_call(2, cell, (long)&expected, (long)page, 3));
    CHECK_EQUAL(cell[0], before);
}

static void newer(void)
{
    for (int code = 0; code < 4; code++) {
        u64 wanted = other, old = 0;
        cell[0] = cell[1] = before;
        struct outcome outcome = light_weight_call(3, cell, code, (long)&wanted, (long)&old);
        CHECK_EQUAL(outcome.error, 0);
        CHECK_EQUAL(outcome.result, 0);
        CHECK_EQUAL(part(cell[0], code), part(other, code));
        CHECK_EQUAL(part(old, code), part(before, code));
        CHECK_EQUAL(cell[1], before);
        cell[0] = before;
        outcome = light_weight_call(4, cell, code, (long)&wanted, 0);
        CHECK_EQUAL(outcome.error, 0);
        CHECK_EQUAL(outcome.result, 0);
        CHECK_EQUAL(part(cell[0], code), part(other, code));
        CHECK_EQUAL(cell[1], before);
    }
    u64 wanted = other;
    cell[0] = before;
    CHECK_EQUAL(light_weight_call(3, cell, 4, (long)&wanted, (long)&wanted).error, -ENOSYS);
    CHECK_EQUAL(light_weight_call(4, cell, -1, (long)&wanted, 0).error, -ENOSYS);
    ANSWERS_FAULT(light_weight_call(3, cell, 2, (long)&wanted, 8));
    ANSWERS_FAULT(light_weight_call(4, (void *)8, 2, (long)&wanted, 0));
    CHECK_EQUAL(cell[0], before);
}

int main(int argc, char **argv)
{
    compare_and_swap_word();
    compare_and_swap_sized();
    errors();
    if (argc > 1 && text_equal(argv[1], "newer"))
        newer();
    return passed();
}
