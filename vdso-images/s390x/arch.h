/* s390x. No instruction reads a counter in the engine (stck gives 0 there), so there is no
 * ARCH_COUNTER: the default is the reserved trap with its counter point.
 *
 * Programs may call these functions without a save area below their frame (glibc once did), so
 * the code must not use it: vdso-images/check looks for that. getrandom needs one and makes its
 * own (getrandom.S).
 */
#define ARCH_QUICK_CLOCK
#define ARCH_QUICK_GETRANDOM
#define VDSO_NAME(function) __kernel_##function
#define VDSO_FILL 0x00000000
#define ARCH_NOP "nopr %%r7"

#if !defined(__ASSEMBLER__) && !defined(LINKER_SCRIPT)

static ALWAYS_INLINE long arch_system_call(long number, long first, long second)
{
    register long r1 __asm__("1") = number;
    register long r2 __asm__("2") = first;
    register long r3 __asm__("3") = second;
    __asm__ volatile("svc 0" : "+d"(r2) : "d"(r1), "d"(r3) : "cc", "memory");
    return r2;
}

static ALWAYS_INLINE long arch_system_call3(long number, long first, long second, long third)
{
    register long r1 __asm__("1") = number;
    register long r2 __asm__("2") = first;
    register long r3 __asm__("3") = second;
    register long r4 __asm__("4") = third;
    __asm__ volatile("svc 0" : "+d"(r2) : "d"(r1), "d"(r3), "d"(r4) : "cc", "memory");
    return r2;
}

static ALWAYS_INLINE uint64_t arch_trap_counter(void)
{
    register long r1 __asm__("1") = SYSTEM_CALL_postern_counter;
    register uint64_t r2 __asm__("2");
    __asm__ volatile("svc 0" : "=d"(r2) : "d"(r1) : "cc", "memory");
    return r2;
}

#endif
