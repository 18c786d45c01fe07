/* The signal named by the argument, at its default: the process dies of it. */
#include "guest.h"

int main(int argc, char **argv)
{
    int signal = argc > 1 ? (int)parse_number(argv[1]) : SIGINT;
    passed();
    CHECK_EQUAL(send_signal(own_pid(), signal), 0);
    FAIL("still alive");
}
