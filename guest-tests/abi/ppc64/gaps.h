#define ASM(text, ...) __asm__ volatile(".machine push\n .machine power10\n" text "\n .machine pop" : __VA_ARGS__)

static const char *time_base(void)
{
    word first, later = 0;
    ASM("mftb %0", "=r"(first));
    for (int i = 0; i < 100000; i++) ASM("mftb %0", "=r"(later));
    return first == later ? "stands" : "moves";
}
static const char *convert_edge(void)
{
    volatile double edge = 2147483648.0;
    union { double value; u64 bits; } word;
    ASM("fctiwz %0, %1", "=d"(word.value) : "d"(edge));
    return (u32)word.bits == 0x7fffffff ? "saturates" : "wraps";
}
#ifdef __powerpc64__
static const char *quad_multiply_add(void)
{
    ASM("xxlxor 32, 32, 32\n xsmaddqp 0, 0, 0", : : "v0");
    return "computed";
}
static const char *wide_multiply_sum(void)   /* twice the square of all ones */
{
    static u64 sum[2] __attribute__((aligned(16)));
    ASM("vspltisw 0, -1\n vxor 1, 1, 1\n vmsumudm 0, 0, 0, 1\n stvx 0, 0, %0", : "b"(sum) : "v0", "v1", "memory");
    return sum[0] == 2 && sum[1] == -(u64)4 ? "right" : sum[1] == 2 && sum[0] == -(u64)4 ? "right" : "another";
}
static const char *data_stream_control(void)
{
    u64 r;
    ASM("mfspr %0, 3", "=r"(r));
    return "read";
}
#endif
GAPS {
    {"time_base", time_base}, {"convert_edge", convert_edge},
#ifdef __powerpc64__
    {"quad_multiply_add", quad_multiply_add}, {"wide_multiply_sum", wide_multiply_sum},
    {"data_stream_control", data_stream_control},
#endif
};
