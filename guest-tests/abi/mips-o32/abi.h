/* mips o32 of both byte orders. */
#ifndef ABI_H
#define ABI_H

#ifdef __MIPSEB__
#define ABI_NAME "mips-o32"
#else
#define ABI_NAME "mipsel-o32"
#endif
#define ABI_MACHINE "mips"
#define ABI_ELF_MACHINE 8
#define ABI_VDSO_PREFIX "__vdso_"
#define ABI_SA_RESTORER 0
#define ABI_SIGNAL_SET_SIZE 16

/* The fifth argument and the sixth are on the stack; $7 says whether the result is an error. */
static inline long system_call(long number, long a, long b, long c, long d, long e, long f)
{
    register long v0 __asm__("$2") = number;
    register long a0 __asm__("$4") = a;
    register long a1 __asm__("$5") = b;
    register long a2 __asm__("$6") = c;
    register long a3 __asm__("$7") = d;
    register long fifth __asm__("$8") = e;
    register long sixth __asm__("$9") = f;
    __asm__ volatile(".set push\n .set noreorder\n"
                     "addiu $29, $29, -32\n sw $8, 16($29)\n sw $9, 20($29)\n syscall\n addiu $29, $29, 32\n"
                     ".set pop"
                     : "+r"(v0), "+r"(a3), "+r"(a0), "+r"(a1), "+r"(a2), "+r"(fifth), "+r"(sixth)
                     : : "$1", "$3", "$10", "$11", "$12", "$13", "$14", "$15", "$24", "$25", "hi", "lo", "memory");
    return a3 ? -v0 : v0;
}

#ifdef __PIE__
/* Everything is reached through the GOT, which holds addresses from 0 on until the program has
 * added its own to each entry: base in $9, DT_PLTGOT in $10, the number of entries
 * (DT_MIPS_LOCAL_GOTNO + DT_MIPS_SYMTABNO - DT_MIPS_GOTSYM) in $11. */
#define ABI_START                     \
    ".globl _start\n"                 \
    ".set push\n"                     \
    ".set noreorder\n"                \
    "_start: bal 1f\n"                \
    "  move $4, $29\n"                \
    "0: .gpword 0b\n"                 \
    "1: lw $28, 0($31)\n"             \
    "  subu $28, $31, $28\n"          \
    "  lw $8, %got(0b)($28)\n"        \
    "  addiu $8, $8, %lo(0b)\n"       \
    "  subu $9, $31, $8\n"            \
    "  lw $8, %got(_DYNAMIC)($28)\n"  \
    "  addu $8, $8, $9\n"             \
    "  move $11, $0\n"                \
    "2: lw $12, 0($8)\n"              \
    "  lw $13, 4($8)\n"               \
    "  addiu $8, $8, 8\n"             \
    "  xori $14, $12, 3\n"            \
    "  movz $10, $13, $14\n"          \
    "  lui $15, 0x7000\n"             \
    "  subu $15, $12, $15\n"          \
    "  xori $14, $15, 0x0a\n"         \
    "  sltiu $14, $14, 1\n"           \
    "  xori $24, $15, 0x11\n"         \
    "  sltiu $24, $24, 1\n"           \
    "  or $14, $14, $24\n"            \
    "  xori $24, $15, 0x13\n"         \
    "  sltiu $24, $24, 1\n"           \
    "  subu $14, $14, $24\n"          \
    "  mul $14, $14, $13\n"           \
    "  bnez $12, 2b\n"                \
    "  addu $11, $11, $14\n"          \
    "  addu $10, $10, $9\n"           \
    "3: lw $8, 0($10)\n"              \
    "  addu $8, $8, $9\n"             \
    "  sw $8, 0($10)\n"               \
    "  addiu $11, $11, -1\n"          \
    "  bnez $11, 3b\n"                \
    "  addiu $10, $10, 4\n"           \
    "  li $8, -16\n"                  \
    "  and $29, $29, $8\n"            \
    "  addiu $29, $29, -32\n"         \
    "  lw $25, %got(guest_start)($28)\n" \
    "  jalr $25\n"                    \
    "  nop\n"                         \
    "  break\n"                       \
    ".set pop\n"
