#define ASM(text, ...) __asm__ volatile(".machine push\n .machine z10\n .machinemode zarch\n" text "\n .machine pop" : __VA_ARGS__)

static const char *facility_list(void)
{
    static u64 list[4];
    register word count __asm__("r0") = ARRAY_SIZE(list) - 1;
    ASM("stfle %0", "=QS"(list), "+d"(count) : : "cc", "memory");
    return list[0] ? "stored" : "nothing";
}
static const char *compare_swap_and_store(void)   /* 32 bits and 1 byte: function and store characteristic 0 */
{
    static u32 cell[4] __attribute__((aligned(16))) = {1};
    static u8 flag, values[32] __attribute__((aligned(16))) = {[16] = 7};
    u32 expected = 1;
    ((u32 *)values)[0] = 2;
    register word function __asm__("r0") = 0;
    register void *parameters __asm__("r1") = values;
    ASM("csst %0, %1, %2", "+Q"(cell), "+Q"(flag), "+d"(expected) : "d"(function), "a"(parameters) : "cc", "memory");
    return cell[0] == 2 && flag == 7 ? "swapped" : "wrong";
}
static const char *mode_change(void)   /* to the other mode and back, which Linux lets programs do */
{
#ifdef __s390x__
    ASM("larl %%r1, 1f\n oilh %%r1, 0x8000\n bsm 0, %%r1\n 1: sam64", : : "r1", "cc");
#else
    ASM("larl %%r1, 1f\n oill %%r1, 1\n bsm 0, %%r1\n 1: sam31", : : "r1", "cc");
#endif
    return "changed";
}
static const char *decimal_floating_point(void)
{
    u64 r;
    ASM("lgfi %%r1, 2\n cdgtr %%f0, %%r1\n cgdtr %%r1, 5, %%f0\n stg %%r1, %0", "=RT"(r) : : "r1", "f0", "cc");
    return r == 2 ? "computed" : "wrong";
}
GAPS {
    {"facility_list", facility_list}, {"compare_swap_and_store", compare_swap_and_store},
    {"mode_change", mode_change}, {"decimal_floating_point", decimal_floating_point},
};
