/* arm: the helpers at the top of the address space, found only by their addresses. */
#include "guest.h"

#define KUSER_VERSION (*(volatile int *)0xffff0ffc)
typedef void *(*get_tls)(void);
typedef int (*compare_exchange)(int old, int new, volatile int *target);
typedef void (*memory_barrier)(void);
typedef int (*compare_exchange64)(const i64 *old, const i64 *new, volatile i64 *target);

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    CHECK_EQUAL(KUSER_VERSION, 5);
    CHECK_EQUAL(system_call(0xf0005, 0x12345678, 0, 0, 0, 0, 0), 0); /* set_tls */
    CHECK_EQUAL((word)((get_tls)0xffff0fe0)(), 0x12345678);
    word by_register;
    __asm__ volatile("mrc p15, 0, %0, c13, c0, 3" : "=r"(by_register));
    CHECK_EQUAL(by_register, 0x12345678);
    CHECK_EQUAL(system_call(0xf0006, 0, 0, 0, 0, 0, 0), 0x12345678); /* get_tls */

    volatile int target = 1;
    CHECK_EQUAL(((compare_exchange)0xffff0fc0)(1, 2, &target), 0);
    CHECK_EQUAL(target, 2);
    CHECK(((compare_exchange)0xffff0fc0)(1, 3, &target) != 0);
    CHECK_EQUAL(target, 2);
    ((memory_barrier)0xffff0fa0)();

    static volatile i64 wide = 0x1111111122222222;
    i64 old = 0x1111111122222222, new = 0x3333333344444444, other = 0x1111111122222223;
    CHECK_EQUAL(((compare_exchange64)0xffff0f60)(&old, &new, &wide), 0);
    CHECK_EQUAL(wide, new);
    CHECK(((compare_exchange64)0xffff0f60)(&other, &old, &wide) != 0);
    CHECK_EQUAL(wide, new);

    catch_faults();
    CHECK_EQUAL(CAUSES_FAULT(*(volatile int *)0xffff0ffc = 1), SIGSEGV);
    CHECK_EQUAL(CAUSES_FAULT(((compare_exchange)0xffff0fc0)(1, 3, (int *)8)), SIGSEGV);
    return passed();
}
