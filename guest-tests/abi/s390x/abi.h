/* s390x: what C cannot say. A function may use the 160 bytes above its stack pointer. */
#ifndef ABI_H
#define ABI_H

#define ABI_NAME "s390x"
#define ABI_MACHINE "s390x"
#define ABI_ELF_MACHINE 22
#define ABI_VDSO_PREFIX "__kernel_"
#define ABI_SA_RESTORER 0

static inline long system_call(long number, long a, long b, long c, long d, long e, long f)
{
    register long r1 __asm__("r1") = number;
    register long r2 __asm__("r2") = a;
    register long r3 __asm__("r3") = b;
    register long r4 __asm__("r4") = c;
    register long r5 __asm__("r5") = d;
    register long r6 __asm__("r6") = e;
    register long r7 __asm__("r7") = f;
    __asm__ volatile("svc 0"
                     : "+d"(r2)
                     : "d"(r1), "d"(r3), "d"(r4), "d"(r5), "d"(r6), "d"(r7)
                     : "memory");
    return r2;
}

#define ABI_START                       \
    ".globl _start\n"                   \
    "_start: lgr %r2, %r15\n"           \
    "  aghi %r15, -160\n"               \
    "  xc 0(8,%r15), 0(%r15)\n"         \
    "  brasl %r14, guest_start\n"       \
    "  .short 0\n"

/* long mark_return(word save[18]): 0; return_to_mark(save) makes it return 1 once more. */
#define ABI_MARK                                                                     \
    ".globl mark_return, return_to_mark\n"                                           \
    "mark_return: stmg %r6, %r15, 0(%r2); std %f8, 80(%r2); std %f9, 88(%r2)\n"      \
    "  std %f10, 96(%r2); std %f11, 104(%r2); std %f12, 112(%r2); std %f13, 120(%r2)\n" \
    "  std %f14, 128(%r2); std %f15, 136(%r2); lghi %r2, 0; br %r14\n"               \
    "return_to_mark: lmg %r6, %r15, 0(%r2); ld %f8, 80(%r2); ld %f9, 88(%r2)\n"      \
    "  ld %f10, 96(%r2); ld %f11, 104(%r2); ld %f12, 112(%r2); ld %f13, 120(%r2)\n"  \
    "  ld %f14, 128(%r2); ld %f15, 136(%r2); lghi %r2, 1; br %r14\n"

#define ABI_RELATIVE 12
#define ABI_RELOCATIONS_WITH_ADDEND 1

/* `value` up to 15 bits. */
static inline unsigned long write_constant_function(unsigned char *code, unsigned value)
{
    unsigned short *halves = (unsigned short *)code;
    halves[0] = 0xa729; /* lghi %r2, value; br %r14 */
    halves[1] = (unsigned short)value;
    halves[2] = 0x07fe;
    return 6;
}
static inline void *function_address(unsigned char *code) { return code; }
static inline void synchronise_code(void *first, void *last) { (void)first; (void)last; }

#define ILLEGAL_INSTRUCTION ".short 0x0000"
#define PRIVILEGED_INSTRUCTION "lctlg %%c0, %%c0, 0(%%r15)"
#define PRIVILEGED_SIGNAL SIGILL
#define PRIVILEGED_CODE ILL_PRVOPC

/* A load from `address`; in the context of its fault: go on behind it with another value, and the
 * register that held the address. The old PSW of an access exception is on the instruction, for a
 * page without permission. */
#define LOAD(address) ({ register word v __asm__("r3") = (address); __asm__ volatile("lg %%r3, 0(%%r3)" : "+d"(v) : : "memory"); v; })
#define SKIP(c, value) ((c)->machine.address += 6, (c)->machine.registers[3] = (value))
#define REGISTER(c) ((c)->machine.registers[3])
#define CONTEXT_MACHINE struct { u64 mask, address, registers[16]; } machine;

/* What an image of the ABI must offer at least. */
#define REQUIRED_VDSO \
    "clock_gettime", "clock_getres", "gettimeofday", "getrandom", "getcpu", "restart_syscall", \
    "sigreturn", "rt_sigreturn"

#endif
