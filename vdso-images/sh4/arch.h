/* sh4, sh4eb. Functions that read clocks are not in the image, as they are not in Linux's, and no code of it is
 * the compiler's: Debian 12's makes wrong code for this processor. */
#define VDSO_NAME(function) __vdso_##function
#define VDSO_ENTRY __kernel_vsyscall
#ifndef VDSO_FILL
#define VDSO_FILL 0x09000900 /* nop nop */
#endif
/* What the linker makes of its own for a shared object: three words, and two empty sections. */
#define VDSO_GOT_HEADER 12
#define VDSO_EXTRA_SECTIONS .funcdesc : { *(.got.funcdesc) *(.rofixup) *(.rela.got.funcdesc) }

#if !defined(__ASSEMBLER__) && !defined(LINKER_SCRIPT)

/* For the tests: the image makes no call from C, and reads no counter. */
static ALWAYS_INLINE long arch_system_call(long number, long first, long second)
{
    register long r3 __asm__("r3") = number;
    register long r4 __asm__("r4") = first;
    register long r5 __asm__("r5") = second;
    register long r0 __asm__("r0");
    __asm__ volatile("trapa #0x12" : "=r"(r0) : "r"(r3), "r"(r4), "r"(r5) : "memory");
    return r0;
}

static ALWAYS_INLINE uint64_t arch_trap_counter(void)
{
    register long r3 __asm__("r3") = SYSTEM_CALL_postern_counter;
    register uint32_t r0 __asm__("r0");
    register uint32_t r5 __asm__("r5");
    __asm__ volatile("trapa #0x10" : "=r"(r0), "=r"(r5) : "r"(r3) : "memory");
    return (uint64_t)r5 << 32 | r0;
}

#endif
