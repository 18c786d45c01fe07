/* What sh4 promises: floating point by AT_HWCAP, the rest by the name of the platform. */
#define ASM(text, ...) __asm__ volatile(text : __VA_ARGS__)

static int floating_point(void)
{
    double r, two = 2, three = 3;
    float single;
    ASM("fmul %1, %0", "=f"(r) : "f"(two), "0"(three));
    ASM("fcnvds %1, fpul\n fsts fpul, %0", "=f"(single) : "f"(r) : "fpul");
    return r == 6 && single == 6;
}
/* Both banks, moved in pairs; the bits of FPSCR that choose are 20 and 21. */
static int second_bank(void)
{
    u32 from_other, status, pair[2] __attribute__((aligned(8))) = {0x3f800000, 0x40000000}, back[2] __attribute__((aligned(8)));
    ASM("sts fpscr, r1\n mov r1, r2\n mov.l 3f, r3\n xor r3, r2\n lds r2, fpscr\n"   /* single precision */
        " flds fr0, fpul\n sts fpul, r3\n"
        " mov.l @%2, r2\n lds r2, fpul\n frchg\n fsts fpul, fr0\n frchg\n lds r3, fpul\n fsts fpul, fr0\n"
        " frchg\n flds fr0, fpul\n frchg\n sts fpul, %0\n"
        " fschg\n fmov @%2, dr2\n fmov dr2, @%3\n fschg\n sts fpscr, %1\n lds r1, fpscr\n bra 4f\n nop\n"
        " .balign 4\n 3: .long 0x80000\n 4:",
        "=&r"(from_other), "=&r"(status) : "r"(pair), "r"(back) : "r1", "r2", "r3", "fr2", "fr3", "fpul", "memory");
    return from_other == pair[0] && back[0] == pair[0] && back[1] == pair[1] && !(status >> 19 & 7);
}
static int shifts(void)   /* by a register, to the right if it is negative */
{
    u32 left = 3, right = 0x80000000, logical = 0x80000000;
    ASM("shad %3, %0\n shad %4, %1\n shld %4, %2", "+&r"(left), "+&r"(right), "+&r"(logical) : "r"(4), "r"(-4) : "t");
    return left == 48 && right == 0xf8000000 && logical == 0x08000000;
}
static int multiplication(void)
{
    u32 high, low;
    ASM("dmuls.l %2, %3\n sts mach, %0\n sts macl, %1", "=r"(high), "=r"(low) : "r"(-3), "r"(0x40000000) : "mach", "macl");
    return high == 0xffffffff && low == 0x40000000;
}
static int exchange(void)
{
    static u8 cell;
    u32 was_free;
    cell = 0;
    ASM("tas.b @%1\n movt %0", "=r"(was_free) : "r"(&cell) : "t", "memory");
    return was_free == 1 && cell == 0x80;
}
static int linked_load(void)   /* movli.l @r4, r0; movco.l r0, @r4 of the SH-4A */
{
    u32 cell = 41;
    register u32 *address __asm__("r4") = &cell;
    ASM("1: .word 0x0463\n add #1, r0\n .word 0x0473\n bf 1b", : "r"(address) : "r0", "t", "memory");
    return cell == 42;
}
static int thread_pointer(void)
{
    word old, r;
    ASM("stc gbr, %0\n ldc %2, gbr\n stc gbr, %1\n ldc %0, gbr", "=&r"(old), "=&r"(r) : "r"(0x12345678));
    return r == 0x12345678;
}

FEATURES {
    {"FPU", AT_HWCAP, 0, floating_point}, {"LLSC", AT_HWCAP, 6, linked_load}, {"second bank", ALWAYS, 0, second_bank},
    {"shifts", ALWAYS, 0, shifts}, {"multiplication", ALWAYS, 0, multiplication}, {"tas", ALWAYS, 0, exchange}, {"thread pointer", ALWAYS, 0, thread_pointer},
};
