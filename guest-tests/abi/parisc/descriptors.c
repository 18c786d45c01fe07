#include "guest.h"

#ifdef __PIE__
/* A static PIE relocates itself. Here what is not an address plus the base: descriptors of functions, each
 * the address of code and that of `table`, and pointers to them. */
static void relocate_table(word base, word table, word at, word size)
{
    for (word end = at + size; at < end; at += 3 * sizeof(word)) {
        const word *relocation = (const word *)at;
        word *target = (word *)(base + relocation[0]);
        word type = relocation[1] & 0xff;
        if (type == 65 || type == 129) /* R_PARISC_PLABEL32, R_PARISC_IPLT */
            target[0] = base + relocation[2];
        if (type == 129)
            target[1] = table;
    }
}

__attribute__((used, visibility("hidden"))) void relocate_descriptors(word base, word table, const word *dynamic)
{
    word all = 0, all_size = 0, functions = 0, functions_size = 0;
    for (; dynamic[0]; dynamic += 2) {
        if (dynamic[0] == 7) /* DT_RELA, DT_RELASZ, DT_JMPREL, DT_PLTRELSZ */
            all = base + dynamic[1];
        if (dynamic[0] == 8)
            all_size = dynamic[1];
        if (dynamic[0] == 23)
            functions = base + dynamic[1];
        if (dynamic[0] == 2)
            functions_size = dynamic[1];
    }
    relocate_table(base, table, all, all_size);
    relocate_table(base, table, functions, functions_size);
}
#endif
