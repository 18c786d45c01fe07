/* parisc. System calls go through the gateway page. The interval timer (cr16) has 32 bits and is not what
 * the host counts: the counter comes by the reserved trap.
 */
#define ARCH_QUICK_CLOCK
#define VDSO_NAME(function) __vdso_##function
#define VDSO_FILL 0x00000000 /* break 0,0 */
/* Its linker puts two words there. */
#define VDSO_GOT_HEADER 8
/* Tables for unwinders of HP-UX: Linux has no use of them in an image. */
#define VDSO_DISCARD *(.PARISC.unwind)

#if !defined(__ASSEMBLER__) && !defined(LINKER_SCRIPT)

/* The compiler would go through a table that an image does not have. The low bits of a link are the
 * privilege of its code. */
#define ARCH_TIME_PAGE
static ALWAYS_INLINE time_page_t *time_page(void)
{
    time_page_t *page;
    __asm__("bl .+8, %%r1\n\t"
            "depi 0, 31, 2, %%r1\n\t"
            "ldw 12(%%r1), %0\n\t"
            "b .+12\n\t"
            "addl %%r1, %0, %0\n\t"
            ".word postern_time_page - . + 12"
            : "=r"(page) : : "r1");
    return page;
}

/* 2^38 / 1000, rounded up. The error is less than a unit for every number of 32 bits. */
#define ARCH_MICROSECONDS
static ALWAYS_INLINE uint32_t arch_microseconds(uint32_t nanoseconds)
{
    uint32_t factor = 274877907;
    __asm__("" : "+r"(factor)); /* not a constant in memory */
    return (uint32_t)((uint64_t)nanoseconds * factor >> 38);
}

/* The compiler's is a store into the free part of the stack. */
#define ARCH_READ_BARRIER
static ALWAYS_INLINE void arch_read_barrier(void)
{
    __asm__ volatile("sync" : : : "memory");
}

static ALWAYS_INLINE long arch_system_call(long number, long first, long second)
{
    register long r20 __asm__("r20") = number;
    register long r26 __asm__("r26") = first;
    register long r25 __asm__("r25") = second;
    register long r28 __asm__("r28");
    __asm__ volatile("ble 0x100(%%sr2, %%r0)\n\tnop"
                     : "=r"(r28), "+r"(r20), "+r"(r26), "+r"(r25)
                     : : "r1", "r2", "r21", "r22", "r23", "r24", "r29", "r31", "memory");
    return r28;
}

static ALWAYS_INLINE uint64_t arch_trap_counter(void)
{
    register long r20 __asm__("r20") = SYSTEM_CALL_postern_counter;
    register unsigned long r28 __asm__("r28");
    register unsigned long r25 __asm__("r25");
    __asm__ volatile("ble 0x100(%%sr2, %%r0)\n\tnop"
                     : "=r"(r28), "=r"(r25), "+r"(r20)
                     : : "r1", "r2", "r21", "r22", "r23", "r24", "r26", "r29", "r31", "memory");
    return (uint64_t)r25 << 32 | r28;
}

#endif
