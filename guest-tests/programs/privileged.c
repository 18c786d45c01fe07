/* Guests run unprivileged: an instruction of the kernel's does not work. */
#include "guest.h"

#ifndef PRIVILEGED_CLOBBER
#define PRIVILEGED_CLOBBER "memory"
#endif

static __attribute__((noinline)) void execute(void)
{
    __asm__ volatile(PRIVILEGED_INSTRUCTION : : : PRIVILEGED_CLOBBER);
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    catch_faults();
    for (int round = 0; round < 3; round++) {
        CHECK_EQUAL(CAUSES_FAULT(execute()), PRIVILEGED_SIGNAL);
        CHECK_EQUAL(caught_fault.code, PRIVILEGED_CODE);
    }
#ifdef __aarch64__
    /* Linux emulates reads of the identification registers. */
    word id = 0;
    __asm__ volatile("mrs %0, id_aa64isar0_el1" : "=r"(id));
    __asm__ volatile("mrs %0, midr_el1" : "=r"(id));
    CHECK(id != 0);
#endif
    return passed();
}
