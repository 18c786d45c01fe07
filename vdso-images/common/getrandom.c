/* getrandom without a system call: the kernel's protocol for an opaque state that the caller owns
 * (Linux 7.3, Documentation and code of lib/vdso/getrandom.c were read for what is promised).
 *
 * A key comes from the system call, everything else from the keystream of that key. The time
 * page's generation says whether keys are still good: it changes when the guest is forked, put
 * back to a snapshot or told to reseed. In a forked child, states in the memory that the state
 * query asks for are zeros besides.
 *
 * No key and no byte handed out stays behind anywhere: runs of the keystream overwrite the key
 * that they use, bytes are erased from the batch as they are copied, and what the computation
 * leaves on the stack and in registers is erased after it.
 */
#include "random_state.h"
#include "vdso.h"

#ifndef ARCH_PAGE_SIZE
#define ARCH_PAGE_SIZE POSTERN_TIME_PAGE_SIZE
#endif

#define ERROR_FAULT (-14)           /* -EFAULT, as the kernel returns it */
#define KNOWN_FLAGS 7u              /* GRND_NONBLOCK, GRND_RANDOM, GRND_INSECURE */
#define LARGEST_READ 0x7ffff000u    /* bytes: the kernel's MAX_RW_COUNT */
#define PROTECTION_READ_WRITE 3u    /* PROT_READ | PROT_WRITE */
#define MAP_DROPPABLE_ANONYMOUS 0x28u /* the same numbers on every port with this function */

_Static_assert(__builtin_offsetof(struct random_state, position) == RANDOM_AT_POSITION, "position");
_Static_assert(__builtin_offsetof(struct random_state, not_generation) == RANDOM_AT_NOT_GENERATION, "not_generation");
_Static_assert(sizeof(struct random_state) == RANDOM_STATE_SIZE, "size");

/* What the state query fills in (kernel: struct vgetrandom_opaque_params). */
struct state_parameters {
    uint32_t size;
    uint32_t mmap_protection;
    uint32_t mmap_flags;
    uint32_t reserved[13];
};

#define SIGNAL_FENCE() __atomic_signal_fence(__ATOMIC_SEQ_CST)

/* Unaligned access of any type. */
typedef struct {
    uint64_t value;
} __attribute__((packed, may_alias)) loose_u64;
typedef struct {
    unsigned long value;
} __attribute__((packed, may_alias)) loose_word;
typedef struct {
    uint32_t value;
} __attribute__((packed, may_alias)) loose_u32;

static ALWAYS_INLINE uint32_t little_endian(uint32_t value)
{
    return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap32(value) : value;
}

static ALWAYS_INLINE uint32_t get_word(const uint8_t *bytes, unsigned index)
{
    return little_endian(((const loose_u32 *)bytes)[index].value);
}

static ALWAYS_INLINE void put_word(uint8_t *bytes, unsigned index, uint32_t word)
{
    ((loose_u32 *)bytes)[index].value = little_endian(word);
}

#define ROTATE_LEFT(word, bits) ((word) << (bits) | (word) >> (32 - (bits)))

/* One block. `key` may be the second half of `out`: each of its words is read before what is
 * written over it. */
static __attribute__((noinline, zero_call_used_regs("used"))) void
keystream_block(uint8_t *out, const uint8_t *key, uint32_t counter)
{
    uint32_t x[16] = {CHACHA20_CONSTANT_0, CHACHA20_CONSTANT_1, CHACHA20_CONSTANT_2, CHACHA20_CONSTANT_3,
                      get_word(key, 0), get_word(key, 1), get_word(key, 2), get_word(key, 3),
                      get_word(key, 4), get_word(key, 5), get_word(key, 6), get_word(key, 7), counter};
    for (int round = 0; round < CHACHA20_DOUBLE_ROUNDS; round++)
        CHACHA20_DOUBLE_ROUND(ROTATE_LEFT, x);
    put_word(out, 0, x[0] + CHACHA20_CONSTANT_0);
    put_word(out, 1, x[1] + CHACHA20_CONSTANT_1);
    put_word(out, 2, x[2] + CHACHA20_CONSTANT_2);
    put_word(out, 3, x[3] + CHACHA20_CONSTANT_3);
#pragma GCC unroll 8
    for (unsigned i = 0; i < 8; i++)
        put_word(out, 4 + i, x[4 + i] + get_word(key, i));
    put_word(out, 12, x[12] + counter);
#pragma GCC unroll 3
    for (unsigned i = 13; i < 16; i++)
        put_word(out, i, x[i]);
}

