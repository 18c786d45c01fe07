/* What the PowerPC ABIs promise (arch/powerpc/include/uapi/asm/cputable.h). A level of the
 * architecture is many instructions; these are what compilers and C libraries choose by it. */
#define ASM(text, ...) __asm__ volatile(".machine push\n .machine power9\n" text "\n .machine pop" : __VA_ARGS__)

typedef u32 vector[4] __attribute__((aligned(16)));
#define V(...) {__VA_ARGS__}
/* `instruction` on v0 and v1 (vs32 and vs33), which hold a and b, gives r in v2; in memory's order of words. */
#define WORKS(instruction, a, b, r)                                                                             \
    ({                                                                                                          \
        static const vector a_ = a, b_ = b, r_ = r;                                                             \
        vector out_;                                                                                            \
        ASM("lvx 0, 0, %0\n lvx 1, 0, %1\n " instruction "\n stvx 2, 0, %2", : "b"(a_), "b"(b_), "b"(out_) : "v0", "v1", "v2", "cr6", "memory"); \
        memcmp(out_, r_, 16) == 0;                                                                              \
    })
/* The first word of memory is the most significant of a quadword, or the last. */
#ifdef __LITTLE_ENDIAN__
#define QUAD(a, b, c, d) {d, c, b, a}
#else
#define QUAD(a, b, c, d) {a, b, c, d}
#endif

