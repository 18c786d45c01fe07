/* arm EABI, ARM (not Thumb) code. The counter is the virtual counter. Signal trampolines and
 * atomic helpers are not here but on pages of their own (helpers/arm). */
#define VDSO_NAME(function) __vdso_##function
#define VDSO_FILL 0xe7fddef1 /* an undefined instruction */
#define VDSO_GOT_HEADER 12
#define VDSO_DISCARD *(.ARM.attributes) *(.glue_7) *(.glue_7t) *(.vfp11_veneer) *(.v4_bx) *(.ARM.extab*)
/* The EABI's own unwind tables stand beside .eh_frame. */
#define VDSO_EXTRA_PHDRS exidx 0x70000001 FLAGS(4);
#define VDSO_EXTRA_SECTIONS .ARM.exidx : { *(.ARM.exidx*) } :text :exidx

#if !defined(__ASSEMBLER__) && !defined(LINKER_SCRIPT)

#define ARCH_QUICK_CLOCK
#define ARCH_COUNTER
static ALWAYS_INLINE uint64_t arch_counter(void)
{
    uint64_t counter;
    /* isb keeps a real processor from reading it before the sequence word. */
    __asm__ volatile("isb\n\tmrrc p15, 1, %Q0, %R0, c14" : "=r"(counter) : : "memory");
    return counter;
}

static ALWAYS_INLINE long arch_system_call(long number, long first, long second)
{
    register long r7 __asm__("r7") = number;
    register long r0 __asm__("r0") = first;
    register long r1 __asm__("r1") = second;
    __asm__ volatile("svc #0" : "+r"(r0) : "r"(r7), "r"(r1) : "memory");
    return r0;
}

static ALWAYS_INLINE uint64_t arch_trap_counter(void)
{
    register long r7 __asm__("r7") = SYSTEM_CALL_postern_counter;
    register uint32_t low __asm__("r0");
    register uint32_t high __asm__("r1");
    __asm__ volatile("svc #0" : "=r"(low), "=r"(high) : "r"(r7) : "memory");
    return (uint64_t)high << 32 | low;
}

#endif
