/* aarch64: what C cannot say. */
#ifndef ABI_H
#define ABI_H

#define ABI_NAME "aarch64"
#define ABI_MACHINE "aarch64"
#define ABI_ELF_MACHINE 183
#define ABI_VDSO_PREFIX "__kernel_"
#define ABI_SA_RESTORER 0

static inline long system_call(long number, long a, long b, long c, long d, long e, long f)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc #0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
}

#define ABI_START               \
    ".globl _start\n"           \
    "_start: mov x29, #0\n"     \
    "  mov x30, #0\n"           \
    "  mov x0, sp\n"            \
    "  and sp, x0, #-16\n"      \
    "  bl guest_start\n"        \
    "  .inst 0\n"

/* long mark_return(word save[21]): 0; return_to_mark(save) makes it return 1 once more. */
#define ABI_MARK                                                                     \
    ".globl mark_return, return_to_mark\n"                                           \
    "mark_return: stp x19, x20, [x0]; stp x21, x22, [x0, 16]; stp x23, x24, [x0, 32]\n" \
    "  stp x25, x26, [x0, 48]; stp x27, x28, [x0, 64]; stp x29, x30, [x0, 80]\n"     \
    "  stp d8, d9, [x0, 96]; stp d10, d11, [x0, 112]; stp d12, d13, [x0, 128]\n"     \
    "  stp d14, d15, [x0, 144]; mov x1, sp; str x1, [x0, 160]; mov x0, 0; ret\n"     \
    "return_to_mark: ldp x19, x20, [x0]; ldp x21, x22, [x0, 16]; ldp x23, x24, [x0, 32]\n" \
    "  ldp x25, x26, [x0, 48]; ldp x27, x28, [x0, 64]; ldp x29, x30, [x0, 80]\n"     \
    "  ldp d8, d9, [x0, 96]; ldp d10, d11, [x0, 112]; ldp d12, d13, [x0, 128]\n"     \
    "  ldp d14, d15, [x0, 144]; ldr x1, [x0, 160]; mov sp, x1; mov x0, 1; ret\n"

#define ABI_RELATIVE 1027
#define ABI_RELOCATIONS_WITH_ADDEND 1

/* `value` up to 16 bits. */
static inline unsigned long write_constant_function(unsigned char *code, unsigned value)
{
    unsigned *words = (unsigned *)code;
    words[0] = 0x52800000u | (value & 0xffff) << 5; /* mov w0, #value; ret */
    words[1] = 0xd65f03c0u;
    return 8;
}
static inline void *function_address(unsigned char *code) { return code; }
static inline void synchronise_code(void *first, void *last)
{
    for (unsigned long p = (unsigned long)first & ~3ul; p < (unsigned long)last; p += 4)
        __asm__ volatile("dc cvau, %0" : : "r"(p) : "memory");
    __asm__ volatile("dsb ish" : : : "memory");
    for (unsigned long p = (unsigned long)first & ~3ul; p < (unsigned long)last; p += 4)
        __asm__ volatile("ic ivau, %0" : : "r"(p) : "memory");
    __asm__ volatile("dsb ish\n isb" : : : "memory");
}

#define ILLEGAL_INSTRUCTION ".inst 0x00000000"
#define PRIVILEGED_INSTRUCTION "mrs x0, sctlr_el1"
#define PRIVILEGED_CLOBBER "x0"
#define PRIVILEGED_SIGNAL SIGILL
#define PRIVILEGED_CODE ILL_ILLOPC

/* A load from `address`; in the context of its fault: go on behind it with another value, and the
 * register that held the address. */
#define LOAD(address) ({ register word v __asm__("x3") = (address); __asm__ volatile("ldr x3, [x3]" : "+r"(v) : : "memory"); v; })
#define SKIP(c, value) ((c)->machine.pc += 4, (c)->machine.regs[3] = (value))
#define REGISTER(c) ((c)->machine.regs[3])
/* What stands behind uc_stack: here the mask comes first. */
#define CONTEXT_MACHINE u8 mask[128] __attribute__((aligned(8))); struct sigcontext machine;

/* What an image of the ABI must offer at least. */
#define REQUIRED_VDSO \
    "clock_gettime", "clock_getres", "gettimeofday", "getrandom", "rt_sigreturn"

#endif
