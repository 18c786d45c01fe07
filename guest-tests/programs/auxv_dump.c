/* Prints the auxiliary vector: type, value, and the text of those that point to text. */
#include "guest.h"

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    for (const word *entry = guest_auxv; entry[0] != AT_NULL; entry += 2) {
        print("%lu %lx", entry[0], entry[1]);
        if (entry[0] == AT_PLATFORM || entry[0] == AT_BASE_PLATFORM || entry[0] == AT_EXECFN)
            print(" %s", (const char *)entry[1]);
        print("\n");
    }
    return passed();
}
