/* SuperH-4 of both byte orders: what C cannot say. */
#ifndef ABI_H
#define ABI_H

#ifdef __LITTLE_ENDIAN__
#define ABI_NAME "sh4"
#else
#define ABI_NAME "sh4eb"
#endif
#define ABI_MACHINE ABI_NAME
#define ABI_ELF_MACHINE 42
#define ABI_VDSO_PREFIX "__kernel_"
#define ABI_VDSO_WITHOUT_CLOCKS 1
#define ABI_SA_RESTORER 0

static inline long system_call(long number, long a, long b, long c, long d, long e, long f)
{
    register long r3 __asm__("r3") = number;
    register long r4 __asm__("r4") = a;
    register long r5 __asm__("r5") = b;
    register long r6 __asm__("r6") = c;
    register long r7 __asm__("r7") = d;
    register long r0 __asm__("r0") = e;
    register long r1 __asm__("r1") = f;
    __asm__ volatile("trapa #0x16"
                     : "+r"(r0)
                     : "r"(r3), "r"(r4), "r"(r5), "r"(r6), "r"(r7), "r"(r1)
                     : "memory");
    return r0;
}

/* One call with one argument by the image's own system call, which has registers as for the instruction. */
static inline long vsyscall_function(unsigned long function, long number, unsigned long argument)
{
    register long r3 __asm__("r3") = number;
    register long r4 __asm__("r4") = (long)argument;
    register long r0 __asm__("r0");
    __asm__ volatile("jsr @%3\n nop" : "=r"(r0) : "r"(r3), "r"(r4), "r"(function) : "pr", "memory");
    return r0;
}
#define ABI_VSYSCALL_FUNCTION 1

#define ABI_START                     \
    ".globl _start\n"                 \
    ".type _start, %function\n"       \
    "_start: mov #0, r14\n"           \
    "  lds r14, pr\n"                 \
    "  mov r15, r4\n"                 \
    "  mova 1f, r0\n"                 \
    "  mov.l 1f, r1\n"                \
    "  add r1, r0\n"                  \
    "  jsr @r0\n"                     \
    "  nop\n"                         \
    "  .word 0xfffd\n"                \
    "  .balign 4\n"                   \
    "1: .long guest_start - .\n"

/* long mark_return(word *save): 0; return_to_mark(save) makes it return 1 once more. */
#define ABI_MARK                                                                     \
    ".globl mark_return, return_to_mark\n"                                           \
    ".type mark_return, %function\n.type return_to_mark, %function\n"                \
    ".balign 4\n"                                                                    \
    "mark_return:\n"                                                                 \
    "  mov.l r8, @(0, r4)\n mov.l r9, @(4, r4)\n mov.l r10, @(8, r4)\n"               \
    "  mov.l r11, @(12, r4)\n mov.l r12, @(16, r4)\n mov.l r13, @(20, r4)\n"          \
    "  mov.l r14, @(24, r4)\n mov.l r15, @(28, r4)\n"                                \
    "  sts pr, r0\n mov.l r0, @(32, r4)\n sts fpscr, r0\n mov.l r0, @(36, r4)\n"      \
    "  add #56, r4\n"                                                                \
    "  fmov.s fr15, @-r4\n fmov.s fr14, @-r4\n fmov.s fr13, @-r4\n fmov.s fr12, @-r4\n" \
    "  rts\n mov #0, r0\n"                                                           \
    "return_to_mark:\n"                                                              \
    "  mov.l @(0, r4), r8\n mov.l @(4, r4), r9\n mov.l @(8, r4), r10\n"               \
    "  mov.l @(12, r4), r11\n mov.l @(16, r4), r12\n mov.l @(20, r4), r13\n"          \
    "  mov.l @(24, r4), r14\n mov.l @(28, r4), r15\n"                                \
    "  mov.l @(32, r4), r0\n lds r0, pr\n mov.l @(36, r4), r0\n lds r0, fpscr\n"      \
    "  add #40, r4\n"                                                                \
    "  fmov.s @r4+, fr12\n fmov.s @r4+, fr13\n fmov.s @r4+, fr14\n fmov.s @r4+, fr15\n" \
    "  rts\n mov #1, r0\n"

#define ABI_RELATIVE 165
#define ABI_RELOCATIONS_WITH_ADDEND 1

/* `value` up to 16 bits. */
static inline unsigned long write_constant_function(unsigned char *code, unsigned value)
{
    unsigned short *halfwords = (unsigned short *)code;
    halfwords[0] = (unsigned short)(0xe000 | (value >> 8 & 0xff)); /* mov #high, r0; shll8 r0; or #low, r0 */
    halfwords[1] = 0x4018;
    halfwords[2] = (unsigned short)(0xcb00 | (value & 0xff));
    halfwords[3] = 0x000b; /* rts; extu.w r0, r0 */
    halfwords[4] = 0x600d;
    return 10;
}
static inline void *function_address(unsigned char *code) { return code; }
static inline void synchronise_code(void *first, void *last)
{
    system_call(123, (long)first, (char *)last - (char *)first, 7, 0, 0, 0); /* cacheflush */
}

/* Here the kernel only forces the signal: SI_KERNEL, no address. */
#define ILLEGAL_INSTRUCTION ".word 0xfffd"
#define ILLEGAL_CODE SI_KERNEL
#define PRIVILEGED_INSTRUCTION "ldc r0, vbr"
#define PRIVILEGED_SIGNAL SIGILL
#define PRIVILEGED_CODE SI_KERNEL

/* A load from `address`; in the context of its fault: go on behind it with another value, and the
 * register that held the address. */
#define LOAD(address) ({ register word v __asm__("r2") = (address); __asm__ volatile("mov.l @r2, r2" : "+r"(v) : : "memory"); v; })
#define SKIP(c, value) ((c)->machine.sc_pc += 2, (c)->machine.sc_regs[2] = (value))
#define REGISTER(c) ((word)(c)->machine.sc_regs[2])

/* What an image of the ABI must offer at least. */
#define REQUIRED_VDSO "vsyscall", "sigreturn", "rt_sigreturn"

#endif
