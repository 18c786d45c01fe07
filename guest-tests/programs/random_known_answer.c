/* The keystream of the vDSO's getrandom against the vectors of RFC 8439: a key is put into a state,
 * and what is read from it next are the blocks of that key from number 0 on. */
#include "chacha20_vectors.h"
#include "vdso_random.h"

enum { BLOCK = sizeof chacha20_vectors[0].block };

static struct vdso vdso;
static struct vdso_random vdso_random;
static const struct random_state_layout *layout;

/* A valid state with this key and an empty batch. */
static void set_key(u8 *state, const u8 *key)
{
    memcpy(state + layout->key, key, 32);
    memset(state, 0, layout->batch_size);
    if (layout->position_width == 1)
        state[layout->position] = (u8)layout->batch_size;
    else
        *(u32 *)(state + layout->position) = (u32)layout->batch_size;
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    open_vdso(&vdso);
    if (!open_vdso_random(&vdso, &vdso_random))
        return passed(); /* an ABI without it */
    layout = random_state_layout(&vdso_random);
    u8 *state = vdso_random.state;
    for (size_t i = 0; i < ARRAY_SIZE(chacha20_vectors); i++) {
        u8 blocks[4 * BLOCK + 1], next_key[32], one[1];
        size_t first = chacha20_vectors[i].counter * BLOCK;
        CHECK_EQUAL(read_random(&vdso_random, state, one, sizeof one), sizeof one); /* of this generation */
        set_key(state, chacha20_vectors[i].key);
        CHECK_EQUAL(read_random(&vdso_random, state, blocks, sizeof blocks - 1), sizeof blocks - 1);
        CHECK(memcmp(blocks + first, chacha20_vectors[i].block, BLOCK) == 0);
        /* The key is another one now, and from the blocks that follow the first four. */
        memcpy(next_key, state + layout->key, sizeof next_key);
        CHECK(memcmp(next_key, chacha20_vectors[i].key, sizeof next_key) != 0);
        /* One block through the batch, at an odd address. */
        set_key(state, chacha20_vectors[i].key);
        memset(blocks, 0, sizeof blocks);
        CHECK_EQUAL(read_random(&vdso_random, state, blocks + 1, 60), 60);
        if (first == 0)
            CHECK(memcmp(blocks + 1, chacha20_vectors[i].block, 60) == 0);
        CHECK(blocks[0] == 0 && blocks[61] == 0);
    }
    return passed();
}
