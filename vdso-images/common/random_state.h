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

#include <stdint.h>

#define RANDOM_BLOCKS 16 /* of the keystream, per run */
#define RANDOM_BATCH_SIZE (RANDOM_BLOCKS * CHACHA20_BLOCK_SIZE - CHACHA20_KEY_SIZE)

struct random_state {
    uint8_t batch[RANDOM_BATCH_SIZE];
    uint8_t key[CHACHA20_KEY_SIZE];
    uint32_t counter;  /* block counter that the next run starts with; directly behind the key */
    uint32_t position; /* first byte of `batch` not handed out; those before it are zero */
    uint64_t generation; /* of the time page when the key was taken; 0 = there is no key */
    uint32_t in_use;   /* a call is under way: a signal handler's call must keep away */
    uint32_t unused;
};

#endif
