/* Self-modifying code in a tight loop: the new instruction is the one that runs, also when
 * the store comes from the same page as the code. */
#include "guest.h"

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    unsigned char *code = (void *)CHECK_WORKS(map_memory(0, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
                                                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    u64 sum = 0;
    for (unsigned i = 0; i < 5000; i++) {
        word size = write_constant_function(code, i & 0x7fff);
        synchronise_code(code, code + size);
        sum += (u64)((int (*)(void))function_address(code))();
    }
    CHECK_EQUAL(sum, 4999ull * 5000 / 2);
    return passed();
}
