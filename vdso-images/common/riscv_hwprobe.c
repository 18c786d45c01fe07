#include "vdso.h"
#include "hardware_probe.h"

struct pair {
    int64_t key;
    uint64_t value;
};

/* A key that nobody knows becomes -1, its value 0. */
static void answer(const struct postern_hardware_probe *facts, struct pair *pair)
{
    int64_t key = -1;
    uint64_t value = 0;
    for (size_t i = 0; i < facts->count && i < POSTERN_HARDWARE_PROBE_ROWS; i++)
        if (facts->rows[i].key == pair->key) {
            key = pair->key;
            value = facts->rows[i].value;
        }
    pair->key = key;
    pair->value = value;
}

/* All harts, as the kernel's function knows them; about some of them, or with flags, the system
 * call decides. */
EXPORTED int VDSO_NAME(riscv_hwprobe)(struct pair *pairs, size_t count, size_t set_size, unsigned long *harts, unsigned flags)
{
    const struct postern_hardware_probe *facts = (const void *)((uintptr_t)time_page() + POSTERN_AT_HARDWARE_PROBE);
    if (UNLIKELY(set_size != 0 || harts != NULL || flags != 0 || facts->count == 0))
        return (int)arch_system_call5(SYSTEM_CALL_riscv_hwprobe, (long)pairs, (long)count, (long)set_size, (long)harts,
                                      (long)flags);
    for (size_t i = 0; i < count; i++)
        answer(facts, &pairs[i]);
    return 0;
}
