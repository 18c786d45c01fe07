/* What parisc promises: nothing in AT_HWCAP, PA-RISC 1.1 by the ABI. */
#define ASM(text, ...) __asm__ volatile(text : __VA_ARGS__)

static int floating_point(void)   /* an unsigned product of 64 bits, too */
{
    double r, two = 2, three = 3;
    u64 product = 0;
    u32 factor = 0xffffffff;
    ASM("fmpy,dbl %1, %2, %0", "=f"(r) : "f"(two), "f"(three));
    ASM("fldws 0(%1), %%fr22L\n xmpyu %%fr22L, %%fr22L, %%fr23\n fstds %%fr23, 0(%0)", : "r"(&product), "r"(&factor) : "fr22", "fr22R", "fr23", "fr23R", "memory");
    return r == 6 && product == 0xfffffffe00000001;
}
static int fused(void)   /* multiplication and addition beside each other */
{
    double a = 2, b = 3, product, sum = 10;
    ASM("fcpy,dbl %2, %%fr24\n fcpy,dbl %3, %%fr25\n fcpy,dbl %1, %%fr26\n fmpyadd,dbl %%fr24, %%fr25, %%fr27, %%fr24, %%fr26\n"
        " fcpy,dbl %%fr27, %0\n fcpy,dbl %%fr26, %1", "=&f"(product), "+&f"(sum) : "f"(a), "f"(b)
        : "fr24", "fr25", "fr26", "fr27");
    return product == 6 && sum == 12;
}
static int bits(void)
{
    u32 extracted, deposited = 0, shifted;
    ASM("extru %3, 15, 8, %0\n depi 5, 27, 4, %1\n shd %3, %4, 8, %2", "=&r"(extracted), "+&r"(deposited), "=&r"(shifted)
        : "r"(0x12345678), "r"(0xaabbccdd));
    return extracted == 0x34 && deposited == 0x50 && shifted == 0x78aabbcc;
}
static int variable_shift(void)   /* by the shift amount register */
{
    u32 r;
    ASM("mtsar %1\n vshd %%r0, %2, %0", "=r"(r) : "r"(12), "r"(0x12345678));
    return r == 0x12345;
}
static int nullification(void)
{
    u32 a = 1, b = 1;
    ASM("comclr,= %%r0, %%r0, %%r1\n ldi 2, %0\n comclr,<> %%r0, %%r0, %%r1\n ldi 2, %1", "+&r"(a), "+&r"(b) : : "r1");
    return a == 1 && b == 2;
}
static int semaphore(void)   /* ldcw: loads, and leaves 0 */
{
    static u32 cell[4] __attribute__((aligned(16)));
    u32 r;
    cell[0] = 1;
    ASM("ldcw 0(%1), %0", "=r"(r) : "r"(cell) : "memory");
    return r == 1 && cell[0] == 0;
}
static int thread_pointer(void)   /* set by the gateway page */
{
    word r;
    register word r26 __asm__("r26") = 0x12345678;
    ASM("ble 0xe0(%%sr2, %%r0)\n nop\n mfctl %%cr27, %0", "=r"(r), "+r"(r26) : : "r31");
    return r == 0x12345678;
}

FEATURES {
    {"floating point", ALWAYS, 0, floating_point}, {"fused", ALWAYS, 0, fused}, {"bits", ALWAYS, 0, bits},
    {"variable shift", ALWAYS, 0, variable_shift}, {"nullification", ALWAYS, 0, nullification},
    {"semaphore", ALWAYS, 0, semaphore}, {"thread pointer", ALWAYS, 0, thread_pointer},
};
