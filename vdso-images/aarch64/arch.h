/* aarch64. The counter is the virtual counter; there is no getcpu. */
#define VDSO_NAME(function) __kernel_##function
#define VDSO_FILL 0x00000000 /* udf */
#define VDSO_GOT_HEADER 32
#define ARCH_QUICK_CLOCK

#if !defined(__ASSEMBLER__) && !defined(LINKER_SCRIPT)

#define ARCH_COUNTER
static ALWAYS_INLINE uint64_t arch_counter(void)
{
    uint64_t counter;
    /* isb keeps a real processor from reading it before the sequence word. */
    __asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(counter) : : "memory");
    return counter;
}

static ALWAYS_INLINE long arch_system_call(long number, long first, long second)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = first;
    register long x1 __asm__("x1") = second;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1) : "memory");
    return x0;
}

static ALWAYS_INLINE long arch_system_call3(long number, long first, long second, long third)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = first;
    register long x1 __asm__("x1") = second;
    register long x2 __asm__("x2") = third;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
    return x0;
}

static ALWAYS_INLINE uint64_t arch_trap_counter(void)
{
    register long x8 __asm__("x8") = SYSTEM_CALL_postern_counter;
    register uint64_t x0 __asm__("x0");
    __asm__ volatile("svc #0" : "=r"(x0) : "r"(x8) : "memory");
    return x0;
}

#endif
