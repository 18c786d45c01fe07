/* The guest's own look at its vDSO: symbols by both hash tables, with versions. */
#ifndef VDSO_H
#define VDSO_H

#include "guest.h"

struct vdso_symbol {
    const char *name;
    const char *version; /* "" = none */
    word address;
    word size;
    int is_function;
};

struct vdso {
    word base; /* AT_SYSINFO_EHDR */
    const char *soname;
    unsigned symbol_count; /* entry 0, the empty symbol, included */
    int has_hash, has_gnu_hash;
    /* private */
    const char *strings;
    const void *symbols;
    const u32 *hash, *gnu_hash;
    const uint16_t *versions;
    const u8 *version_definitions;
};

/* Fails the test when there is no vDSO or it is broken. */
void open_vdso(struct vdso *vdso);
void vdso_symbol_at(const struct vdso *vdso, unsigned index, struct vdso_symbol *out);
/* 0 = not found. `version` null = any. */
word find_by_hash(const struct vdso *vdso, const char *name, const char *version);
word find_by_gnu_hash(const struct vdso *vdso, const char *name, const char *version);
/* The function as a program of this ABI looks it up: by the name behind its prefix. What it gives
 * can be called from C, and so can the code of a symbol by way of vdso_callable. */
word vdso_callable(word code);
word vdso_function(const struct vdso *vdso, const char *plain_name);

/* Calls such a function; negative errno on failure, however the ABI's functions report it. */
static inline long vdso_call(word function, long first, long second)
{
#ifdef ABI_VDSO_CALL
    return abi_vdso_call(function, first, second, 0, 0, 0);
#else
    return ((int (*)(long, long))function)(first, second);
#endif
}

/* The clock by the vDSO, with the widest time the ABI's vDSO offers; fails if there is none. Where no
 * kernel has clocks in the ABI's vDSO it is the system call, as in C libraries. */
#ifndef ABI_VDSO_WITHOUT_CLOCKS
long vdso_read_clock(const struct vdso *vdso, int clock, struct instant *out);
#else
static inline long vdso_read_clock(const struct vdso *vdso, int clock, struct instant *out)
{
    (void)vdso;
    return read_clock(clock, out);
}
#endif

#endif
