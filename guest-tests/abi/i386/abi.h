/* i386: what C cannot say. Six arguments need %ebp, so the call is a function of its own. */
#ifndef ABI_H
#define ABI_H

#define ABI_NAME "i386"
#define ABI_MACHINE "i686" /* what the kernel prints for a 32-bit personality only: see uname.c */
#define ABI_ELF_MACHINE 3
#define ABI_VDSO_PREFIX "__vdso_"
#define ABI_SA_RESTORER 0

long system_call(long number, long a, long b, long c, long d, long e, long f);
/* The same through a function pointer that behaves as `int $0x80; ret` (AT_SYSINFO). */
long system_call_through(void *entry, long number, long a, long b, long c, long d, long e, long f);

#define ABI_START                                                                    \
    ".globl _start\n"                                                                \
    "_start: xor %ebp, %ebp\n"                                                       \
    "  mov %esp, %eax\n"                                                             \
    "  and $-16, %esp\n"                                                             \
    "  sub $12, %esp\n"                                                              \
    "  push %eax\n"                                                                  \
    "  call guest_start\n"                                                           \
    "  hlt\n"                                                                        \
    ".globl system_call\n"                                                           \
    "system_call: push %ebp; push %ebx; push %esi; push %edi\n"                      \
    "  mov 20(%esp), %eax; mov 24(%esp), %ebx; mov 28(%esp), %ecx\n"                 \
    "  mov 32(%esp), %edx; mov 36(%esp), %esi; mov 40(%esp), %edi\n"                 \
    "  mov 44(%esp), %ebp\n"                                                         \
    "  int $0x80\n"                                                                  \
    "  pop %edi; pop %esi; pop %ebx; pop %ebp\n"                                     \
    "  ret\n"                                                                        \
    ".globl system_call_through\n"                                                   \
    "system_call_through: push %ebp; push %ebx; push %esi; push %edi\n"              \
    "  mov 24(%esp), %eax; mov 28(%esp), %ebx; mov 32(%esp), %ecx\n"                 \
    "  mov 36(%esp), %edx; mov 40(%esp), %esi; mov 44(%esp), %edi\n"                 \
    "  mov 48(%esp), %ebp\n"                                                         \
    "  call *20(%esp)\n"                                                             \
    "  pop %edi; pop %esi; pop %ebx; pop %ebp\n"                                     \
    "  ret\n"

/* long mark_return(word save[6]): 0; return_to_mark(save) makes it return 1 once more. */
#define ABI_MARK                                                                     \
    ".globl mark_return, return_to_mark\n"                                           \
    "mark_return: mov 4(%esp), %ecx; mov %ebx, (%ecx); mov %ebp, 4(%ecx)\n"          \
    "  mov %esi, 8(%ecx); mov %edi, 12(%ecx); lea 4(%esp), %edx; mov %edx, 16(%ecx)\n" \
    "  mov (%esp), %edx; mov %edx, 20(%ecx); xor %eax, %eax; ret\n"                  \
    "return_to_mark: mov 4(%esp), %ecx; mov (%ecx), %ebx; mov 4(%ecx), %ebp\n"       \
    "  mov 8(%ecx), %esi; mov 12(%ecx), %edi; mov 16(%ecx), %esp; mov $1, %eax\n"    \
    "  jmp *20(%ecx)\n"

#define ABI_RELATIVE 8
#define ABI_RELOCATIONS_WITH_ADDEND 0

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
#define LOAD(address) ({ word v = (address); __asm__ volatile("mov (%%eax), %%eax; nop" : "+a"(v) : : "memory"); v; })
#define SKIP(c, value) ((c)->machine.eip += 2, (c)->machine.eax = (value))
#define REGISTER(c) ((c)->machine.eax)

/* What an image of the ABI must offer at least. */
#define REQUIRED_VDSO \
    "clock_gettime", "clock_getres", "gettimeofday", "time", "clock_gettime64", "vsyscall", \
    "sigreturn", "rt_sigreturn"

#endif