#else
#define ABI_START                     \
    ".globl _start\n"                 \
    ".ent _start\n"                   \
    ".set push\n"                     \
    ".set noreorder\n"                \
    "_start: move $31, $0\n"          \
    "  move $4, $29\n"                \
    "  li $8, -16\n"                  \
    "  and $29, $29, $8\n"            \
    "  addiu $29, $29, -32\n"         \
    "  lui $25, %hi(guest_start)\n"   \
    "  addiu $25, $25, %lo(guest_start)\n" \
    "  jalr $25\n"                    \
    "  nop\n"                         \
    "  break\n"                       \
    ".set pop\n"                      \
    ".end _start\n"
#endif

#define SAVE(op, fop)                                                                  \
    "  " op " $16, 0($4); " op " $17, 4($4); " op " $18, 8($4); " op " $19, 12($4)\n"     \
    "  " op " $20, 16($4); " op " $21, 20($4); " op " $22, 24($4); " op " $23, 28($4)\n"  \
    "  " op " $28, 32($4); " op " $29, 36($4); " op " $30, 40($4); " op " $31, 44($4)\n"  \
    "  " fop " $f20, 48($4); " fop " $f21, 52($4); " fop " $f22, 56($4); " fop " $f23, 60($4)\n" \
    "  " fop " $f24, 64($4); " fop " $f25, 68($4); " fop " $f26, 72($4); " fop " $f27, 76($4)\n" \
    "  " fop " $f28, 80($4); " fop " $f29, 84($4); " fop " $f30, 88($4); " fop " $f31, 92($4)\n"
/* long mark_return(word save[26]): 0; return_to_mark(save) makes it return 1 once more. */
#define ABI_MARK                             \
    ".globl mark_return, return_to_mark\n"   \
    ".set push\n"                            \
    ".set noreorder\n"                       \
    "mark_return:\n" SAVE("sw", "swc1")      \
    "  jr $31\n"                             \
    "  li $2, 0\n"                           \
    "return_to_mark:\n" SAVE("lw", "lwc1")   \
    "  jr $31\n"                             \
    "  li $2, 1\n"                           \
    ".set pop\n"

/* struct sigaction in front of the mask. */
#define ABI_ACTION_FIELDS word flags; signal_handler handler;
#define ABI_ACTION_HANDLER 1

#define ABI_RELATIVE 3
#define ABI_RELOCATIONS_WITH_ADDEND 0

/* `value` up to 16 bits. */
static inline unsigned long write_constant_function(unsigned char *code, unsigned value)
{
    unsigned *words = (unsigned *)code;
    words[0] = 0x03e00008u;                    /* jr $31 */
    words[1] = 0x34020000u | (value & 0xffff); /* ori $2, $0, value, in the delay slot */
    return 8;
}
static inline void *function_address(unsigned char *code) { return code; }
static inline void synchronise_code(void *first, void *last)
{
    system_call(4147, (long)first, (char *)last - (char *)first, 3, 0, 0, 0); /* cacheflush */
}

/* Here the kernel only forces the signal: SI_KERNEL, no address. */
#define ILLEGAL_INSTRUCTION ".word 0x7c000037"
#define ILLEGAL_CODE SI_KERNEL
#define PRIVILEGED_INSTRUCTION "mfc0 $8, $12"
#define PRIVILEGED_CLOBBER "$8"
#define PRIVILEGED_SIGNAL SIGILL
#define PRIVILEGED_CODE SI_KERNEL

/* A load from `address`; in the context of its fault: go on behind it with another value, and the
 * register that held the address. */
#define LOAD(address) ({ register word v __asm__("$8") = (address); __asm__ volatile(".set push; .set noreorder; lw $8, 0($8); .set pop" : "+r"(v) : : "memory"); v; })
#define SKIP(c, value) ((c)->machine.sc_pc += 4, (c)->machine.sc_regs[8] = (value))
#define REGISTER(c) ((word)(c)->machine.sc_regs[8])

/* What an image of the ABI must offer at least. */
#define REQUIRED_VDSO \
    "clock_gettime", "clock_getres", "gettimeofday", "clock_gettime64", "clock_getres_time64"

#endif
