/* ppc64 (ELFv1): what C cannot say. Addresses of functions are addresses of descriptors. */
#ifndef ABI_H
#define ABI_H

#define ABI_NAME "ppc64"
#define ABI_MACHINE "ppc64"
#define ABI_ELF_MACHINE 21
#define ABI_VDSO_PREFIX "__kernel_"
#define ABI_SA_RESTORER 0

/* An error is bit SO of cr0 and a positive errno. */
static inline long system_call(long number, long a, long b, long c, long d, long e, long f)
{
    register long r0 __asm__("r0") = number;
    register long r3 __asm__("r3") = a;
    register long r4 __asm__("r4") = b;
    register long r5 __asm__("r5") = c;
    register long r6 __asm__("r6") = d;
    register long r7 __asm__("r7") = e;
    register long r8 __asm__("r8") = f;
    __asm__ volatile("sc; bns+ 1f; neg %1, %1; 1:"
                     : "+r"(r0), "+r"(r3), "+r"(r4), "+r"(r5), "+r"(r6), "+r"(r7), "+r"(r8)
                     :
                     : "r9", "r10", "r11", "r12", "ctr", "xer", "cr0", "memory");
    return r3;
}

#define ABI_START                                          \
    ".section .opd, \"aw\"\n.align 3\n.globl _start\n"     \
    "_start: .quad ._start, .TOC.@tocbase, 0\n.previous\n" \
    "._start: mr 3, 1\n"                                   \
    "  li 0, 0\n"                                          \
    "  stdu 1, -112(1)\n"                                  \
    "  std 0, 0(1)\n"                                      \
    "  bl guest_start\n"                                   \
    "  nop\n"                                              \
    "  .long 0\n"

/* long mark_return(word save[]): 0; return_to_mark(save) makes it return 1 once more. */
#define ABI_MARK                                                                        \
    ".section .opd, \"aw\"\n.align 3\n.globl mark_return, return_to_mark\n"              \
    "mark_return: .quad .mark_return, .TOC.@tocbase, 0\n"                               \
    "return_to_mark: .quad .return_to_mark, .TOC.@tocbase, 0\n.previous\n"              \
    ".type mark_return, @function\n.type return_to_mark, @function\n"                   \
    ".globl .mark_return, .return_to_mark\n"                                           \
    ".mark_return: std 1, 0(3); std 2, 8(3); mflr 0; std 0, 16(3); mfcr 0; std 0, 24(3)\n" \
    "  std 13, 32(3); std 14, 40(3); std 15, 48(3); std 16, 56(3); std 17, 64(3)\n"        \
    "  std 18, 72(3); std 19, 80(3); std 20, 88(3); std 21, 96(3); std 22, 104(3)\n"       \
    "  std 23, 112(3); std 24, 120(3); std 25, 128(3); std 26, 136(3); std 27, 144(3)\n"   \
    "  std 28, 152(3); std 29, 160(3); std 30, 168(3); std 31, 176(3); li 3, 0; blr\n"     \
    ".return_to_mark: ld 1, 0(3); ld 2, 8(3); ld 0, 16(3); mtlr 0; ld 0, 24(3); mtcr 0\n" \
    "  ld 13, 32(3); ld 14, 40(3); ld 15, 48(3); ld 16, 56(3); ld 17, 64(3)\n"             \
    "  ld 18, 72(3); ld 19, 80(3); ld 20, 88(3); ld 21, 96(3); ld 22, 104(3)\n"            \
    "  ld 23, 112(3); ld 24, 120(3); ld 25, 128(3); ld 26, 136(3); ld 27, 144(3)\n"        \
    "  ld 28, 152(3); ld 29, 160(3); ld 30, 168(3); ld 31, 176(3); li 3, 1; blr\n"

#define ABI_RELATIVE 22
#define ABI_RELOCATIONS_WITH_ADDEND 1

/* Descriptors for code that no linker has seen; a caller holds only a few of them at a time. */
#define ABI_FUNCTION_DESCRIPTORS
static inline void *function_address(unsigned char *code)
{
    static unsigned long descriptors[16][3];
    static unsigned next;
    unsigned long *descriptor = descriptors[next++ % 16];
    descriptor[0] = (unsigned long)code;
    __asm__("mr %0, 2" : "=r"(descriptor[1]));
    return descriptor;
}

/* `value` up to 15 bits: li r3, value; blr. */
static inline unsigned long write_constant_function(unsigned char *code, unsigned value)
{
    unsigned *words = (unsigned *)code;
    words[0] = 0x38600000 | (value & 0x7fff);
    words[1] = 0x4e800020;
    return 8;
}
/* By blocks of 32 bytes, the smallest that any of these machines has. */
static inline void synchronise_code(void *first, void *last)
{
    unsigned long start = (unsigned long)first & -32ul, at;
    for (at = start; at < (unsigned long)last; at += 32)
        __asm__ volatile("dcbst 0, %0" : : "r"(at) : "memory");
    __asm__ volatile("sync" : : : "memory");
    for (at = start; at < (unsigned long)last; at += 32)
        __asm__ volatile("icbi 0, %0" : : "r"(at) : "memory");
    __asm__ volatile("isync" : : : "memory");
}

/* Functions of the vDSO report errors as system calls do. */
#define ABI_VDSO_CALL
static inline long abi_vdso_call(unsigned long function, long a, long b, long c, long d, long e)
{
    register unsigned long r12 __asm__("r12") = *(unsigned long *)function;
    register long r3 __asm__("r3") = a;
    register long r4 __asm__("r4") = b;
    register long r5 __asm__("r5") = c;
    register long r6 __asm__("r6") = d;
    register long r7 __asm__("r7") = e;
    __asm__ volatile("mtctr %0; bctrl; bns+ 1f; neg %1, %1; 1:"
                     : "+r"(r12), "+r"(r3), "+r"(r4), "+r"(r5), "+r"(r6), "+r"(r7)
                     :
                     : "r0", "r8", "r9", "r10", "r11", "lr", "ctr", "xer", "cr0", "cr1", "cr5", "cr6", "cr7",
                       "memory");
    return r3;
}

#define ILLEGAL_INSTRUCTION ".long 0"
#define PRIVILEGED_INSTRUCTION "mfmsr 3"
#define PRIVILEGED_CLOBBER "r3"
#define PRIVILEGED_SIGNAL SIGILL
#define PRIVILEGED_CODE ILL_PRVOPC

/* A load from `address`; in the context of its fault: go on behind it with another value, and the
 * register that held the address. Registers stand behind a pointer: r0 ... r31, program counter. */
#define LOAD(address) ({ register word v __asm__("r9") = (address); __asm__ volatile("ld 9, 0(9)" : "+r"(v) : : "memory"); v; })
#define SKIP(c, value) ((c)->registers[32] += 4, (c)->registers[9] = (value))
#define REGISTER(c) ((c)->registers[9])
#define CONTEXT_MACHINE word mask[16], unused[4]; int signal; word handler, old_mask, *registers;

/* What an image of the ABI must offer at least. */
#define REQUIRED_VDSO \
    "clock_gettime", "clock_getres", "gettimeofday", "getrandom", "time", "getcpu", "get_tbfreq", "get_syscall_map", \
    "sync_dicache", "sync_dicache_p5", "datapage_offset", "sigtramp_rt64"

#endif
