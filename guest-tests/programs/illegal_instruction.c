/* An instruction that does not exist: SIGILL at its address. */
#include "guest.h"

static __attribute__((noinline)) void execute(void) { __asm__ volatile(ILLEGAL_INSTRUCTION); }

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        execute(); /* without a handler: death by SIGILL */
    catch_faults();
    for (int round = 0; round < 3; round++) {
        CHECK_EQUAL(CAUSES_FAULT(execute()), SIGILL);
#ifdef ILLEGAL_CODE
        CHECK_EQUAL(caught_fault.code, ILLEGAL_CODE);
        CHECK_EQUAL(caught_fault.address, 0);
#else
        CHECK(caught_fault.address - (code_address(execute) & ~(word)1) < 32);
        CHECK(caught_fault.code > 0 && caught_fault.code < 16);
#endif
    }
    return passed();
}
