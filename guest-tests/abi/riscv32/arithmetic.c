/* What the compiler calls for 64-bit numbers: Debian's riscv64 compiler comes with no libgcc for rv32, its
 * SuperH compiler with none for big-endian programs. */
#include <stdint.h>

union halves {
    uint64_t whole;
    struct {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        uint32_t low, high;
#else
        uint32_t high, low;
#endif
    };
};

/* A bit of the quotient per round, from the highest bit that the dividend has on. */
static uint64_t divide(uint64_t dividend, uint64_t divisor, uint64_t *remainder)
{
    uint64_t quotient = 0, rest = 0;
    union halves from = {dividend};
    for (int half = 0; half < 2; half++) {
        uint32_t bits = half ? from.low : from.high;
        for (int i = 0; i < 32; i++, bits <<= 1) {
            unsigned lost = (uint32_t)(rest >> 32) >> 31; /* the rest may need a bit more for a moment */
            rest = rest << 1 | bits >> 31;
            quotient <<= 1;
            if (lost || rest >= divisor)
                rest -= divisor, quotient |= 1;
        }
    }
    *remainder = rest;
    return quotient;
}

static uint64_t magnitude(int64_t value) { return value < 0 ? -(uint64_t)value : (uint64_t)value; }

uint64_t __udivdi3(uint64_t dividend, uint64_t divisor)
{
    uint64_t remainder;
    return divide(dividend, divisor, &remainder);
}

uint64_t __umoddi3(uint64_t dividend, uint64_t divisor)
{
    uint64_t remainder;
    divide(dividend, divisor, &remainder);
    return remainder;
}

int64_t __divdi3(int64_t dividend, int64_t divisor)
{
    uint64_t remainder, quotient = divide(magnitude(dividend), magnitude(divisor), &remainder);
    return (int64_t)((dividend < 0) != (divisor < 0) ? -quotient : quotient);
}

int64_t __moddi3(int64_t dividend, int64_t divisor)
{
    uint64_t remainder;
    divide(magnitude(dividend), magnitude(divisor), &remainder);
    return (int64_t)(dividend < 0 ? -remainder : remainder);
}
