/* The smallest program: one line, exit status 0. */
#include "guest.h"

int main(int argc, char **argv)
{
    (void)argv;
    CHECK(argc >= 1);
    return passed();
}
