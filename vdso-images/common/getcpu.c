#include "vdso.h"

/* Each pointer may be NULL; the third argument has no use since Linux 2.6.24. */
EXPORTED int VDSO_NAME(getcpu)(unsigned *cpu, unsigned *node, void *unused)
{
    uint32_t cpu_node = time_page()->cpu_node;
    (void)unused;
    if (cpu != NULL)
        *cpu = cpu_node & 0xfff;
    if (node != NULL)
        *node = cpu_node >> 12;
    return 0;
}
VDSO_ALIAS(getcpu)
