/* The low eight bits of the exit status reach the parent. */
#include "guest.h"

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    print("%s: ok\n", PROGRAM_NAME);
    exit_with(0x1c2a);
}
