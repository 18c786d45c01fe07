/* The heap: grows zeroed, shrinks, refuses nonsense by answering the old end. */
#include "guest.h"

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    word start = (word)CALL(brk, 0);
    CHECK(start != 0);
    CHECK_EQUAL(CALL(brk, start + 100), start + 100);
    CHECK_EQUAL(CALL(brk, start + 300000), start + 300000);
    u8 *heap = (u8 *)start;
    for (word i = 0; i < 300000; i++)
        CHECK(heap[i] == 0);
    memset(heap, 7, 300000);
    CHECK_EQUAL(CALL(brk, start + PAGE), start + PAGE);
    CHECK_EQUAL(CALL(brk, start + 300000), start + 300000);
    CHECK_EQUAL(heap[100], 7);
    CHECK_EQUAL(heap[200000], 0); /* given back and taken again: fresh */
    CHECK_EQUAL(CALL(brk, 1), start + 300000);
    CHECK_EQUAL(CALL(brk, (word)-PAGE), start + 300000);
    return passed();
}
