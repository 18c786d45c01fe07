/* The MIPS ABIs. No ABI's position-independent code: a caller need not have the function's address
 * in $25. Functions find the time page by their own address (bal), and call each other by relative
 * branches (toolchain). The cycle counter does not count in the engine: the default is the reserved
 * trap. */
#define VDSO_NAME(function) __vdso_##function
#define VDSO_SECOND_NAME(function) __kernel_##function /* as vdso(7) calls them */
#define VDSO_GOT_HEADER 16
#define VDSO_DISCARD *(.reginfo) *(.MIPS.options) *(.pdr) *(.mdebug.*) *(.gnu.attributes) *(.MIPS.stubs)
#define VDSO_EXTRA_PHDRS abiflags 0x70000003 FLAGS(4);
/* The linker makes room for a relocation of nothing because it counts those of frame descriptions
 * before it resolves them; that there are no others is checked in mips/tools. */
#define VDSO_EXTRA_SECTIONS                                   \
    .MIPS.abiflags : { *(.MIPS.abiflags) } :text :abiflags    \
    /DISCARD/ : { *(.rel.dyn) }

#if !defined(__ASSEMBLER__) && !defined(LINKER_SCRIPT)

#ifdef __mips64 /* n32, n64 */
typedef long long machine_word;
#else
typedef long machine_word;
#endif
#if _MIPS_SZPTR == 64
#define ADD_POINTERS "daddu"
#else
#define ADD_POINTERS "addu"
#endif

#define ARCH_TIME_PAGE
static ALWAYS_INLINE time_page_t *time_page(void)
{
    time_page_t *page;
    __asm__(".set push\n\t"
            ".set noreorder\n\t"
            "bal 1f\n\t"
            "nop\n\t"
            ".word postern_time_page - .\n"
            "1:\n\t"
            "lw %0, 0($31)\n\t"
            ADD_POINTERS " %0, %0, $31\n\t"
            ".set pop"
            : "=r"(page) : : "$31");
    return page;
}

/* What a system call may change besides its result and $7. */
#define SYSTEM_CALL_CLOBBERS "$1", "$3", "$10", "$11", "$12", "$13", "$14", "$15", "$24", "$25", "hi", "lo", "memory"

static ALWAYS_INLINE long arch_system_call(long number, long first, long second)
{
    register long v0 __asm__("$2") = number;
    register long a0 __asm__("$4") = first;
    register long a1 __asm__("$5") = second;
    register long failed __asm__("$7");
    __asm__ volatile("syscall"
                     : "+r"(v0), "=r"(failed), "+r"(a0), "+r"(a1)
                     : : "$6", "$8", "$9", SYSTEM_CALL_CLOBBERS);
    return failed ? -v0 : v0;
}

/* Where nobody answers the call, a counter far from any anchor. */
static ALWAYS_INLINE uint64_t arch_trap_counter(void)
{
    register machine_word v0 __asm__("$2") = SYSTEM_CALL_postern_counter;
    register machine_word a1 __asm__("$5") = -1;
    __asm__ volatile("syscall" : "+r"(v0), "+r"(a1) : : "$7", "memory");
#ifdef __mips64
    return (uint64_t)v0 < 4096 ? UINT64_MAX : (uint64_t)v0; /* an errno is no counter */
#else
    return (uint64_t)(uint32_t)a1 << 32 | (uint32_t)v0;
#endif
}

#endif
