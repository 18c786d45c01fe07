/* What the mips ABIs promise: no bit of AT_HWCAP, and release 2 by AT_BASE_PLATFORM. */
#define ASM(text, ...) __asm__ volatile(".set push\n .set noat\n" text "\n .set pop" : __VA_ARGS__)

static int release_2(void)
{
    u32 rotated, swapped, extended, field, inserted = 0xffffffff;
    ASM("rotr %0, %5, 8\n wsbh %1, %5\n seb %2, %6\n ext %3, %5, 8, 12\n ins %4, %6, 4, 8",
        "=&r"(rotated), "=&r"(swapped), "=&r"(extended), "=&r"(field), "+&r"(inserted) : "r"(0x12345678), "r"(0x80));
    return rotated == 0x78123456 && swapped == 0x34127856 && extended == 0xffffff80 && field == 0x456 && inserted == 0xfffff80f;
}
static int floating_point(void)
{
    double r;
    int whole;
    ASM("mul.d %0, %2, %3\n floor.w.d $f0, %4\n mfc1 %1, $f0", "=&f"(r), "=&r"(whole) : "f"(2.0), "f"(3.0), "f"(-2.5) : "$f0");
    return r == 6 && whole == -3;
}
static int thread_pointer(void)   /* rdhwr of UserLocal, as programs without a vDSO use it */
{
    word r;
    if (CALL(set_thread_area, 0x12345678)) return 0;
    ASM("rdhwr %0, $29", "=r"(r));
    return r == 0x12345678;
}
#ifdef __mips64
static int wide(void)
{
    u64 swapped, high, rotated, field;
    ASM("dsbh %0, %4\n dshd %0, %0\n dmultu %4, %5\n mfhi %1\n drotr %2, %4, 8\n dext %3, %4, 8, 40",
        "=&r"(swapped), "=&r"(high), "=&r"(rotated), "=&r"(field) : "r"(0x0123456789abcdef), "r"((u64)1 << 60) : "hi", "lo");
    return swapped == 0xefcdab8967452301 && high == 0x00123456789abcde && rotated == 0xef0123456789abcd && field == 0x456789abcd;
}
#endif

FEATURES {
    {"release 2", ALWAYS, 0, release_2}, {"floating point", ALWAYS, 0, floating_point},
    {"thread pointer", ALWAYS, 0, thread_pointer},
#ifdef __mips64
    {"64 bits", ALWAYS, 0, wide},
#endif
};
