/* getcpu by system call: real numbers, null pointers allowed, wild ones EFAULT. */
#include "guest.h"

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    unsigned cpu = ~0u, node = ~0u;
    CHECK_EQUAL(CALL(getcpu, &cpu, &node, 0), 0);
    CHECK(cpu < 4096 && node < 4096);
    CHECK_EQUAL(CALL(getcpu, 0, 0, 0), 0);
    CHECK_EQUAL(CALL(getcpu, 8, 0, 0), -EFAULT);
    return passed();
}
