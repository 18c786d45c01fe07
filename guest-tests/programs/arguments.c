/* Prints argv, each in brackets: for `binfmt`. */
#include "guest.h"

int main(int argc, char **argv)
{
    for (int i = 0; i < argc; ++i)
        print("[%s]\n", argv[i]);
    return 0;
}
