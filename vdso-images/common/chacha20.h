/* ChaCha20 as RFC 8439 section 2.3 defines it, with a nonce of zeros: the keystream behind
 * getrandom. Shared by guest code (getrandom.c) and the host (core/vdso/keystream.cc). Bytes are
 * the same on every ABI: the RFC reads and writes words in little-endian order.
 */
#ifndef POSTERN_CHACHA20_H
#define POSTERN_CHACHA20_H

#define CHACHA20_BLOCK_SIZE 64 /* bytes */
#define CHACHA20_KEY_SIZE 32   /* bytes */

/* "expand 32-byte k" */
#define CHACHA20_CONSTANT_0 0x61707865u
#define CHACHA20_CONSTANT_1 0x3320646eu
#define CHACHA20_CONSTANT_2 0x79622d32u
#define CHACHA20_CONSTANT_3 0x6b206574u

/* The quarter round (section 2.1) for words or vectors of words; ROTATE(value, bits) turns one to
 * the left. */
#define CHACHA20_QUARTER(ROTATE, a, b, c, d)                                                     \
    (a += b, d = ROTATE(d ^ a, 16), c += d, b = ROTATE(b ^ c, 12), a += b, d = ROTATE(d ^ a, 8), \
     c += d, b = ROTATE(b ^ c, 7))

/* A column round and a diagonal round over the words `x`, ten of which make a block. */
#define CHACHA20_DOUBLE_ROUND(ROTATE, x)                                                         \
    (CHACHA20_QUARTER(ROTATE, x[0], x[4], x[8], x[12]),                                          \
     CHACHA20_QUARTER(ROTATE, x[1], x[5], x[9], x[13]),                                          \
     CHACHA20_QUARTER(ROTATE, x[2], x[6], x[10], x[14]),                                         \
     CHACHA20_QUARTER(ROTATE, x[3], x[7], x[11], x[15]),                                         \
     CHACHA20_QUARTER(ROTATE, x[0], x[5], x[10], x[15]),                                         \
     CHACHA20_QUARTER(ROTATE, x[1], x[6], x[11], x[12]),                                         \
     CHACHA20_QUARTER(ROTATE, x[2], x[7], x[8], x[13]),                                          \
     CHACHA20_QUARTER(ROTATE, x[3], x[4], x[9], x[14]))
#define CHACHA20_DOUBLE_ROUNDS 10

#endif
