/* IBM Z's data exceptions: IEEE exceptions whose trap is on, by SIGFPE with their code, and
 * compare-and-trap, by SIGFPE without one. */
#include "guest.h"

#define ASM(text, ...) __asm__ volatile(".machine push\n .machine zEC12\n .machinemode zarch\n" text "\n .machine pop" : __VA_ARGS__)
enum { INVALID = 0x80, DIVIDED = 0x40, OVERFLOWED = 0x20, UNDERFLOWED = 0x10, INEXACT = 0x08 };

static void set_traps(u32 mask) { ASM("sfpc %0", : "d"(mask << 24)); }

/* The exception of an instruction, whose address is the signal's. */
#define CHECK_EXCEPTION(reason, text, ...)                                      \
    do {                                                                        \
        word address_;                                                          \
        volatile word where_ = 0;                                               \
        CHECK_EQUAL(CAUSES_FAULT(({                                             \
                        __asm__ volatile("larl %0, 1f" : "=d"(address_));       \
                        where_ = address_;                                      \
                        ASM("j 1f\n .balign 8\n 1: " text, __VA_ARGS__);        \
                    })), SIGFPE);                                               \
        CHECK_EQUAL(caught_fault.code, reason);                                 \
        CHECK_EQUAL(caught_fault.address, where_);                              \
    } while (0)

static void check_arithmetic(void)
{
    static const double one = 1, zero = 0, least = 2.2250738585072014e-308, most = 1.7976931348623157e308, three = 3;
#define ARITHMETIC(mask, reason, instruction, a, b)                                                                         \
    do {                                                                                                              \
        ASM("ld %%f0, %0\n ld %%f2, %1", : "R"(a), "R"(b) : "f0", "f2");                                               \
        set_traps(mask);                                                                                              \
        CHECK_EXCEPTION(reason, instruction, : : "f0", "f2");                                                         \
        set_traps(0);                                                                                                 \
    } while (0)
    ARITHMETIC(DIVIDED, FPE_FLTDIV, "ddbr %%f0, %%f2", one, zero);
    ARITHMETIC(INVALID, FPE_FLTINV, "ddbr %%f0, %%f2", zero, zero);
    ARITHMETIC(OVERFLOWED, FPE_FLTOVF, "mdbr %%f0, %%f2", most, most);
    ARITHMETIC(UNDERFLOWED, FPE_FLTUND, "mdbr %%f0, %%f2", least, least);
    ARITHMETIC(INEXACT, FPE_FLTRES, "ddbr %%f0, %%f2", one, three);
}

static void check_compare_and_trap(void)
{
    CHECK_EXCEPTION(0, "crt %0, %1, 4", : "d"(1), "d"(2));
    CHECK_EXCEPTION(0, "cit %0, 0, 6", : "d"(1));
    CHECK_EXCEPTION(0, "clgit %0, 7, 2", : "d"((word)8));
    ASM("crt %0, %1, 2", : "d"(1), "d"(2));
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    catch_faults();
    check_arithmetic();
    check_compare_and_trap();
    return passed();
}
