/* s390, 31 bits: s390x's instructions on 32-bit words. As there, no instruction reads a counter in
 * the engine, and the code must not use the 96 bytes that a caller should leave below its frame. */
#define VDSO_NAME(function) __kernel_##function
#define VDSO_FILL 0x00000000
/* Its linker puts three words there. */
#define VDSO_GOT_HEADER 12
#define ARCH_ONE_MODE
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

static ALWAYS_INLINE uint64_t arch_trap_counter(void)
{
    register long r1 __asm__("1") = SYSTEM_CALL_postern_counter;
    register unsigned long r2 __asm__("2");
    register unsigned long r3 __asm__("3");
    __asm__ volatile("svc 0" : "=d"(r2), "=d"(r3) : "d"(r1) : "cc", "memory");
    return (uint64_t)r3 << 32 | r2;
}

#endif
