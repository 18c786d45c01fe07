/* x32: x86-64's instructions with 32-bit pointers. The kernel's long has 64 bits all the same
 * (KERNEL_LONG in the toolchain file); addresses are zero-extended. The counter is the host's
 * raw TSC. No unprefixed names: Linux's image has none here.
 */
#define VDSO_NAME(function) __vdso_##function
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

static ALWAYS_INLINE kernel_long arch_system_call(unsigned long number, unsigned long first, unsigned long second)
{
    kernel_long result;
    __asm__ volatile("syscall" : "=a"(result) : "0"((uint64_t)number), "D"((uint64_t)first), "S"((uint64_t)second)
                     : "rcx", "r11", "cc", "memory");
    return result;
}

static ALWAYS_INLINE uint64_t arch_trap_counter(void)
{
    uint64_t result;
    __asm__ volatile("syscall" : "=a"(result) : "0"((uint64_t)SYSTEM_CALL_postern_counter)
                     : "rcx", "r11", "cc", "memory");
    return result;
}

#endif
