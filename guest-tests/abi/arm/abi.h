/* arm (EABI, little-endian; ARM state, and Thumb state in programs built with -mthumb). */
#ifndef ABI_H
#define ABI_H

#define ABI_NAME "arm"
#define ABI_MACHINE "armv7l"
#define ABI_ELF_MACHINE 40
#define ABI_VDSO_PREFIX "__vdso_"
#define ABI_SA_RESTORER 0
#define ABI_SIGNAL_PAGE /* handlers return to [sigpage], not to the vDSO */

static inline long system_call(long number, long a, long b, long c, long d, long e, long f)
{
    register long r0 __asm__("r0") = a;
    register long r1 __asm__("r1") = b;
    register long r2 __asm__("r2") = c;
    register long r3 __asm__("r3") = d;
    register long r4 __asm__("r4") = e;
    register long r5 __asm__("r5") = f;
    /* r7 may be the frame pointer in Thumb state. */
    __asm__ volatile("push {r7}\n mov r7, %6\n svc #0\n pop {r7}"
                     : "+r"(r0)
                     : "r"(r1), "r"(r2), "r"(r3), "r"(r4), "r"(r5), "r"(number)
                     : "memory");
    return r0;
}

#define ABI_START                     \
    ".syntax unified\n"               \
    ".globl _start\n"                 \
    ".type _start, %function\n"       \
    "_start: mov r11, #0\n"           \
    "  mov lr, #0\n"                  \
    "  mov r0, sp\n"                  \
    "  bic r1, r0, #15\n"             \
    "  mov sp, r1\n"                  \
    "  bl guest_start\n"              \
    "  udf #0\n"

/* long mark_return(word save[26]): 0; return_to_mark(save) makes it return 1 once more. */
#define ABI_MARK                                                                     \
    ".globl mark_return, return_to_mark\n"                                           \
    ".type mark_return, %function\n.type return_to_mark, %function\n"                \
    "mark_return: vstmia r0!, {d8-d15}; stmia r0!, {r4-r11}; mov r1, sp; str r1, [r0]\n" \
    "  str lr, [r0, #4]; mov r0, #0; bx lr\n"                                        \
    "return_to_mark: vldmia r0!, {d8-d15}; ldmia r0!, {r4-r11}; ldr r1, [r0]; mov sp, r1\n" \
    "  ldr lr, [r0, #4]; mov r0, #1; bx lr\n"

#define ABI_RELATIVE 23
#define ABI_RELOCATIONS_WITH_ADDEND 0

/* `value` up to 16 bits. */
static inline unsigned long write_constant_function(unsigned char *code, unsigned value)
{
    unsigned *words = (unsigned *)code;
    words[0] = 0xe3000000u | (value & 0xf000) << 4 | (value & 0xfff); /* movw r0, #value; bx lr */
    words[1] = 0xe12fff1eu;
    return 8;
}
static inline void *function_address(unsigned char *code) { return code; }
static inline void synchronise_code(void *first, void *last)
{
    system_call(0xf0002, (long)first, (long)last, 0, 0, 0, 0); /* cacheflush */
}

#ifdef __thumb__
#define ILLEGAL_INSTRUCTION ".inst.n 0xde00"
#else
#define ILLEGAL_INSTRUCTION ".inst 0xe7f000f0"
#endif
#define PRIVILEGED_INSTRUCTION "mcr p15, 0, r0, c1, c0, 0"
#define PRIVILEGED_SIGNAL SIGILL
#define PRIVILEGED_CODE ILL_ILLOPC

/* A load from `address`; in the context of its fault: go on behind it with another value, and the
 * register that held the address. */
#define LOAD(address) ({ register word v __asm__("r3") = (address); __asm__ volatile("ldr r3, [r3]" : "+r"(v) : : "memory"); v; })
#define SKIP(c, value) ((c)->machine.arm_pc += 4, (c)->machine.arm_r3 = (value))
#define REGISTER(c) ((c)->machine.arm_r3)

/* What an image of the ABI must offer at least. */
#define REQUIRED_VDSO \
    "clock_gettime", "clock_getres", "gettimeofday", "clock_gettime64"

#endif
