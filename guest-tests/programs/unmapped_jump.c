/* A jump to nowhere without a handler: the process dies by SIGSEGV. */
#include "guest.h"

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    word hole = (word)CHECK_WORKS(map_memory(0, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    CHECK_EQUAL(CALL(munmap, hole, PAGE), 0);
    passed();
    ((void (*)(void))hole)();
    FAIL("came back");
}
