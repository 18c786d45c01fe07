/* The part of call.c that calls getrandom: how it treats its state, what bytes it gives, what it leaves behind. */
static struct random_state state __attribute__((aligned(4096)));
static uint8_t bytes[4 * CHACHA20_BLOCK_SIZE + 1];

static long read_random(long size)
{
    return visit5(IMAGE_getrandom, (long)bytes, size, 0, (long)&state, sizeof state);
}

static bool are_equal(const volatile uint8_t *a, const volatile uint8_t *b, size_t size)
{
    while (size != 0 && *a == *b)
        a++, b++, size--;
    return size == 0;
}

/* Every block of the vectors, straight to the buffer and through the batch, from the image's own
 * code or, if the page says so, from the reserved call. */
static void test_keystream(void)
{
    for (unsigned i = 0; i < sizeof chacha20_vectors / sizeof chacha20_vectors[0]; i++) {
        size_t first = chacha20_vectors[i].counter * CHACHA20_BLOCK_SIZE;
        for (int by_batch = 0; by_batch < 2; by_batch++) {
            for (int k = 0; k < CHACHA20_KEY_SIZE; k++)
                state.key[k] = chacha20_vectors[i].key[k];
            state.not_generation = ~page.random_generation;
            state.position = RANDOM_BATCH_SIZE;
            long size = by_batch ? 16 : sizeof bytes - 1;
            DEMAND(read_random(size) == size);
            if (!by_batch)
                DEMAND(are_equal(bytes + first, chacha20_vectors[i].block, CHACHA20_BLOCK_SIZE));
            else if (first == 0)
                DEMAND(are_equal(bytes, chacha20_vectors[i].block, 16));
            else
                DEMAND(are_equal(state.batch + first, chacha20_vectors[i].block, CHACHA20_BLOCK_SIZE));
            DEMAND(!are_equal(state.key, chacha20_vectors[i].key, CHACHA20_KEY_SIZE));
        }
    }
}

static uint32_t little_endian(uint32_t word)
{
    return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap32(word) : word;
}

/* What must not be on the stack below us afterwards: the key used, the next one, the bytes handed
 * out, and the words of the last block before the key was added to them, which would tell it. */
enum { OLD_KEY, NEW_KEY = OLD_KEY + 8, BYTES = NEW_KEY + 8, LAST_BLOCK = BYTES + 16, SECRETS = LAST_BLOCK + 16 };
static uint32_t secrets[SECRETS];

static __attribute__((noinline)) void make_secrets(void)
{
    const volatile uint32_t *key = (const volatile uint32_t *)state.key;
    DEMAND(read_random(16) == 16);
    for (int i = 0; i < 8; i++)
        secrets[OLD_KEY + i] = key[i];
    state.position = RANDOM_BATCH_SIZE;
    DEMAND(read_random(CHACHA20_BLOCK_SIZE) == CHACHA20_BLOCK_SIZE);
    const volatile uint32_t *last = key + 8 - 16;
    for (int i = 0; i < 16; i++) {
        static const uint32_t constants[4] = {CHACHA20_CONSTANT_0, CHACHA20_CONSTANT_1, CHACHA20_CONSTANT_2,
                                              CHACHA20_CONSTANT_3};
        uint32_t added = i < 4 ? constants[i] : i < 12 ? little_endian(secrets[OLD_KEY + i - 4]) : 0;
        secrets[LAST_BLOCK + i] = little_endian(last[i]) - added - (i == 12 ? RANDOM_BLOCKS : 0);
        secrets[BYTES + i] = ((volatile uint32_t *)bytes)[i];
    }
    for (int i = 0; i < 8; i++)
        secrets[NEW_KEY + i] = key[i];
}

static __attribute__((noinline)) bool find_secrets(void)
{
    const volatile uint32_t *here = (const volatile uint32_t *)__builtin_frame_address(0);
    for (const volatile uint32_t *word = here - 1024; word < here; word++)
        for (int i = 0; i < SECRETS; i++)
            if (*word == secrets[i])
                return true;
    return false;
}

static void test_getrandom(void)
{
    static struct {
        uint32_t size, protection, flags, reserved[13];
    } parameters = {.reserved = {1}};
    page.random_generation = 0;
    DEMAND(visit5(IMAGE_getrandom, 0, 0, 0, (long)&parameters, -1) == 0);
    DEMAND(parameters.size == sizeof state && parameters.protection == 3 && parameters.flags == 0x28);
    DEMAND(parameters.reserved[0] == 0);
#ifdef PAGE_MOVES
    page.random_generation = 1;
    for (int size = 1; size < 200; size++)
        DEMAND(read_random(size) == size);
    return;
#endif
    /* No generation: the system call. */
    DEMAND(read_random(32) == 32 && state.not_generation == 0 && state.position == 0);
    page.random_generation = 5;
    DEMAND(read_random(9) == 9 && state.not_generation == ~(uint64_t)5);
    DEMAND(state.position == 9 && state.batch[0] == 0 && state.batch[8] == 0);
    uint8_t key = state.key[0];
    DEMAND(read_random(20) == 20 && state.position == 29 && state.key[0] == key);
    /* Another generation: another key. */
    page.random_generation = 6;
    DEMAND(read_random(8) == 8 && state.not_generation == ~(uint64_t)6 && state.position == 8);
    DEMAND(visit5(IMAGE_getrandom, (long)bytes, 8, 8, (long)&state, sizeof state) == -EINVAL);
    DEMAND(visit5(IMAGE_getrandom, (long)bytes, 8, 0, (long)&state + 4096 - 8, sizeof state) == -EFAULT);
    DEMAND(visit5(IMAGE_getrandom, (long)bytes, 8, 0, 0, 8) == 8);
    DEMAND(visit5(IMAGE_getrandom, (long)bytes, 8, 0, (long)&state, -1) == 8);
    DEMAND(read_random(0) == 0 && state.position == 8);
    state.position = RANDOM_IN_USE;
    DEMAND(read_random(8) == 8 && read_random(100) == 100 && state.position == RANDOM_IN_USE);
    DEMAND(visit5(IMAGE_getrandom, (long)bytes, 20, 0, (long)&state + 4096 - 8, sizeof state) == -EFAULT);
    test_keystream();
#ifdef TRAP_ANSWERS
    page.keystream_call = 1;
    test_keystream();
    page.keystream_call = 0;
#endif
    make_secrets();
    DEMAND(!find_secrets());
}
