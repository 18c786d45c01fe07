/* What aarch64 promises (arch/arm64/include/uapi/asm/hwcap.h). */
#define ASM(text, ...) __asm__ volatile(".arch armv8.5-a+crypto+sha3+sm4+fp16+fp16fml+rng\n" text : __VA_ARGS__)
#define VECTORS "v16", "v17", "v18", "v19", "memory"

typedef u64 pair[2];
static const u8 counting[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

static int fp(void)
{
    double result;
    ASM("fmov d16, #2.0\n fmov d17, #3.0\n fmul %d0, d16, d17", "=w"(result) : : VECTORS);
    return result == 6;
}
static int asimd(void)
{
    pair r;
    ASM("movi v16.4s, #3\n mul v16.4s, v16.4s, v16.4s\n st1 {v16.4s}, [%0]", : "r"(r) : VECTORS);
    return r[0] == 0x0000000900000009 && r[1] == r[0];
}
static int aes(void)   /* S-box and row shift of FIPS 197, with a zero key */
{
    static const u8 expected[16] = {0x63, 0x6b, 0x67, 0x76, 0xf2, 0x01, 0xab, 0x7b,
                                    0x30, 0xd7, 0x77, 0xc5, 0xfe, 0x7c, 0x6f, 0x2b};
    u8 r[16];
    ASM("ld1 {v16.16b}, [%0]\n movi v17.4s, #0\n aese v16.16b, v17.16b\n st1 {v16.16b}, [%1]",
        : "r"(counting), "r"(r) : VECTORS);
    return memcmp(r, expected, 16) == 0;
}
static int pmull(void)   /* without carries, the square of all ones has every other bit */
{
    pair r;
    ASM("movi v16.16b, #0xff\n pmull v17.1q, v16.1d, v16.1d\n st1 {v17.2d}, [%0]", : "r"(r) : VECTORS);
    return r[0] == 0x5555555555555555 && r[1] == r[0];
}
static int sha1(void)   /* a rotation to the left by 30 */
{
    u32 r;
    ASM("movi v16.4s, #4\n sha1h s17, s16\n fmov %w0, s17", "=r"(r) : : VECTORS);
    return r == 1;
}
static int sha2(void)   /* the first word gets sigma0 of the second */
{
    u32 r;
    ASM("movi v16.2d, #0\n mov v16.s[1], %w1\n movi v17.4s, #0\n sha256su0 v16.4s, v17.4s\n fmov %w0, s16",
        "=r"(r) : "r"(1) : VECTORS);
    return r == 0x02004000;
}
static int crc32(void)
{
    u32 a;
    ASM("crc32w %w0, %w1, wzr", "=r"(a) : "r"(0xffffffff));
    return a == 0xdebb20e3;
}
static int atomics(void)
{
    u64 memory = 40, old, swapped = 42;
    ASM("ldadd %2, %0, [%3]\n cas %1, %4, [%3]", "=&r"(old), "+&r"(swapped) : "r"((u64)2), "r"(&memory), "r"((u64)7) : "memory");
    return old == 40 && swapped == 42 && memory == 7;
}
static int fphp(void)
{
    u32 r;
    ASM("fmov h16, #1.0\n fadd h16, h16, h16\n umov %w0, v16.h[0]", "=r"(r) : : VECTORS);
    return r == 0x4000;
}
static int asimdhp(void)
{
    pair r;
    ASM("fmov v16.8h, #1.0\n fadd v16.8h, v16.8h, v16.8h\n st1 {v16.8h}, [%0]", : "r"(r) : VECTORS);
    return r[0] == 0x4000400040004000 && r[1] == r[0];
}
static int asimdrdm(void)   /* 1/2 times 1/2, and 1 of the last place */
{
    pair r;
    ASM("movi v16.8h, #1\n movi v17.8h, #0x40, lsl #8\n sqrdmlah v16.8h, v17.8h, v17.8h\n st1 {v16.8h}, [%0]", : "r"(r) : VECTORS);
    return r[0] == 0x2001200120012001 && r[1] == r[0];
}
static int jscvt(void)
{
    int r;
    ASM("fjcvtzs %w0, %d1", "=r"(r) : "w"(4294967301.0) : "cc");
    return r == 5;
}
static int fcma(void)   /* (1 + 2i) + i (3 + 4i) */
{
    static const double n[2] = {1, 2}, m[2] = {3, 4};
    double r[2];
    ASM("ld1 {v16.2d}, [%0]\n ld1 {v17.2d}, [%1]\n fcadd v16.2d, v16.2d, v17.2d, #90\n st1 {v16.2d}, [%2]",
        : "r"(n), "r"(m), "r"(r) : VECTORS);
    return r[0] == -3 && r[1] == 5;
}
static int lrcpc(void)
{
    u64 memory = 42, r;
    ASM("ldapr %0, [%1]", "=r"(r) : "r"(&memory) : "memory");
    return r == 42;
}
static int ilrcpc(void)
{
    u64 memory[2] = {1, 2}, r;
    ASM("ldapur %0, [%1, #-8]\n stlur %0, [%1]", "=&r"(r) : "r"(memory + 1) : "memory");
    return r == 1 && memory[1] == 1;
}
static int dcpop(void)
{
    ASM("dc cvap, %0", : "r"(counting) : "memory");
    return 1;
}
static int dcpodp(void)
{
    ASM("dc cvadp, %0", : "r"(counting) : "memory");
    return 1;
}
static int sha3(void)
{
    pair r;
    ASM("movi v16.16b, #1\n movi v17.16b, #6\n movi v18.16b, #8\n eor3 v19.16b, v16.16b, v17.16b, v18.16b\n"
        " st1 {v19.2d}, [%0]", : "r"(r) : VECTORS);
    return r[0] == 0x0f0f0f0f0f0f0f0f && r[1] == r[0];
}
static int sm3(void)   /* the last word: rotated by 12, two sums with 0, rotated by 7 */
{
    u32 r;
    ASM("movi v16.4s, #1\n movi v17.2d, #0\n sm3ss1 v18.4s, v16.4s, v17.4s, v17.4s\n umov %w0, v18.s[3]", "=r"(r) : : VECTORS);
    return r == 0x00080000;
}
static int sm4(void)   /* the first round keys of the example in GB/T 32907, and the constants that make them */
{
    static const u32 key[4] = {0x01234567 ^ 0xa3b1bac6, 0x89abcdef ^ 0x56aa3350, 0xfedcba98 ^ 0x677d9197, 0x76543210 ^ 0xb27022dc};
    static const u32 constants[4] = {0x00070e15, 0x1c232a31, 0x383f464d, 0x545b6269};
    static const u32 expected[4] = {0xf12186f9, 0x41662b61, 0x5a6ab19a, 0x7ba92077};
    u32 r[4];
    ASM("ld1 {v16.4s}, [%0]\n ld1 {v17.4s}, [%1]\n sm4ekey v18.4s, v16.4s, v17.4s\n st1 {v18.4s}, [%2]",
        : "r"(key), "r"(constants), "r"(r) : VECTORS);
    return memcmp(r, expected, 16) == 0;
}
static int asimddp(void)
{
    pair r;
    ASM("movi v16.4s, #1\n movi v17.16b, #3\n movi v18.16b, #2\n udot v16.4s, v17.16b, v18.16b\n st1 {v16.4s}, [%0]",
        : "r"(r) : VECTORS);
    return r[0] == 0x0000001900000019 && r[1] == r[0];
}
static int sha512(void)   /* the first word gets sigma0 of the second */
{
    u64 r;
    ASM("movi v16.2d, #0\n mov v16.d[1], %1\n movi v17.2d, #0\n sha512su0 v16.2d, v17.2d\n fmov %0, d16",
        "=r"(r) : "r"((u64)1) : VECTORS);
    return r == 0x8100000000000000;
}
static int asimdfhm(void)
{
    float r;
    ASM("fmov v16.4s, #1.0\n fmov v17.8h, #2.0\n fmov v18.8h, #3.0\n fmlal v16.4s, v17.4h, v18.4h\n fmov %s0, s16",
        "=w"(r) : : VECTORS);
    return r == 7;
}
static int flagm(void)
{
    u64 before, after, inserted;
    ASM("cmp xzr, xzr\n mrs %0, nzcv\n cfinv\n mrs %1, nzcv\n rmif %3, #60, #15\n mrs %2, nzcv",
        "=&r"(before), "=&r"(after), "=&r"(inserted) : "r"((u64)0xa << 60) : "cc");
    return before == 0x60000000 && after == 0x40000000 && inserted == 0xa0000000;
}
static int sb(void)
{
    ASM("sb", : : "memory");
    return 1;
}
static int flagm2(void)   /* an unordered comparison in the other format: zero and no carry become one */
{
    u64 r;
    ASM("msr nzcv, %1\n axflag\n mrs %0, nzcv", "=r"(r) : "r"((u64)0x30000000) : "cc");
    return r == 0x40000000;
}
static int frint(void)
{
    double large, small;
    ASM("frint32z %d0, %d2\n frint32z %d1, %d3", "=&w"(large), "=&w"(small) : "w"(1e10), "w"(2.7));
    return large == -2147483648.0 && small == 2;
}
static int rng(void)
{
    u64 a, b, flags;
    ASM("mrs %0, rndr\n mrs %1, rndr\n mrs %2, nzcv", "=&r"(a), "=&r"(b), "=&r"(flags) : : "cc");
    return a != b && flags == 0;
}

FEATURES {
    {"FP", AT_HWCAP, 0, fp}, {"ASIMD", AT_HWCAP, 1, asimd}, {"AES", AT_HWCAP, 3, aes}, {"PMULL", AT_HWCAP, 4, pmull},
    {"SHA1", AT_HWCAP, 5, sha1}, {"SHA2", AT_HWCAP, 6, sha2}, {"CRC32", AT_HWCAP, 7, crc32},
    {"ATOMICS", AT_HWCAP, 8, atomics}, {"FPHP", AT_HWCAP, 9, fphp}, {"ASIMDHP", AT_HWCAP, 10, asimdhp},
    {"ASIMDRDM", AT_HWCAP, 12, asimdrdm}, {"JSCVT", AT_HWCAP, 13, jscvt}, {"FCMA", AT_HWCAP, 14, fcma},
    {"LRCPC", AT_HWCAP, 15, lrcpc}, {"DCPOP", AT_HWCAP, 16, dcpop}, {"SHA3", AT_HWCAP, 17, sha3},
    {"SM3", AT_HWCAP, 18, sm3}, {"SM4", AT_HWCAP, 19, sm4}, {"ASIMDDP", AT_HWCAP, 20, asimddp},
    {"SHA512", AT_HWCAP, 21, sha512}, {"ASIMDFHM", AT_HWCAP, 23, asimdfhm}, {"ILRCPC", AT_HWCAP, 26, ilrcpc},
    {"FLAGM", AT_HWCAP, 27, flagm}, {"SB", AT_HWCAP, 29, sb}, {"DCPODP", AT_HWCAP2, 0, dcpodp},
    {"FLAGM2", AT_HWCAP2, 7, flagm2}, {"FRINT", AT_HWCAP2, 8, frint}, {"RNG", AT_HWCAP2, 16, rng},
};
