static const char *cycle_counter(void)
{
    u32 first, later = 0;
    __asm__ volatile("rdhwr %0, $2" : "=r"(first));
    for (int i = 0; i < 100000; i++) __asm__ volatile("rdhwr %0, $2" : "=r"(later));
    return first == later ? "stands" : "moves";
}
#ifdef __mips64
static const char *wild_address(void)
{
    u64 r;
    __asm__ volatile("ld %0, 0(%1)" : "=r"(r) : "r"((u64)1 << 60));
    return "read";
}
#endif
GAPS {
    {"cycle_counter", cycle_counter},
#ifdef __mips64
    {"wild_address", wild_address},
#endif
};