/* Overwrites the part of the stack that keystream_block used, called from the same place. */
static __attribute__((noinline)) void erase_stack(void)
{
    volatile unsigned long area[64];
    for (unsigned i = 0; i < sizeof area / sizeof area[0]; i++)
        area[i] = 0;
}

/* Blocks of the state's keystream, from its counter on. */
static void keystream(time_page_t *page, struct random_state *state, uint8_t *out, size_t blocks)
{
    if (LIKELY(page->keystream_call) &&
        LIKELY(arch_system_call3(SYSTEM_CALL_postern_keystream, (long)out, (long)blocks, (long)state->key) == 0))
        return;
    uint32_t counter = state->counter;
    for (; blocks != 0; blocks--, out += CHACHA20_BLOCK_SIZE)
        keystream_block(out, state->key, counter++);
    erase_stack();
}

/* Hands out bytes of the batch and erases them there. */
static ALWAYS_INLINE void take(uint8_t *from, uint8_t *out, size_t length)
{
    for (; length >= 16; length -= 16, out += 16, from += 16) {
#pragma GCC unroll 4
        for (unsigned i = 0; i < 16 / sizeof(long); i++) {
            ((loose_word *)out)[i].value = ((loose_word *)from)[i].value;
            ((loose_word *)from)[i].value = 0;
        }
    }
    for (; UNLIKELY(length != 0); length--) {
        *out++ = *from;
        *from++ = 0;
    }
}

/* Fills the buffer with a key of this generation. The position afterwards. */
static size_t produce(time_page_t *page, struct random_state *state, size_t position, uint8_t *out, size_t length)
{
    size_t available = RANDOM_BATCH_SIZE - position;
    size_t first = length < available ? length : available;
    take(state->batch + position, out, first);
    if ((length -= first) == 0)
        return position + first;
    out += first;
    size_t blocks = length / CHACHA20_BLOCK_SIZE, rest = length % CHACHA20_BLOCK_SIZE;
    state->counter = 0;
    if (blocks != 0)
        keystream(page, state, out, blocks);
    state->counter = (uint32_t)blocks;
    keystream(page, state, state->batch, RANDOM_BLOCKS);
    take(state->batch, out + blocks * CHACHA20_BLOCK_SIZE, rest);
    return rest;
}

static void store_generation(struct random_state *state, uint64_t generation)
{
    *(volatile uint64_t *)&state->not_generation = ~generation;
}

static bool take_key(struct random_state *state, uint64_t generation)
{
    /* First, so that a change while the key is on its way is noticed. */
    store_generation(state, generation);
    if (arch_system_call3(SYSTEM_CALL_getrandom, (long)state->key, CHACHA20_KEY_SIZE, 0) == CHACHA20_KEY_SIZE)
        return true;
    store_generation(state, ~(uint64_t)0);
    return false;
}

/* Not 0: it does not hold. */
static ALWAYS_INLINE uint64_t generation_differs(time_page_t *page, const struct random_state *state)
{
    return ~(*(const volatile uint64_t *)&state->not_generation ^ page->random_generation);
}

/* The position afterwards; behind the end of the batch: the system call has to do it. */
static size_t fill(time_page_t *page, struct random_state *state, size_t position, uint8_t *out, size_t length)
{
    for (int attempt = 0; attempt < 2; attempt++) {
        if (UNLIKELY(generation_differs(page, state) != 0)) {
            if (!take_key(state, page->random_generation))
                break;
            position = RANDOM_BATCH_SIZE;
        }
        position = produce(page, state, position, out, length);
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        if (LIKELY(generation_differs(page, state) == 0))
            return position;
    }
    return RANDOM_IN_USE;
}

static long describe_state(struct state_parameters *parameters)
{
    parameters->size = sizeof(struct random_state);
    parameters->mmap_protection = PROTECTION_READ_WRITE;
    parameters->mmap_flags = MAP_DROPPABLE_ANONYMOUS;
    for (unsigned i = 0; i < 13; i++)
        ((volatile struct state_parameters *)parameters)->reserved[i] = 0;
    return 0;
}

