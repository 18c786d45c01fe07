/* What arm promises (arch/arm/include/uapi/asm/hwcap.h). */
#define ASM(text, ...) __asm__ volatile(".arch armv8-a\n .arch_extension crc\n .fpu crypto-neon-fp-armv8\n" text : __VA_ARGS__)

static int half(void)
{
    static const uint16_t halves[2] = {1, 0xfffe};
    u32 a;
    ASM("ldrsh %0, [%1, #2]", "=r"(a) : "r"(halves) : "memory");
    return a == 0xfffffffe;
}
static int fast_multiplication(void)
{
    u32 a, b;
    ASM("umull %0, %1, %2, %2", "=&r"(a), "=&r"(b) : "r"(0xffffffff));
    return a == 1 && b == 0xfffffffe;
}
static int saturation(void)
{
    u32 a, b;
    ASM("qadd %0, %2, %2\n smulbt %1, %3, %3", "=&r"(a), "=&r"(b) : "r"(0x7fffffff), "r"(0xfffd0005));
    return a == 0x7fffffff && (int)b == -15;
}
static int thumb_division(void)   /* and Thumb itself */
{
    u32 a;
    ASM("adr r12, 1f + 1\n bx r12\n .thumb\n .balign 4\n 1: udiv %0, %1, %2\n bx pc\n nop\n .arm",
        "=&r"(a) : "r"(100), "r"(7) : "r12");
    return a == 14;
}
static int division(void)
{
    u32 a;
    ASM("sdiv %0, %1, %2", "=r"(a) : "r"(-100), "r"(7));
    return (int)a == -14;
}
static int wide_exclusive(void)
{
    static u64 pair __attribute__((aligned(8)));
    u32 a, b, status;
    pair = 0x0123456789abcdef;
    ASM("1: ldrexd r4, r5, [%3]\n mov %0, r4\n mov %1, r5\n add r4, r4, #1\n strexd %2, r4, r5, [%3]\n"
        " cmp %2, #0\n bne 1b", "=&r"(a), "=&r"(b), "=&r"(status) : "r"(&pair) : "r4", "r5", "cc", "memory");
    return a == 0x89abcdef && b == 0x01234567 && pair == 0x0123456789abcdf0;
}
static int thread_pointer(void)
{
    u32 a;
    if (system_call(0x0f0005 /* set_tls */, 0x12345678, 0, 0, 0, 0, 0)) return 0;
    ASM("mrc p15, 0, %0, c13, c0, 3", "=r"(a));
    return a == 0x12345678;
}
static int crc32(void)
{
    u32 a;
    ASM("crc32w %0, %1, %2", "=r"(a) : "r"(0xffffffff), "r"(0));
    return a == 0xdebb20e3;
}
static int vfp(void)
{
    double result, two = 2, three = 3;
    ASM("vmul.f64 %P0, %P1, %P2", "=w"(result) : "w"(two), "w"(three));
    return result == 6;
}
static int vfpv3(void)   /* constants; all 32 registers, as VFPv3D16 is not promised */
{
    double result;
    ASM("vmov.f64 d31, #5.0\n vmov.f64 %P0, d31", "=w"(result));
    return result == 5;
}
static int vfpv4(void)
{
    double result = 4, two = 2, three = 3;
    ASM("vfma.f64 %P0, %P1, %P2", "+w"(result) : "w"(two), "w"(three));
    return result == 10;
}
static int neon(void)
{
    u32 a, b;
    ASM("vmov.i32 q9, #3\n vadd.i32 q9, q9, q9\n vmul.i32 q9, q9, q9\n vmov %0, %1, d19", "=r"(a), "=r"(b));
    return a == 36 && b == 36;
}
static int aes(void)   /* S-box and row shift of FIPS 197, with a zero key */
{
    static const u8 state[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    static const u8 expected[16] = {0x63, 0x6b, 0x67, 0x76, 0xf2, 0x01, 0xab, 0x7b,
                                    0x30, 0xd7, 0x77, 0xc5, 0xfe, 0x7c, 0x6f, 0x2b};
    u8 out[16];
    ASM("vld1.8 {q8}, [%0]\n vmov.i32 q9, #0\n aese.8 q8, q9\n vst1.8 {q8}, [%1]", : "r"(state), "r"(out) : "memory");
    return memcmp(out, expected, 16) == 0;
}
static int pmull(void)   /* without carries, the square of all ones has every other bit */
{
    u32 a, b;
    ASM("vmov.i8 d16, #0xff\n vmull.p64 q9, d16, d16\n vmov %0, %1, d18", "=r"(a), "=r"(b));
    return a == 0x55555555 && b == 0x55555555;
}
static int sha1(void)   /* a rotation to the left by 30 */
{
    u32 a;
    ASM("vmov.i32 q8, #4\n sha1h.32 q9, q8\n vmov.32 %0, d18[0]", "=r"(a));
    return a == 1;
}
static int sha2(void)   /* the first word gets sigma0 of the second */
{
    static const u32 words[4] = {0, 1, 0, 0};
    u32 a;
    ASM("vld1.32 {q8}, [%1]\n vmov.i32 q9, #0\n sha256su0.32 q8, q9\n vmov.32 %0, d16[0]", "=r"(a) : "r"(words) : "memory");
    return a == 0x02004000;
}

FEATURES {
    {"HALF", AT_HWCAP, 1, half}, {"THUMB", AT_HWCAP, 2, thumb_division}, {"FAST_MULT", AT_HWCAP, 4, fast_multiplication},
    {"VFP", AT_HWCAP, 6, vfp}, {"EDSP", AT_HWCAP, 7, saturation}, {"NEON", AT_HWCAP, 12, neon},
    {"VFPv3", AT_HWCAP, 13, vfpv3}, {"TLS", AT_HWCAP, 15, thread_pointer}, {"VFPv4", AT_HWCAP, 16, vfpv4},
    {"IDIVA", AT_HWCAP, 17, division}, {"IDIVT", AT_HWCAP, 18, thumb_division}, {"LPAE", AT_HWCAP, 20, wide_exclusive},
    {"AES", AT_HWCAP2, 0, aes}, {"PMULL", AT_HWCAP2, 1, pmull}, {"SHA1", AT_HWCAP2, 2, sha1},
    {"SHA2", AT_HWCAP2, 3, sha2}, {"CRC32", AT_HWCAP2, 4, crc32},
};
