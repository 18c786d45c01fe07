/* A Unicorn engine's memory for Postern's vDSO, for programs that use Unicorn by themselves:
 *
 *     struct postern_memory memory = postern_unicorn_memory(engine);
 *     postern_vdso_install(vdso, &memory, 0);
 *
 * Only this header includes Unicorn's; the library does not link it. Needs Unicorn 2 and C99 or
 * C++11. The engine must outlive the handle. Without a hint the vDSO is put at the highest free
 * range below 0x70000000, which every 32-bit and 64-bit guest can address.
 */
#ifndef POSTERN_UNICORN_H
#define POSTERN_UNICORN_H

#include <postern/postern.h>
#include <string.h>
#include <unicorn/unicorn.h>

static inline int postern_unicorn_read(void *engine, uint64_t address, void *buffer, size_t length)
{
    return uc_mem_read((uc_engine *)engine, address, buffer, length) != UC_ERR_OK;
}

static inline int postern_unicorn_write(void *engine, uint64_t address, const void *data, size_t length)
{
    return uc_mem_write((uc_engine *)engine, address, data, length) != UC_ERR_OK;
}

/* Unmaps what lies in [start, start + length). Nonzero: Unicorn refused. */
static inline int postern_unicorn_clear(uc_engine *engine, uint64_t start, uint64_t length)
{
    uc_mem_region *regions = NULL;
    uint32_t count = 0, i;
    int failed = uc_mem_regions(engine, &regions, &count) != UC_ERR_OK;
    uint64_t last = start + (length - 1);
    for (i = 0; !failed && i < count; i++) {
        uint64_t from = regions[i].begin > start ? regions[i].begin : start;
        uint64_t to = regions[i].end < last ? regions[i].end : last;
        if (from <= to && uc_mem_unmap(engine, from, to - from + 1) != UC_ERR_OK)
            failed = 1;
    }
    uc_free(regions);
    return failed;
}

/* The start of the highest free range of `length` bytes below 0x70000000, or 0. */
static inline uint64_t postern_unicorn_find_room(uc_engine *engine, uint64_t length)
{
    uc_mem_region *regions = NULL;
    uint32_t count = 0, i = 0;
    uint64_t end = 0x70000000;
    if (uc_mem_regions(engine, &regions, &count) != UC_ERR_OK)
        return 0;
    while (i < count && end > length) {
        if (regions[i].begin < end && regions[i].end >= end - length) {
            end = regions[i].begin & ~(uint64_t)0xfff;
            i = 0; /* in no order */
        } else {
            i++;
        }
    }
    uc_free(regions);
    return end > length ? end - length : 0;
}

static inline int postern_unicorn_map(void *context, uint64_t *address, uint64_t length, unsigned permissions, int fixed,
                                      const char *name)
{
    uc_engine *engine = (uc_engine *)context;
    uint64_t start = *address;
    uint32_t wanted = UC_PROT_NONE;
    (void)name;
    if (permissions & POSTERN_READ)
        wanted |= UC_PROT_READ;
    if (permissions & POSTERN_WRITE)
        wanted |= UC_PROT_WRITE;
    if (permissions & POSTERN_EXECUTE)
        wanted |= UC_PROT_EXEC;
    length = (length + 0xfff) & ~(uint64_t)0xfff;
    if (fixed) {
        if (postern_unicorn_clear(engine, start, length) != 0)
            return 1;
        return uc_mem_map(engine, start, length, wanted) != UC_ERR_OK;
    }
    if (start != 0 && uc_mem_map(engine, start, length, wanted) == UC_ERR_OK)
        return 0;
    start = postern_unicorn_find_room(engine, length);
    if (start == 0 || uc_mem_map(engine, start, length, wanted) != UC_ERR_OK)
        return 1;
    *address = start;
    return 0;
}

static inline struct postern_memory postern_unicorn_memory(uc_engine *engine)
{
    struct postern_memory memory;
    memset(&memory, 0, sizeof memory);
    memory.size = sizeof memory;
    memory.context = engine;
    memory.read = postern_unicorn_read;
    memory.write = postern_unicorn_write;
    memory.map = postern_unicorn_map;
    return memory;
}

#endif
