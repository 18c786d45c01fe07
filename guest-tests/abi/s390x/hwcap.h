/* What s390x and s390 promise (arch/s390/include/asm/elf.h, kernel/processor.c), and what the
 * machine has that AT_PLATFORM names. */
#define ASM(text, ...) __asm__ volatile(".machine push\n .machine arch13\n .machinemode zarch\n" text "\n .machine pop" : __VA_ARGS__)

static int wide_registers(void)
{
    word high;
    ASM("llihf %%r1, 0x12345678\n iilf %%r1, 0x9abcdef0\n srlg %0, %%r1, 32", "=d"(high) : : "r1");
    return high == 0x12345678;
}
static int facility_list(void)   /* bits 0 and 1: z/Architecture; 2: it is active */
{
    u64 list[4] = {0, 0, 0, 0};
    register word count __asm__("r0") = ARRAY_SIZE(list) - 1;
    ASM("stfle %0", "=QS"(list), "+d"(count) : : "cc", "memory");
    return list[0] >> 61 == 7 && (count & 0xff) < 32;
}
static int long_displacement(void)
{
    static char far[0x20000];
    word r;
    *(u32 *)far = 42;
    ASM("ly %0, -0x10000(%1)", "=d"(r) : "a"(far + 0x10000) : "memory");
    return (u32)r == 42;
}
static int extended_immediates(void)
{
    word r = 40;
    u32 bit;
    ASM("afi %0, 2\n lgfi %%r1, 0x00100000\n flogr %%r4, %%r1\n lr %1, %%r4", "+d"(r), "=d"(bit) : : "cc", "r1", "r4", "r5");
    return (u32)r == 42 && bit == 43;
}
static int half_registers(void)   /* the upper halves outlive a signal and calls of the kernel */
{
    u32 high;
    ASM("llihf %%r9, 0xabcd1234\n lhi %%r1, %1\n svc 0\n srlg %%r9, %%r9, 32\n lr %0, %%r9", "=d"(high) : "i"(__NR_getpid) : "r1", "r2", "r9", "memory");
    return high == 0xabcd1234;
}
static int decimal_floating_point(void)   /* 2 + 3, from and to signed packed decimals */
{
    u64 r;
    ASM("lgfi %%r1, 2\n cdgtr %%f0, %%r1\n lgfi %%r1, 3\n cdgtr %%f2, %%r1\n adtr %%f0, %%f0, %%f2\n cgdtr %%r1, 5, %%f0\n stg %%r1, %0",
        "=RT"(r) : : "r1", "f0", "f2", "cc");
    return r == 5;
}
static int message_security(void)   /* the query of `kimd` says that it has itself */
{
    u8 functions[16] = {0};
    register word function __asm__("r0") = 0;
    register void *block __asm__("r1") = functions;
    ASM("kimd %%r0, %%r2", : "d"(function), "a"(block) : "r2", "r3", "cc", "memory");
    return functions[0] >> 7;
}
/* Converts with well-formedness checked: the condition code, and where the target ends. */
#define CONVERT(name, instruction)                                                                                     \
    static int name(const void *source, word size, void *target, word space, word *left)                              \
    {                                                                                                                  \
        register word to __asm__("r2") = (word)target, to_length __asm__("r3") = space;                                \
        register word from __asm__("r4") = (word)source, length __asm__("r5") = size;                                  \
        word condition;                                                                                                \
        ASM("0: " instruction "\n jo 0b\n ipm %4\n srl %4, 28", "+a"(to), "+d"(to_length), "+a"(from),   \
            "+d"(length), "=d"(condition) : : "cc", "memory");                                                         \
        *left = to_length;                                                                                             \
        return (int)condition;                                                                                         \
    }
