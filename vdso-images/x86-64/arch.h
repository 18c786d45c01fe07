/* x86-64. The counter is the host's raw TSC. */
#define VDSO_NAME(function) __vdso_##function
#define VDSO_WEAK_ALIASES
#define VDSO_FILL 0xcccccccc /* int3 */

#if !defined(__ASSEMBLER__) && !defined(LINKER_SCRIPT)

#define ARCH_COUNTER
#define ARCH_USUAL_MODE POSTERN_CLOCK_COUNTER
static ALWAYS_INLINE uint64_t arch_counter(void)
{
    uint32_t low, high;
    /* lfence keeps a real processor from reading it before the sequence word. */
    __asm__ volatile("lfence\n\trdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

static ALWAYS_INLINE long arch_system_call(long number, long first, long second)
{
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "0"(number), "D"(first), "S"(second)
                     : "rcx", "r11", "cc", "memory");
    return result;
}

static ALWAYS_INLINE long arch_system_call3(long number, long first, long second, long third)
{
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "0"(number), "D"(first), "S"(second), "d"(third)
                     : "rcx", "r11", "cc", "memory");
    return result;
}

static ALWAYS_INLINE uint64_t arch_trap_counter(void)
{
    uint64_t result;
    __asm__ volatile("syscall" : "=a"(result) : "0"((long)SYSTEM_CALL_postern_counter)
                     : "rcx", "r11", "cc", "memory");
    return result;
}

#endif
