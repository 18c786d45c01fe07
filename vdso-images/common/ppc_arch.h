/* What the PowerPC images share; their arch.h includes this. No instruction reads a counter that
 * follows the host (mftb stands still in the engine), so there is no ARCH_COUNTER: the default is
 * the reserved trap with its counter point.
 *
 * The exported names are wrappers (ppc_entry.h) that turn the results of the C functions into what
 * these ABIs want: bit SO of cr0 says that it failed, and then the errno is positive.
 *
 * The page is found from the program counter: an image has neither GOT nor TOC.
 */
#define ARCH_QUICK_GETRANDOM
#define VDSO_NAME(function) ppc_##function
#define VDSO_FILL 0x00000000
#define VDSO_GOT_HEADER 16

#if !defined(__ASSEMBLER__) && !defined(LINKER_SCRIPT)

#define ARCH_TIME_PAGE
static ALWAYS_INLINE time_page_t *time_page(void)
{
    time_page_t *page;
    __asm__("bcl 20, 31, 1f\n"
            "1:\tmflr %0\n\t"
            "addis %0, %0, (postern_time_page - 1b)@ha\n\t"
            "addi %0, %0, (postern_time_page - 1b)@l"
            : "=b"(page) : : "lr");
    return page;
}

/* The compiler's isync would end the engine's block. */
#define ARCH_READ_BARRIER
static ALWAYS_INLINE void arch_read_barrier(void) { __asm__ volatile("lwsync" : : : "memory"); }

static ALWAYS_INLINE long arch_system_call(long number, long first, long second)
{
    register long r0 __asm__("r0") = number;
    register long r3 __asm__("r3") = first;
    register long r4 __asm__("r4") = second;
    __asm__ volatile("sc\n\t"
                     "bns+ 1f\n\t"
                     "neg %1, %1\n"
                     "1:"
                     : "+r"(r0), "+r"(r3), "+r"(r4)
                     : : "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "ctr", "xer", "cr0", "memory");
    return r3;
}

static ALWAYS_INLINE long arch_system_call3(long number, long first, long second, long third)
{
    register long r0 __asm__("r0") = number;
    register long r3 __asm__("r3") = first;
    register long r4 __asm__("r4") = second;
    register long r5 __asm__("r5") = third;
    __asm__ volatile("sc\n\t"
                     "bns+ 1f\n\t"
                     "neg %1, %1\n"
                     "1:"
                     : "+r"(r0), "+r"(r3), "+r"(r4), "+r"(r5)
                     : : "r6", "r7", "r8", "r9", "r10", "r11", "r12", "ctr", "xer", "cr0", "memory");
    return r3;
}

#if __SIZEOF_LONG__ == 8
static ALWAYS_INLINE uint64_t arch_trap_counter(void)
{
    register long r0 __asm__("r0") = SYSTEM_CALL_postern_counter;
    register uint64_t r3 __asm__("r3");
    __asm__ volatile("sc" : "=r"(r3) : "r"(r0) : "cr0", "memory");
    return r3;
}
#else
static ALWAYS_INLINE uint64_t arch_trap_counter(void)
{
    register long r0 __asm__("r0") = SYSTEM_CALL_postern_counter;
    register uint32_t low __asm__("r3");
    register uint32_t high __asm__("r4");
    __asm__ volatile("sc" : "=r"(low), "=r"(high) : "r"(r0) : "cr0", "memory");
    return (uint64_t)high << 32 | low;
}
#endif

/* For the tests: calls a function of an image and makes its result -errno where it failed. */
#define ARCH_CALL
static ALWAYS_INLINE long arch_call(long (*function)(), long first, long second, long third, long fourth, long fifth)
{
    register long (*r12)() __asm__("r12") = function;
    register long r3 __asm__("r3") = first;
    register long r4 __asm__("r4") = second;
    register long r5 __asm__("r5") = third;
    register long r6 __asm__("r6") = fourth;
    register long r7 __asm__("r7") = fifth;
    __asm__ volatile("mtctr %0\n\t"
                     "bctrl\n\t"
                     "bns+ 1f\n\t"
                     "neg %1, %1\n"
                     "1:"
                     : "+r"(r12), "+r"(r3), "+r"(r4), "+r"(r5), "+r"(r6), "+r"(r7)
                     : : "r0", "r8", "r9", "r10", "r11", "lr", "ctr", "xer", "cr0", "cr1", "cr5", "cr6",
                       "cr7", "memory");
    return r3;
}

#endif