static int words_32(void)
{
    word r;
    ASM("lis %0, 0x1234\n ori %0, %0, 0x5678\n rlwinm %0, %0, 8, 0, 31\n clrlwi %0, %0, 16", "=b"(r));
    return r == 0x7812;
}
static int altivec(void)
{
    return WORKS("vadduws 2, 0, 1", V(1, 2, 3, 0xffffffff), V(4, 5, 6, 7), V(5, 7, 9, 0xffffffff)) &&
           WORKS("vmaddfp 2, 0, 1, 1", V(0x40000000, 0x40000000, 0x3f800000, 0), V(0x3f800000, 0x40000000, 0x3f800000, 0x3f800000),
                 V(0x40400000, 0x40c00000, 0x40000000, 0x3f800000)) &&
           WORKS("vperm 2, 0, 1, 0", V(0, 0, 0, 0), V(1, 2, 3, 4), V(0, 0, 0, 0));
}
static int floating_point(void)
{
    double r, two = 2, three = 3;
    ASM("fmadd %0, %1, %2, %1", "=d"(r) : "d"(two), "d"(three));
    return r == 8;
}
#ifdef __powerpc64__
static int words_64(void)
{
    u64 r;
    ASM("mulhdu %0, %1, %1", "=r"(r) : "r"(~(u64)0));
    return r == ~(u64)1;
}
static int decimal(void)   /* 2 + 3, from and to integers */
{
    u64 two = 2, three = 3, r;
    ASM("lfd 0, 0(%0)\n dcffix 0, 0\n lfd 1, 0(%1)\n dcffix 1, 1\n dadd 0, 0, 1\n dctfix 0, 0\n stfd 0, 0(%2)",
        : "b"(&two), "b"(&three), "b"(&r) : "fr0", "fr1", "memory");
    return r == 5;
}
static int level_2_06(void)   /* POWER7 */
{
    u64 bits, swapped, quotient, memory = 0x0102030405060708, permuted;
    double rounded;
    ASM("popcntd %0, %5\n ldbrx %1, 0, %4\n divdeu %2, %6, %7\n bpermd %3, %8, %5", "=&r"(bits), "=&r"(swapped), "=&r"(quotient), "=&r"(permuted)
        : "b"(&memory), "r"((u64)0xf0f0), "r"((u64)1), "r"((u64)4), "r"((u64)0x3f3e3d3c3b3a3938) : "memory");
    ASM("friz %0, %1\n fcfidu 0, %0", "=&d"(rounded) : "d"(-2.75) : "fr0");
    return bits == 8 && swapped == 0x0807060504030201 && quotient == (u64)1 << 62 && permuted == 0x0f && rounded == -2;
}
static int vsx(void)
{
    return WORKS("xvadddp 34, 32, 33", QUAD(0x40000000, 0, 0x40080000, 0), QUAD(0x3ff00000, 0, 0x3ff00000, 0), QUAD(0x40080000, 0, 0x40100000, 0)) &&
           WORKS("xxlxor 34, 32, 33", V(1, 2, 3, 4), V(3, 3, 3, 3), V(2, 1, 0, 7)) &&
           WORKS("xxpermdi 34, 32, 33, 1", QUAD(1, 2, 3, 4), QUAD(5, 6, 7, 8), QUAD(1, 2, 7, 8));
}
static int level_2_07(void)   /* POWER8 */
{
    static u64 pair[2] __attribute__((aligned(16)));
    u64 moved, high, low, condition;
    pair[0] = 1, pair[1] = 2;
    ASM("mtvsrd 32, %1\n mfvsrd %0, 32", "=r"(moved) : "r"(0x123456789abcdef0) : "v0");
    ASM("lqarx 8, 0, %3\n mr %0, 8\n mr %1, 9\n mr 10, 9\n mr 11, 8\n stqcx. 10, 0, %3\n mfcr %2", "=&r"(high), "=&r"(low), "=&r"(condition)
        : "b"(pair) : "r8", "r9", "r10", "r11", "cr0", "memory");
    return moved == 0x123456789abcdef0 && condition >> 29 & 1 && high + low == 3 && pair[0] == 2 && pair[1] == 1 &&
           WORKS("vaddudm 2, 0, 1", QUAD(0, 0xffffffff, 0, 1), QUAD(0, 1, 0, 1), QUAD(1, 0, 0, 2)) &&
           WORKS("vadduqm 2, 0, 1", QUAD(0, 0, 0xffffffff, 0xffffffff), QUAD(0, 0, 0, 1), QUAD(0, 1, 0, 0)) &&
           WORKS("vmulouw 2, 0, 1", QUAD(9, 0xffffffff, 9, 3), QUAD(9, 0xffffffff, 9, 5), QUAD(0xfffffffe, 1, 0, 15)) &&
           WORKS("vclzw 2, 0", V(1, 2, 0, 0x80000000), V(0, 0, 0, 0), V(31, 30, 32, 0)) &&
           WORKS("vpopcntd 2, 0", QUAD(0, 0xff, 1, 1), V(0, 0, 0, 0), QUAD(0, 8, 0, 2)) &&
           WORKS("xxlorc 34, 32, 33", V(1, 0, 0, 0), V(0xfffffff0, ~0u, ~0u, ~0u), V(0xf, 0, 0, 0)) &&
           WORKS("vgbbd 2, 0", V(0xffffffff, 0xffffffff, 0, 0), V(0, 0, 0, 0), V(0xffffffff, 0xffffffff, 0, 0));
}
static int data_stream_control(void)
{
    u64 before, r;
    ASM("mfspr %0, 3\n mtspr 3, %2\n mfspr %1, 3\n mtspr 3, %0", "=&r"(before), "=&r"(r) : "r"((u64)1));
    return r == 1;
}
static int integer_select(void)
{
    u64 r;
    ASM("cmpd %1, %1\n isel %0, %2, %1, 2", "=&r"(r) : "b"((u64)1), "b"((u64)42) : "cr0");
    return r == 42;
}
static int target_address(void)
{
    u64 r, before;
    ASM("mfspr %1, 815\n bcl 20, 31, 1f\n 1: mflr %0\n addi %0, %0, 2f-1b\n mtspr 815, %0\n li %0, 1\n bctar 20, 0\n 2: mtspr 815, %1", "=&b"(r), "=&r"(before) : : "lr");
    return r == 1;
}
static int vector_crypto(void)   /* the last round of AES on equal bytes, and a sum of products without carries */
{
    return WORKS("vcipherlast 2, 0, 1", V(0x53535353, 0x53535353, 0x53535353, 0x53535353), V(1, 0, 0, 0), V(0xedededec, 0xedededed, 0xedededed, 0xedededed)) &&
           WORKS("vpmsumd 2, 0, 1", QUAD(~0u, ~0u, 0, 0), QUAD(~0u, ~0u, 0, 0), QUAD(0x55555555, 0x55555555, 0x55555555, 0x55555555)) &&
           WORKS("vshasigmaw 2, 0, 0, 0", V(1, 1, 1, 1), V(0, 0, 0, 0), V(0x02004000, 0x02004000, 0x02004000, 0x02004000));
}
static int level_3_00(void)   /* POWER9 */
{
    u64 rest, zeros, sum, shifted, set, moved, rounding, sum_extended;
    static const u8 bytes[16] __attribute__((aligned(16))) = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    u8 part[16];
    ASM("modud %0, %5, %6\n cnttzd %1, %5\n maddld %2, %5, %6, %6\n extswsli %3, %6, 4\n cmpd %5, %6\n setb %4, 0", "=&r"(rest), "=&r"(zeros), "=&r"(sum), "=&r"(shifted), "=&r"(set)
        : "r"((u64)100), "r"((u64)7) : "cr0");
    ASM("mtvsrdd 32, %1, %2\n mfvsrld %0, 32\n mffsl 0", "=r"(moved) : "b"((u64)1), "r"((u64)2) : "v0", "fr0");
    ASM("mffscrni 0, 1\n mffsl 0\n mfvsrd %0, 0\n mffscrni 0, 0", "=r"(rounding) : : "fr0");
    memset(part, 0, 16);
    ASM("lxvl 32, %0, %1\n stxvl 32, %2, %1\n addpcis 8, 0", : "b"(bytes), "r"((u64)5 << 56), "b"(part) : "v0", "r8", "memory");
    ASM("addex %0, %1, %1, 0", "=r"(sum_extended) : "r"((u64)20));
    return (sum_extended | 1) == 41 && rest == 2 && zeros == 2 && sum == 707 && shifted == 112 && set == 1 && moved == 2 && (rounding & 3) == 1 && part[4] == 5 && part[5] == 0 &&
           WORKS("vabsduw 2, 0, 1", V(1, 9, 3, 0), V(4, 2, 3, ~0u), V(3, 7, 0, ~0u)) &&
           WORKS("vcmpnezb 2, 0, 1", V(0x01020304, 0, 0, 0), V(0x01020004, 0, 0, 0), V(0x0000ff00, ~0u, ~0u, ~0u)) &&
           WORKS("xxspltib 34, 7", V(0, 0, 0, 0), V(0, 0, 0, 0), V(0x07070707, 0x07070707, 0x07070707, 0x07070707)) &&
           WORKS("xxbrw 34, 32", V(0x01020304, 5, 0, 0), V(0, 0, 0, 0), V(0x04030201, 0x05000000, 0, 0)) &&
           WORKS("vctzw 2, 0", V(1, 2, 0, 0x80000000), V(0, 0, 0, 0), V(0, 1, 32, 31)) &&
           WORKS("vnegw 2, 0", V(1, 2, 0, ~0u), V(0, 0, 0, 0), V(~0u, -2u, 0, 1)) &&
           WORKS("vextsb2w 2, 0", V(0x80, 1, 0x7f, 0xff), V(0, 0, 0, 0), V(0xffffff80, 1, 0x7f, ~0u)) &&
           WORKS("xvxexpdp 34, 32", QUAD(0x3ff00000, 0, 0x40000000, 0), V(0, 0, 0, 0), QUAD(0, 1023, 0, 1024));
}
static int quad_floating_point(void)   /* 1 + 2, and 3 to and from double */
{
    return WORKS("xsaddqp 2, 0, 1", QUAD(0x3fff0000, 0, 0, 0), QUAD(0x40000000, 0, 0, 0), QUAD(0x40008000, 0, 0, 0)) &&
           WORKS("xsmaddqp 0, 0, 1\n vor 2, 0, 0", QUAD(0x40000000, 0, 0, 0), QUAD(0x40000000, 0, 0, 0), QUAD(0x40018000, 0, 0, 0)) &&
           WORKS("xscvdpqp 2, 0", QUAD(0x40080000, 0, 0, 0), V(0, 0, 0, 0), QUAD(0x40008000, 0, 0, 0)) &&
           WORKS("xsdivqp 2, 0, 1", QUAD(0x40018000, 0, 0, 0), QUAD(0x40000000, 0, 0, 0), QUAD(0x40008000, 0, 0, 0)) &&
           WORKS("xssqrtqp 2, 0", QUAD(0x40010000, 0, 0, 0), V(0, 0, 0, 0), QUAD(0x40000000, 0, 0, 0)) &&
           WORKS("xscvqpsdz 2, 0", QUAD(0x40008000, 0, 0, 0), V(0, 0, 0, 0), QUAD(0, 3, 0, 0));
}
static int random(void)
{
    u64 a, b;
    ASM("darn %0, 1\n darn %1, 1", "=r"(a), "=r"(b));
    return a != b && a != ~(u64)0;
}
static int system_call_vectored(void)
{
    ASM("scv 0", : : "r0", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", "ctr", "cr0", "memory");
    return 1;
}
#endif

FEATURES {
    {"ppc32", AT_HWCAP, 31, words_32}, {"altivec", AT_HWCAP, 28, altivec}, {"fpu", AT_HWCAP, 27, floating_point},
    {"mmu", AT_HWCAP, 26, 0},
#ifdef __powerpc64__
    {"ppc64", AT_HWCAP, 30, words_64}, {"ic_snoop", AT_HWCAP, 13, 0}, {"dfp", AT_HWCAP, 10, decimal},
    {"arch_2_06", AT_HWCAP, 8, level_2_06}, {"vsx", AT_HWCAP, 7, vsx}, {"true_le", AT_HWCAP, 1, 0},
    {"arch_2_07", AT_HWCAP2, 31, level_2_07}, {"dscr", AT_HWCAP2, 29, data_stream_control},
    {"isel", AT_HWCAP2, 27, integer_select}, {"tar", AT_HWCAP2, 26, target_address},
    {"vcrypto", AT_HWCAP2, 25, vector_crypto}, {"arch_3_00", AT_HWCAP2, 23, level_3_00},
    {"ieee128", AT_HWCAP2, 22, quad_floating_point}, {"darn", AT_HWCAP2, 21, random},
    {"scv", AT_HWCAP2, 20, system_call_vectored},
#endif
};
