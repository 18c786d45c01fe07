/* x32 runs x86-64's instructions: the same two functions, for 64-bit and for 32-bit lists. */
#include "../x86-64/entry.S"
