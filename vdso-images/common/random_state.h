/* The opaque state of getrandom: one per thread, in memory that the C library maps as the state
 * query tells it. Zeros are a valid state: they ask for a key.
 *
 * `batch` and `key` are filled by one run of the keystream, so that the key that made the bytes
 * is gone when the first of them is handed out. The size is a matter of speed: a run costs a
 * reserved call where the emulator answers that.
 */
#ifndef POSTERN_RANDOM_STATE_H
#define POSTERN_RANDOM_STATE_H

#include "chacha20.h"

#define RANDOM_BLOCKS 16 /* of the keystream, per run */
#define RANDOM_BATCH_SIZE (RANDOM_BLOCKS * CHACHA20_BLOCK_SIZE - CHACHA20_KEY_SIZE)

#define RANDOM_IN_USE 0x7fff /* as a position; 16 bits of instructions can hold it */

/* Where assembler sources find fields. */
#define RANDOM_AT_POSITION (RANDOM_BATCH_SIZE + CHACHA20_KEY_SIZE + 4)
#define RANDOM_AT_NOT_GENERATION (RANDOM_AT_POSITION + 4)
#define RANDOM_STATE_SIZE (RANDOM_AT_NOT_GENERATION + 8)

#ifndef __ASSEMBLER__
#include <stdint.h>

struct random_state {
    uint8_t batch[RANDOM_BATCH_SIZE];
    uint8_t key[CHACHA20_KEY_SIZE];
    uint32_t counter;  /* block counter that the next run starts with; directly behind the key */
    /* First byte of `batch` not handed out; those before it are zero. Behind the end: a call is under
     * way, and a signal handler's call must keep away. */
    uint32_t position;
    /* Of the time page when the key was taken, all bits inverted, so that zeros are no key's. */
    uint64_t not_generation;
};
#endif

#endif
