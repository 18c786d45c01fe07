/* What the x86 ABIs promise. AT_HWCAP is a word of CPUID, and programs choose by the others. */
#define ASM(text, ...) __asm__ volatile(text : __VA_ARGS__)

/* Words of CPUID; of leaf 7 subleaf 0. */
enum { EDX_1 = 0x1000, ECX_1, EBX_7, ECX_7, EDX_7, ECX_EXTENDED, EDX_EXTENDED };
#define MORE_SOURCES EDX_1, ECX_1, EBX_7, ECX_7, EDX_7, ECX_EXTENDED, EDX_EXTENDED
static word promise(word source)
{
    u32 a = source <= ECX_1 ? 1 : source <= EDX_7 ? 7 : 0x80000001, b, c = 0, d;
    if (source == ALWAYS) return 1;
    if (source < EDX_1) return auxv_value(source, 0);
    ASM("cpuid", "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    return source == EBX_7 ? b : source == ECX_1 || source == ECX_7 || source == ECX_EXTENDED ? c : d;
}

typedef u32 vector[4] __attribute__((aligned(16)));
#define VECTORS "xmm0", "xmm1", "memory"
/* `instruction` on %xmm0 and %xmm1, which hold a and b, gives r in %xmm0. */
#define WORKS(instruction, a, b, r)                                                                               \
    ({                                                                                                            \
        static const vector a_ = a, b_ = b, r_ = r;                                                               \
        vector out_;                                                                                              \
        ASM("movups %1, %%xmm0\n movups %2, %%xmm1\n " instruction "\n movups %%xmm0, %0", "=m"(out_) : "m"(a_), "m"(b_) : VECTORS); \
        memcmp(out_, r_, 16) == 0;                                                                                \
    })
#define V(...) {__VA_ARGS__}
enum { ONE = 0x3f800000, TWO = 0x40000000, THREE = 0x40400000, FOUR = 0x40800000, FIVE = 0x40a00000 };

/* A kernel may take back what only kernels use (the KERNELS rows of AT_HWCAP), and no more; it adds nothing. */
static int same_as_hwcap(void)
{
    u32 for_kernels = 1 << 2 | 1 << 3 | 7 << 5 | 1 << 9 | 15 << 11 | 3 << 16;
    u32 kernel = (u32)auxv_value(AT_HWCAP, 0), processor = (u32)promise(EDX_1);
    return (kernel & ~processor) == 0 && (processor & ~kernel & ~for_kernels) == 0;
}
static int fpu(void)
{
    double r;
    ASM("fldpi\n fld1\n fsubrp\n fstpl %0", "=m"(r));
    return r > 2.141592 && r < 2.141593;
}
static int time_stamp(void)
{
    u32 a, b, d;
    ASM("rdtsc\n mov %%eax, %1\n 1: rdtsc\n cmp %1, %%eax\n je 1b", "=&a"(a), "=&r"(b), "=&d"(d) : : "cc");
    return a != b;
}
static int exchange_8(void)
{
    u64 memory = 0x0123456789abcdef;
    u32 a = 0x89abcdef, d = 0x01234567;
    u8 equal;
    ASM("cmpxchg8b %0\n sete %1", "+m"(memory), "=q"(equal), "+a"(a), "+d"(d) : "b"(1), "c"(2) : "cc");
    return equal && memory == 0x0000000200000001;
}
static int conditional_move(void)
{
    u32 r = 1;
    ASM("cmp %0, %0\n cmove %1, %0", "+r"(r) : "r"(42) : "cc");
    return r == 42;
}
static int cache_line_flush(void)
{
    u32 memory = 42;
    ASM("clflush %0", "+m"(memory));
    return memory == 42;
}
static int mmx(void)
{
    u32 r;
    ASM("movd %1, %%mm0\n paddb %%mm0, %%mm0\n movd %%mm0, %0\n emms", "=r"(r) : "r"(0x01020384) : "mm0");
    return r == 0x02040608;
}
static int save_and_restore(void)
{
    static u8 area[512] __attribute__((aligned(16)));
    u32 r;
    ASM("movd %2, %%xmm0\n fxsave %0\n pxor %%xmm0, %%xmm0\n fxrstor %0\n movd %%xmm0, %1", "+m"(area), "=r"(r) : "r"(42) : VECTORS);
    return r == 42 && area[160] == 42;
}
static int sse(void) { return WORKS("mulps %%xmm1, %%xmm0", V(TWO, ONE, TWO, ONE), V(TWO, THREE, ONE, ONE), V(FOUR, THREE, TWO, ONE)); }
static int sse2(void) { return WORKS("pmuludq %%xmm1, %%xmm0", V(0xffffffff, 0, 3, 0), V(0xffffffff, 9, 5, 9), V(1, 0xfffffffe, 15, 0)); }
static int sse3(void) { return WORKS("haddps %%xmm1, %%xmm0", V(ONE, ONE, TWO, TWO), V(ONE, TWO, THREE, ONE), V(TWO, FOUR, THREE, FOUR)); }
static int pclmul(void) { return WORKS("pclmulqdq $0, %%xmm1, %%xmm0", V(~0u, ~0u, 0, 0), V(~0u, ~0u, 0, 0), V(0x55555555, 0x55555555, 0x55555555, 0x55555555)); }
static int ssse3(void)
{
    return WORKS("pshufb %%xmm1, %%xmm0", V(0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c), V(0x00010203, 0x80808080, 0x0f0f0f0f, 0x04040404),
                 V(0x00010203, 0, 0x0f0f0f0f, 0x04040404)) &&
           WORKS("pabsd %%xmm1, %%xmm0", V(0, 0, 0, 0), V(-1u, 2, -3u, 0x80000000), V(1, 2, 3, 0x80000000));
}
static int sse4_1(void)
{
    return WORKS("pmulld %%xmm1, %%xmm0", V(3, 5, 0x10000, 7), V(5, -1u, 0x10000, 7), V(15, -5u, 0, 49)) &&
           WORKS("roundps $1, %%xmm1, %%xmm0", V(0, 0, 0, 0), V(0x40200000 /* 2.5 */, 0xbf000000 /* -0.5 */, ONE, TWO), V(TWO, 0xbf800000, ONE, TWO)) &&
           WORKS("pmovzxbd %%xmm1, %%xmm0", V(0, 0, 0, 0), V(0x04030201, 0, 0, 0), V(1, 2, 3, 4)) &&
           WORKS("dpps $0xf1, %%xmm1, %%xmm0", V(ONE, ONE, ONE, TWO), V(ONE, 0, 0, TWO), V(FIVE, 0, 0, 0));
}
static int sse4_2(void)
{
    u32 index, crc = 0xffffffff;
    static const vector set = {0x7a79, 0, 0, 0}, text = {0x7a636261, 0, 0, 0};   /* "yz" in "abcz" */
    ASM("movdqa %1, %%xmm0\n pcmpistri $0, %2, %%xmm0", "=c"(index) : "m"(set), "m"(text) : "cc", VECTORS);
    ASM("crc32l %1, %0", "+r"(crc) : "r"(0));
    return index == 3 && crc == 0xb798b438 && WORKS("pcmpgtq %%xmm1, %%xmm0", V(0, 1, 0, 0), V(~0u, 0, 0, 0), V(~0u, ~0u, 0, 0));
}
static int exchange_16(void)
{
#ifdef __x86_64__
    static u64 memory[2] __attribute__((aligned(16)));
    u64 a = 3, d = 4;
    memory[0] = 3, memory[1] = 4;
    ASM("cmpxchg16b %0", "+m"(memory), "+a"(a), "+d"(d) : "b"(5ull), "c"(6ull) : "cc");
    return memory[0] == 5 && memory[1] == 6;
#else
    return 1;   /* an instruction of 64-bit code */
#endif
}
static int move_swapped(void)
{
    u32 memory = 0x12345678, r;
    ASM("movbe %1, %0", "=r"(r) : "m"(memory));
    return r == 0x78563412;
}
static int population_count(void)
{
    u32 r;
    ASM("popcnt %1, %0", "=r"(r) : "r"(0xf0f0f001) : "cc");
    return r == 13;
}
static int aes(void)   /* S-box, row shift and column mix of FIPS 197 on equal bytes */
{
    return WORKS("aesenclast %%xmm1, %%xmm0", V(0x53535353, 0x53535353, 0x53535353, 0x53535353), V(1, 0, 0, 0),
                 V(0xedededec, 0xedededed, 0xedededed, 0xedededed)) &&
           WORKS("aesenc %%xmm1, %%xmm0", V(0x53535353, 0x53535353, 0x53535353, 0x53535353), V(0, 0, 0, 0),
                 V(0xedededed, 0xedededed, 0xedededed, 0xedededed)) &&
           WORKS("aeskeygenassist $1, %%xmm1, %%xmm0", V(0, 0, 0, 0), V(0, 0x53535353, 0, 0), V(0xedededed, 0xedededec, 0x63636363, 0x63636362));
}
static int random(void)
{
    word a, b;
    u8 there;
    ASM("1: rdrand %0\n jnc 1b\n rdrand %1\n setc %2", "=&r"(a), "=&r"(b), "=q"(there) : : "cc");
    return there && a != b;
}
static int fs_gs_base(void)
{
#ifdef __x86_64__
    u64 before, r;
    ASM("rdgsbase %0\n wrgsbase %2\n rdgsbase %1\n wrgsbase %0", "=&r"(before), "=&r"(r) : "r"(0x12345678ull));
    return r == 0x12345678;
#else
    return 1;   /* instructions of 64-bit code */
#endif
}
static int bmi1(void)
{
    u32 without, lowest, trailing, field;
    ASM("andn %5, %4, %0\n blsi %5, %1\n tzcnt %5, %2\n bextr %6, %5, %3", "=&r"(without), "=&r"(lowest), "=&r"(trailing), "=&r"(field)
        : "r"(0x0f00), "r"(0xff00), "r"(0x0c08) : "cc");
    return without == 0xf000 && lowest == 0x100 && trailing == 8 && field == 0xff;
}
static int bmi2(void)
{
    u32 low, high, gathered, scattered, shifted;
    ASM("mulx %4, %0, %1\n shlx %5, %5, %2", "=&r"(low), "=&r"(high), "=&r"(shifted) : "d"(0xffffffff), "r"(0xabcdef01), "r"(5));
    ASM("pext %2, %3, %0\n pdep %2, %4, %1", "=&r"(gathered), "=&r"(scattered) : "r"(0x00ff00f0), "r"(0xabcdef01), "r"(5));
    return low == 0x543210ff && high == 0xabcdef00 && gathered == 0xcd0 && scattered == 0x50 && shifted == 160;
}
static int fast_strings(void)
{
    u8 from[3] = {1, 2, 3}, to[3] = {0};
    void *source = from, *target = to;
    word count = 3;
    ASM("rep movsb", "+S"(source), "+D"(target), "+c"(count) : : "memory");
    return to[2] == 3;
}
static int two_carries(void)
{
    u32 a = 0xffffffff, b = 0xffffffff, r = 0;
    ASM("xor %%eax, %%eax\n adcx %3, %0\n adox %3, %1\n adcx %%eax, %2\n adox %%eax, %2", "+&r"(a), "+&r"(b), "+&r"(r) : "r"(1) : "eax", "cc");
    return a == 0 && b == 0 && r == 2;
}
static int flags_in_ah(void)
{
    u32 r;
    ASM("mov $0xd5, %%ah\n sahf\n xor %%ah, %%ah\n mov $0xd5, %%ah\n sahf\n lahf\n movzbl %%ah, %0", "=r"(r) : : "eax", "cc");
    return r == 0xd7;
}
static int leading_zeros(void)
{
    u32 r;
    ASM("lzcnt %1, %0", "=r"(r) : "r"(0x00ff0000) : "cc");
    return r == 8;
}
static int time_stamp_and_processor(void)
{
    u32 a, d, c, node;
    ASM("rdtscp", "=a"(a), "=d"(d), "=c"(c));
    return CALL(getcpu, &c, &node, 0) == 0 && (a | d);
}
/* A 64-bit kernel lets 32-bit programs alone with `syscall`. */
static int system_call_instruction(void) { return sizeof(word) == 4 || CALL(getpid) > 0; }
static int wide(void)
{
#ifdef __x86_64__
    u64 r;
    ASM("movabs $0x123456789abcdef0, %0\n bswap %0", "=r"(r));
    return r == 0xf0debc9a78563412;
#else
    return 1;
#endif
}

/* Features of kernels have nothing to execute here. */
#define KERNELS(name, bit) {name, AT_HWCAP, bit, 0}, {name, EDX_1, bit, 0}
#define BOTH(name, bit, works) {name, AT_HWCAP, bit, works}, {name, EDX_1, bit, works}
FEATURES {
    {"AT_HWCAP as CPUID has it", ALWAYS, 0, same_as_hwcap},
    BOTH("fpu", 0, fpu), KERNELS("de", 2), KERNELS("pse", 3), BOTH("tsc", 4, time_stamp), KERNELS("msr", 5), KERNELS("pae", 6),
    KERNELS("mce", 7), BOTH("cx8", 8, exchange_8), KERNELS("apic", 9), KERNELS("sep", 11), KERNELS("mtrr", 12),
    KERNELS("pge", 13), KERNELS("mca", 14), BOTH("cmov", 15, conditional_move), KERNELS("pat", 16), KERNELS("pse36", 17),
    BOTH("clflush", 19, cache_line_flush), BOTH("mmx", 23, mmx), BOTH("fxsr", 24, save_and_restore), BOTH("sse", 25, sse),
    BOTH("sse2", 26, sse2),
    {"fsgsbase", AT_HWCAP2, 1, fs_gs_base},
    {"sse3", ECX_1, 0, sse3}, {"pclmulqdq", ECX_1, 1, pclmul}, {"ssse3", ECX_1, 9, ssse3}, {"cx16", ECX_1, 13, exchange_16},
    {"sse4_1", ECX_1, 19, sse4_1}, {"sse4_2", ECX_1, 20, sse4_2}, {"movbe", ECX_1, 22, move_swapped},
    {"popcnt", ECX_1, 23, population_count}, {"aes", ECX_1, 25, aes},
    {"xsave, which osxsave does not offer to programs", ECX_1, 26, 0}, {"rdrand", ECX_1, 30, random}, {"hypervisor", ECX_1, 31, 0},
    {"fsgsbase", EBX_7, 0, fs_gs_base}, {"bmi1", EBX_7, 3, bmi1}, {"smep", EBX_7, 7, 0}, {"bmi2", EBX_7, 8, bmi2},
    {"erms", EBX_7, 9, fast_strings}, {"adx", EBX_7, 19, two_carries}, {"smap", EBX_7, 20, 0},
    {"pku, which ospke does not offer to programs", ECX_7, 3, 0},
    {"lahf_lm", ECX_EXTENDED, 0, flags_in_ah}, {"lzcnt", ECX_EXTENDED, 5, leading_zeros},
    {"syscall", EDX_EXTENDED, 11, system_call_instruction}, {"nx", EDX_EXTENDED, 20, 0},
    {"rdtscp", EDX_EXTENDED, 27, time_stamp_and_processor}, {"lm", EDX_EXTENDED, 29, wide},
};
