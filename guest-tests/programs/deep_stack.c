/* The stack grows on demand to 7 MiB of the usual 8. */
#include "guest.h"

static __attribute__((noinline)) word descend(word depth)
{
    volatile u8 frame[4096 - 256];
    frame[0] = (u8)depth;
    frame[sizeof frame - 1] = 1;
    word below = depth ? descend(depth - 1) : 0;
    return below + frame[sizeof frame - 1];
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    word frames = 7 * 1024 * 1024 / 4096;
    CHECK_EQUAL(descend(frames - 1), frames);
    return passed();
}
