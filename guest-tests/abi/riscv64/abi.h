/* riscv: what C cannot say. riscv32 takes this file as well. */
#ifndef ABI_H
#define ABI_H

#if __riscv_xlen == 64
#define ABI_NAME "riscv64"
#define ABI_MACHINE "riscv64"
#define ABI_STORE_WORD "sd"
#define ABI_LOAD_WORD "ld"
#else
#define ABI_NAME "riscv32"
#define ABI_MACHINE "riscv32"
#define ABI_STORE_WORD "sw"
#define ABI_LOAD_WORD "lw"
#define ABI_MARK_WORDS 52
#endif
#define ABI_ELF_MACHINE 243
#define ABI_VDSO_PREFIX "__vdso_"
#define ABI_SA_RESTORER 0
#define ABI_NO_PLATFORM 1

static inline long system_call(long number, long a, long b, long c, long d, long e, long f)
{
    register long a7 __asm__("a7") = number;
    register long a0 __asm__("a0") = a;
    register long a1 __asm__("a1") = b;
    register long a2 __asm__("a2") = c;
    register long a3 __asm__("a3") = d;
    register long a4 __asm__("a4") = e;
    register long a5 __asm__("a5") = f;
    __asm__ volatile("ecall"
                     : "+r"(a0)
                     : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5)
                     : "memory");
    return a0;
}

#define ABI_START               \
    ".globl _start\n"           \
    "_start: li ra, 0\n"        \
    "  mv a0, sp\n"             \
    "  andi sp, sp, -16\n"      \
    "  .option push\n"          \
    "  .option norelax\n"       \
    "  lla gp, __global_pointer$\n" \
    "  .option pop\n"           \
    "  jal guest_start\n"       \
    "  unimp\n"

#define SAVE(op, fop, at)                                                                   \
    "  " op " ra, 0(" at "); " op " sp, 8(" at "); " op " s0, 16(" at "); " op " s1, 24(" at ")\n"     \
    "  " op " s2, 32(" at "); " op " s3, 40(" at "); " op " s4, 48(" at "); " op " s5, 56(" at ")\n"   \
    "  " op " s6, 64(" at "); " op " s7, 72(" at "); " op " s8, 80(" at "); " op " s9, 88(" at ")\n"   \
    "  " op " s10, 96(" at "); " op " s11, 104(" at ")\n"                                    \
    "  " fop " fs0, 112(" at "); " fop " fs1, 120(" at "); " fop " fs2, 128(" at ")\n"         \
    "  " fop " fs3, 136(" at "); " fop " fs4, 144(" at "); " fop " fs5, 152(" at ")\n"         \
    "  " fop " fs6, 160(" at "); " fop " fs7, 168(" at "); " fop " fs8, 176(" at ")\n"         \
    "  " fop " fs9, 184(" at "); " fop " fs10, 192(" at "); " fop " fs11, 200(" at ")\n"
/* long mark_return(word *save): 0; return_to_mark(save) makes it return 1 once more. 26 double words. */
#define ABI_MARK                                \
    ".globl mark_return, return_to_mark\n"      \
    "mark_return:\n" SAVE(ABI_STORE_WORD, "fsd", "a0")    \
    "  li a0, 0; ret\n"                         \
    "return_to_mark:\n" SAVE(ABI_LOAD_WORD, "fld", "a0") \
    "  li a0, 1; ret\n"

/* struct sigaction in front of the mask: there is no restorer. */
#define ABI_ACTION_FIELDS signal_handler handler; word flags;

#define ABI_RELATIVE 3
#define ABI_RELOCATIONS_WITH_ADDEND 1

/* `value` up to 20 bits. */
static inline unsigned long write_constant_function(unsigned char *code, unsigned value)
{
    unsigned *words = (unsigned *)code;
    words[0] = 0x00000537u | ((value + 0x800) & 0xfffff000); /* lui a0 */
    words[1] = 0x00050513u | (value & 0xfff) << 20;          /* addi a0, a0 */
    words[2] = 0x00008067u;                                  /* ret */
    return 12;
}
static inline void *function_address(unsigned char *code) { return code; }
static inline void synchronise_code(void *first, void *last)
{
    (void)first, (void)last;
    __asm__ volatile("fence.i" : : : "memory");
}

#define ILLEGAL_INSTRUCTION "unimp"
#define PRIVILEGED_INSTRUCTION "csrr a0, sstatus"
#define PRIVILEGED_CLOBBER "a0"
#define PRIVILEGED_SIGNAL SIGILL
#define PRIVILEGED_CODE ILL_ILLOPC

/* A load from `address`; in the context of its fault: go on behind it with another value, and the
 * register that held the address. */
#define LOAD(address) ({ register word v __asm__("a3") = (address); __asm__ volatile(".option push; .option norvc; lw a3, 0(a3); .option pop" : "+r"(v) : : "memory"); v; })
#define SKIP(c, value) ((c)->machine.sc_regs.pc += 4, (c)->machine.sc_regs.a3 = (value))
#define REGISTER(c) ((c)->machine.sc_regs.a3)
/* What stands behind uc_stack: here the mask comes first. */
#define CONTEXT_MACHINE u8 mask[128] __attribute__((aligned(8))); struct sigcontext machine;

/* What an image of the ABI must offer at least. */
#if __riscv_xlen == 64
#define REQUIRED_VDSO \
    "clock_gettime", "clock_getres", "gettimeofday", "getrandom", "getcpu", "rt_sigreturn", \
    "flush_icache", "riscv_hwprobe"
#else
#define REQUIRED_VDSO \
    "clock_gettime", "clock_getres", "gettimeofday", "clock_gettime64", "clock_getres_time64", "getcpu", \
    "rt_sigreturn", "flush_icache", "riscv_hwprobe"
#endif

#endif
