/* i386. The counter is the host's raw TSC. System calls go through int 0x80, as they do on a
 * processor without a fast entry; programs may still use __kernel_vsyscall.
 */
#define VDSO_NAME(function) __vdso_##function
#define VDSO_ENTRY __kernel_vsyscall
#define VDSO_FILL 0xcccccccc /* int3 */

#if !defined(__ASSEMBLER__) && !defined(LINKER_SCRIPT)

/* The compiler would go through _GLOBAL_OFFSET_TABLE_, which an image does not have. */
#define ARCH_TIME_PAGE
static ALWAYS_INLINE time_page_t *time_page(void)
{
    time_page_t *page;
    __asm__("call 1f\n\t"
            ".cfi_adjust_cfa_offset 4\n"
            "1:\tpop %0\n\t"
            ".cfi_adjust_cfa_offset -4\n\t"
            "lea postern_time_page - 1b(%0), %0"
            : "=r"(page));
    return page;
}

#define ARCH_QUICK_CLOCK
#define ARCH_COUNTER
#define ARCH_USUAL_MODE POSTERN_CLOCK_COUNTER
static ALWAYS_INLINE uint64_t arch_counter(void)
{
    uint64_t counter;
    /* lfence keeps a real processor from reading it before the sequence word. */
    __asm__ volatile("lfence\n\trdtsc" : "=A"(counter) : : "memory");
    return counter;
}

static ALWAYS_INLINE long arch_system_call(long number, long first, long second)
{
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "0"(number), "b"(first), "c"(second) : "memory");
    return result;
}

static ALWAYS_INLINE uint64_t arch_trap_counter(void)
{
    uint32_t low, high;
    __asm__ volatile("int $0x80" : "=a"(low), "=c"(high) : "0"(SYSTEM_CALL_postern_counter) : "memory");
    return (uint64_t)high << 32 | low;
}

#endif
