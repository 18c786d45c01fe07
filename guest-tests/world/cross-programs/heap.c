/* The heap under stress: blocks of all sizes, grown, shrunk and freed in a fixed disorder, each
 * with contents that must still be there. */
#define _GNU_SOURCE
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCKS = 400, ROUNDS = 20000 };

static struct block {
    unsigned char *bytes;
    size_t size;
    unsigned char mark;
} blocks[BLOCKS];
static uint32_t state = 12345;
static unsigned long wrong, moved;

static uint32_t next(void) { return state = state * 1664525 + 1013904223; }

static size_t some_size(void)
{
    uint32_t value = next() >> 8;
    return value % 50 == 0 ? value % 600000 : value % 3000 + 1; /* now and then a mapping of its own */
}

static void check(const struct block *block)
{
    for (size_t i = 0; i < block->size; i += block->size / 16 + 1)
        wrong += block->bytes[i] != block->mark;
}

static void refill(struct block *block)
{
    block->mark = (unsigned char)(next() >> 16);
    memset(block->bytes, block->mark, block->size);
}

int main(void)
{
    for (int round = 0; round < ROUNDS; round++) {
        struct block *block = &blocks[(next() >> 8) % BLOCKS];
        size_t size = some_size();
        if (!block->bytes) {
            block->bytes = round % 3 ? malloc(size) : aligned_alloc(64, (size + 63) / 64 * 64);
            wrong += round % 3 == 0 && (uintptr_t)block->bytes % 64 != 0;
            block->size = size;
        } else if (round % 2) {
            check(block);
            size_t kept = size < block->size ? size : block->size;
            unsigned char *bytes = realloc(block->bytes, size);
            moved += bytes != block->bytes;
            block->bytes = bytes;
            for (size_t i = 0; i < kept; i += kept / 8 + 1)
                wrong += bytes[i] != block->mark;
            block->size = size;
        } else {
            check(block);
            free(block->bytes);
            block->bytes = NULL;
            continue;
        }
        refill(block);
    }
    for (int i = 0; i < BLOCKS; i++)
        if (blocks[i].bytes)
            check(&blocks[i]);
    unsigned char *zeros = calloc(1000, 1000);
    for (size_t i = 0; i < 1000000; i += 997)
        wrong += zeros[i] != 0;
    volatile size_t too_much = (size_t)-1 - 65536;
    printf("wrong %lu, moved %s, too much %s\n", wrong, moved ? "some" : "none", malloc(too_much) ? "given" : "refused");
    malloc_trim(0);
    return 0;
}