CONVERT(utf8_to_16, "cu12 %%r2, %%r4, 1") CONVERT(utf16_to_8, "cu21 %%r2, %%r4, 1") CONVERT(utf8_to_32, "cu14 %%r2, %%r4, 1")
CONVERT(utf32_to_8, "cu41 %%r2, %%r4") CONVERT(utf16_to_32, "cu24 %%r2, %%r4, 1") CONVERT(utf32_to_16, "cu42 %%r2, %%r4")
static int extended_translation(void)   /* characters of one to four bytes there and back; an overlong one is refused */
{
    static const u8 text[10] = {0x41, 0xc3, 0xa4, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80}, overlong[2] = {0xc0, 0x80};
    static const uint16_t expected_16[5] = {0x41, 0xe4, 0x20ac, 0xd83d, 0xde00};
    static const u32 expected_32[4] = {0x41, 0xe4, 0x20ac, 0x1f600};
    u8 back[16];
    uint16_t units[8];
    u32 characters[8];
    word left;
    return utf8_to_16(text, 10, units, 16, &left) == 0 && left == 6 && memcmp(units, expected_16, 10) == 0 &&
           utf16_to_8(units, 10, back, 16, &left) == 0 && left == 6 && memcmp(back, text, 10) == 0 &&
           utf8_to_32(text, 10, characters, 32, &left) == 0 && left == 16 && memcmp(characters, expected_32, 16) == 0 &&
           utf32_to_8(characters, 16, back, 16, &left) == 0 && left == 6 && memcmp(back, text, 10) == 0 &&
           utf16_to_32(units, 10, characters, 32, &left) == 0 && left == 16 && memcmp(characters, expected_32, 16) == 0 &&
           utf32_to_16(characters, 16, units, 16, &left) == 0 && left == 6 && memcmp(units, expected_16, 10) == 0 &&
           utf8_to_32(overlong, 2, characters, 32, &left) == 2;
}
static int z10(void)   /* compare and branch, rotate and insert, add to memory */
{
    u32 memory = 40, branched = 0;
    word r = 0xff;
    ASM("asi %0, 2\n cije %1, 0, 1f\n j 2f\n 1: lhi %1, 1\n 2: risbg %2, %2, 52, 187, 8", "+QS"(memory), "+d"(branched), "+d"(r) : : "cc");
    return memory == 42 && branched == 1 && (u32)r == 0xf00;
}
static int z196(void)   /* distinct operands, load on condition, population count, interlocked access */
{
    u32 memory = 40, sum, chosen = 1, old, bits;
    ASM("ark %0, %5, %6\n cr %5, %5\n locre %1, %6\n laa %2, %6, %4\n popcnt %%r1, %6\n lr %3, %%r1",
        "=&d"(sum), "+&d"(chosen), "=&d"(old), "=&d"(bits), "+QS"(memory) : "d"(40), "d"(7) : "r1", "cc");
    return sum == 47 && chosen == 7 && old == 40 && memory == 47 && bits == 3;
}
static int zec12(void)   /* compare and trap, rotate without condition code */
{
    u32 condition, value = 40;
    word r = 0xff;
    ASM("clt %2, 2, %3\n cr %2, %2\n risbgn %0, %0, 52, 187, 8\n ipm %1\n srl %1, 28", "+d"(r), "=d"(condition) : "d"(30), "QS"(value) : "cc");
    return condition == 0 && (u32)r == 0xf00;
}
static int z13(void)   /* load and zero rightmost byte, load on condition from an immediate */
{
    u32 memory = 0x12345678, chosen = 1;
    word r;
    ASM("lzrf %0, %2\n cr %0, %0\n lochie %1, 5", "=&d"(r), "+&d"(chosen) : "QS"(memory) : "cc");
    return (u32)r == 0x12345600 && chosen == 5;
}
static int vectors(void)
{
    static u32 a[4] = {1, 2, 3, 4}, b[4];
    ASM("vl %%v16, 0(%0)\n vaf %%v16, %%v16, %%v16\n vst %%v16, 0(%1)", : "a"(a), "a"(b) : "memory");
    return b[0] == 2 && b[3] == 8;
}
FEATURES {
    {"ESAN3", AT_HWCAP, 0, 0}, {"ZARCH", AT_HWCAP, 1, wide_registers}, {"STFLE", AT_HWCAP, 2, facility_list},
    {"MSA", AT_HWCAP, 3, message_security}, {"LDISP", AT_HWCAP, 4, long_displacement},
    {"EIMM", AT_HWCAP, 5, extended_immediates}, {"DFP", AT_HWCAP, 6, decimal_floating_point},
    {"ETF3EH", AT_HWCAP, 8, extended_translation}, {"HIGH_GPRS", AT_HWCAP, 9, half_registers},
    {"VXRS", AT_HWCAP, 11, vectors}, {"z10", ALWAYS, 0, z10},
    {"z196", ALWAYS, 1, z196}, {"zEC12", ALWAYS, 2, zec12}, {"z13", ALWAYS, 3, z13},
};