/* Says, too, whether a call is under way, so nothing else may cross it. */
static ALWAYS_INLINE void set_position(struct random_state *state, size_t position)
{
    SIGNAL_FENCE();
    *(volatile uint32_t *)&state->position = (uint32_t)position;
    SIGNAL_FENCE();
}

/* Pages of a state may become zeros one by one, so it has to lie in one. Not 0: it does not. */
static ALWAYS_INLINE uintptr_t is_across_pages(const void *state)
{
    return ((uintptr_t)state % ARCH_PAGE_SIZE + sizeof(struct random_state) - 1) & ARCH_PAGE_SIZE;
}

/* ARCH_QUICK_GETRANDOM: getrandom.S of the ABI exports the name, knows the usual call, and gives
 * what is behind it a frame where its callers may have none. */
#ifdef ARCH_QUICK_GETRANDOM
#define REST HIDDEN
#define getrandom_rest VDSO_NAME(getrandom_rest)
#else
#define REST static
#endif

/* The kernel's checks in the kernel's order, and everything that is not a few bytes of a batch. */
REST __attribute__((noinline)) long
getrandom_rest(uint8_t *buffer, size_t length, unsigned flags, struct random_state *state, size_t state_size)
{
    time_page_t *page = time_page();
    if (state_size == ~(size_t)0 && buffer == NULL && length == 0 && flags == 0)
        return describe_state((struct state_parameters *)state);
    if (is_across_pages(state))
        return ERROR_FAULT;
    if ((flags & ~KNOWN_FLAGS) == 0 && state_size == sizeof *state && page->random_generation != 0) {
        if (length == 0)
            return 0;
        size_t position = *(volatile uint32_t *)&state->position;
        if (position <= RANDOM_BATCH_SIZE) {
            size_t size = length < LARGEST_READ ? length : LARGEST_READ;
            set_position(state, RANDOM_IN_USE);
            position = fill(page, state, position, buffer, size);
            set_position(state, position < RANDOM_BATCH_SIZE ? position : RANDOM_BATCH_SIZE);
            if (position <= RANDOM_BATCH_SIZE)
                return (long)size;
        }
    }
    return arch_system_call3(SYSTEM_CALL_getrandom, (long)buffer, (long)length, (long)flags);
}

#ifndef ARCH_QUICK_GETRANDOM
/* After these bytes were read. */
static ALWAYS_INLINE uint64_t
generation_differs_after(uint64_t bytes, time_page_t *page, const struct random_state *state)
{
#ifdef ARCH_DEPENDENCY
    size_t zero = arch_dependency(bytes);
    return generation_differs((time_page_t *)((uintptr_t)page + zero), (const struct random_state *)((uintptr_t)state + zero));
#else
    (void)bytes;
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return generation_differs(page, state);
#endif
}

/* The upper bit of a word that is negative. */
static ALWAYS_INLINE size_t sign(size_t value)
{
    return value >> (8 * sizeof value - 1);
}

/* The usual call, 8 to 16 bytes of the batch. Conditions are numbers that are not 0, because an
 * engine that translates block by block pays for branches. */
EXPORTED long VDSO_NAME(getrandom)(uint8_t *buffer, size_t length, unsigned flags, struct random_state *state, size_t state_size)
{
    time_page_t *page = time_page();
    if (UNLIKELY((state_size ^ sizeof *state) | (flags & ~KNOWN_FLAGS) | is_across_pages(state)))
        return getrandom_rest(buffer, length, flags, state, state_size);
    size_t position = state->position, left = RANDOM_BATCH_SIZE - position;
    if (UNLIKELY(generation_differs(page, state) | sign((length - 8) | (16 - length) | (left - length))))
        return getrandom_rest(buffer, length, flags, state, sizeof *state);
    set_position(state, RANDOM_IN_USE);
    /* The last 8 bytes may overlap the first. */
    loose_u64 *from = (loose_u64 *)(state->batch + position), *last = (loose_u64 *)((uint8_t *)from + length - 8);
    uint64_t first_bytes = from->value, last_bytes = last->value;
    from->value = last->value = 0;
    ((loose_u64 *)buffer)->value = first_bytes;
    ((loose_u64 *)(buffer + length - 8))->value = last_bytes;
    set_position(state, position + length);
    if (UNLIKELY(generation_differs_after(first_bytes | last_bytes, page, state) != 0))
        return getrandom_rest(buffer, length, flags, state, sizeof *state);
    return (long)length;
}
VDSO_ALIAS(getrandom)
#endif
