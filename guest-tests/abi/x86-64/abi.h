/* x86-64: what C cannot say. */
#ifndef ABI_H
#define ABI_H

#define ABI_NAME "x86-64"
#define ABI_MACHINE "x86_64"
#define ABI_ELF_MACHINE 62
#define ABI_VDSO_PREFIX "__vdso_"
#define ABI_SA_RESTORER 0x04000000 /* the kernel delivers no signal without one here */

static inline long system_call(long number, long a, long b, long c, long d, long e, long f)
{
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "+a"(number)
                     : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return number;
}

#define ABI_START                                        \
    ".globl _start\n"                                    \
    "_start: xor %ebp, %ebp\n"                           \
    "  mov %rsp, %rdi\n"                                 \
    "  and $-16, %rsp\n"                                 \
    "  call guest_start\n"                               \
    "  hlt\n"                                            \
    ".globl signal_restorer\n"                           \
    "signal_restorer: mov $15, %eax\n"                   \
    "  syscall\n"

/* long mark_return(word save[8]): 0; return_to_mark(save) makes it return 1 once more. */
#define ABI_MARK                                                                   \
    ".globl mark_return, return_to_mark\n"                                         \
    "mark_return: mov %rbx, (%rdi); mov %rbp, 8(%rdi); mov %r12, 16(%rdi)\n"       \
    "  mov %r13, 24(%rdi); mov %r14, 32(%rdi); mov %r15, 40(%rdi)\n"               \
    "  lea 8(%rsp), %rdx; mov %rdx, 48(%rdi); mov (%rsp), %rdx; mov %rdx, 56(%rdi)\n" \
    "  xor %eax, %eax; ret\n"                                                      \
    "return_to_mark: mov (%rdi), %rbx; mov 8(%rdi), %rbp; mov 16(%rdi), %r12\n"    \
    "  mov 24(%rdi), %r13; mov 32(%rdi), %r14; mov 40(%rdi), %r15\n"               \
    "  mov 48(%rdi), %rsp; mov $1, %eax; jmp *56(%rdi)\n"

/* Relocation type of a base-relative word, for static PIE. */
#define ABI_RELATIVE 8
#define ABI_RELOCATIONS_WITH_ADDEND 1

/* Code of `int f(void) { return value; }`; returns its length in bytes. */
static inline unsigned long write_constant_function(unsigned char *code, unsigned value)
{
    code[0] = 0xb8; /* mov $value, %eax; ret */
    for (int i = 0; i < 4; i++)
        code[1 + i] = (unsigned char)(value >> (8 * i));
    code[5] = 0xc3;
    return 6;
}
static inline void *function_address(unsigned char *code) { return code; }
static inline void synchronise_code(void *first, void *last) { (void)first; (void)last; }

#define ILLEGAL_INSTRUCTION "ud2"
#define PRIVILEGED_INSTRUCTION "hlt"
#define PRIVILEGED_SIGNAL SIGSEGV /* general protection */
#define PRIVILEGED_CODE SI_KERNEL

/* A load from `address`; in the context of its fault: go on behind it with another value, and the
 * register that held the address. */
#define LOAD(address) ({ word v = (address); __asm__ volatile("mov (%%rax), %%rax; nop" : "+a"(v) : : "memory"); v; })
#define SKIP(c, value) ((c)->machine.rip += 3, (c)->machine.rax = (value))
#define REGISTER(c) ((c)->machine.rax)

/* What an image of the ABI must offer at least. */
#define REQUIRED_VDSO \
    "clock_gettime", "clock_getres", "gettimeofday", "getrandom", "time", "getcpu"

#endif
