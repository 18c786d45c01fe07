/* getrandom by the vDSO, as a C library uses it. */
#ifndef VDSO_RANDOM_H
#define VDSO_RANDOM_H

#include "vdso.h"

#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE 0x08
#endif

/* What the state query fills in. */
struct random_state_parameters {
    u32 state_size; /* bytes */
    u32 protection, map_flags, reserved[13];
};
typedef long (*random_function)(void *bytes, size_t size, unsigned flags, void *state, size_t state_size);

struct vdso_random {
    random_function function;
    struct random_state_parameters parameters;
    void *state;
};

/* Negative errno on failure, however the ABI's functions report it. */
static inline long call_random(const struct vdso_random *random, void *bytes, size_t size, unsigned flags,
                               void *state, size_t state_size)
{
#ifdef ABI_VDSO_CALL
    return abi_vdso_call((word)random->function, (long)bytes, (long)size, (long)flags, (long)state, (long)state_size);
#else
    return random->function(bytes, size, flags, state, state_size);
#endif
}

/* A state in a page of its own, mapped as the query asks for. */
static inline void *new_random_state(const struct vdso_random *random)
{
    return (void *)CHECK_WORKS(map_memory(0, PAGE, (int)random->parameters.protection,
                                          (int)random->parameters.map_flags, -1, 0));
}

/* False: the ABI's vDSO has no getrandom, or it refuses the query. */
static inline int open_vdso_random(const struct vdso *vdso, struct vdso_random *random)
{
    random->function = (random_function)vdso_function(vdso, "getrandom");
    if (!random->function || call_random(random, 0, 0, 0, &random->parameters, ~(size_t)0) != 0)
        return 0;
    CHECK(random->parameters.state_size > 0 && random->parameters.state_size <= PAGE);
    random->state = new_random_state(random);
    return 1;
}

static inline long read_random(const struct vdso_random *random, void *state, void *bytes, size_t size)
{
    return call_random(random, bytes, size, 0, state, random->parameters.state_size);
}

/* The parts of an opaque state: of Postern's and of the kernel's, which the size tells apart. */
struct random_state_layout {
    size_t size, batch_size, key, position, position_width, generation, in_use;
};
static const struct random_state_layout random_state_layouts[] = {
    {1040, 992, 992, 1028, 4, 1032, 1028}, /* a position behind the batch: in use */
    {144, 96, 96, 136, 1, 128, 137},
};
static inline const struct random_state_layout *random_state_layout(const struct vdso_random *random)
{
    for (size_t i = 0; i < ARRAY_SIZE(random_state_layouts); i++)
        if (random_state_layouts[i].size == random->parameters.state_size)
            return &random_state_layouts[i];
    FAIL("a state of %u bytes is unknown", random->parameters.state_size);
}

#endif
