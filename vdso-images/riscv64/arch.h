/* riscv. `rdtime` traps in the engine, so there is no ARCH_COUNTER: the default is the reserved
 * trap with its counter point. */
#define VDSO_NAME(function) __vdso_##function
#define VDSO_FILL 0x00100073 /* ebreak */
#define VDSO_GOT_HEADER 24
#define VDSO_DISCARD *(.riscv.attributes)

#if !defined(__ASSEMBLER__) && !defined(LINKER_SCRIPT)

static ALWAYS_INLINE long arch_system_call(long number, long first, long second)
{
    register long a7 __asm__("a7") = number;
    register long a0 __asm__("a0") = first;
    register long a1 __asm__("a1") = second;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1) : "memory");
    return a0;
}

static ALWAYS_INLINE long arch_system_call3(long number, long first, long second, long third)
{
    register long a7 __asm__("a7") = number;
    register long a0 __asm__("a0") = first;
    register long a1 __asm__("a1") = second;
    register long a2 __asm__("a2") = third;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2) : "memory");
    return a0;
}

static ALWAYS_INLINE long arch_system_call5(long number, long first, long second, long third, long fourth, long fifth)
{
    register long a7 __asm__("a7") = number;
    register long a0 __asm__("a0") = first;
    register long a1 __asm__("a1") = second;
    register long a2 __asm__("a2") = third;
    register long a3 __asm__("a3") = fourth;
    register long a4 __asm__("a4") = fifth;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4) : "memory");
    return a0;
}

/* A fence, whatever it is for, is the most expensive one in an engine. */
#define ARCH_DEPENDENCY
static ALWAYS_INLINE size_t arch_dependency(uint64_t value)
{
    size_t zero;
    __asm__ volatile("xor %0, %1, %1" : "=r"(zero) : "r"(value) : "memory");
    return zero;
}

static ALWAYS_INLINE uint64_t arch_trap_counter(void)
{
    register long a7 __asm__("a7") = SYSTEM_CALL_postern_counter;
    register uint64_t a0 __asm__("a0");
    __asm__ volatile("ecall" : "=r"(a0) : "r"(a7) : "memory");
    return a0;
}

#endif
