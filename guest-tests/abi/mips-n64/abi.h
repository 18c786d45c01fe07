/* mips n64 and n32 of both byte orders. */
#ifndef ABI_H
#define ABI_H

#if __SIZEOF_POINTER__ == 8
#define ABI_WORD_NAME "n64"
#define CACHE_FLUSH_NUMBER 5197
#define LOAD_WORD "ld"
#define STORE_WORD "sd"
#define WORD_OP(name) "d" name
#define WORD_BYTES "8"
#define ADDRESS_OF(register, symbol)                                                             \
    "  lui " register ", %highest(" symbol "); daddiu " register ", %higher(" symbol ")\n"          \
    "  dsll " register ", 16; daddiu " register ", %hi(" symbol ")\n"                               \
    "  dsll " register ", 16; daddiu " register ", %lo(" symbol ")\n"
#else
#define ABI_WORD_NAME "n32"
#define ABI_WIDE_ARGUMENTS          /* offsets of some calls */
#define ABI_STAT struct stat64 /* the header gives n32 o32's struct stat, the kernel n64's */
#define CACHE_FLUSH_NUMBER 6197
#define LOAD_WORD "lw"
#define STORE_WORD "sw"
#define WORD_OP(name) name
#define WORD_BYTES "4"
#define ADDRESS_OF(register, symbol) "  lui " register ", %hi(" symbol "); addiu " register ", %lo(" symbol ")\n"
#endif
#ifdef __MIPSEB__
#define ABI_NAME "mips-" ABI_WORD_NAME
#else
#define ABI_NAME "mipsel-" ABI_WORD_NAME
#endif
#define ABI_MACHINE "mips64"
#define ABI_ELF_MACHINE 8
#define ABI_VDSO_PREFIX "__vdso_"
#define ABI_SA_RESTORER 0
#define ABI_SIGNAL_SET_SIZE 16

/* $7 says whether the result is an error. Registers have 64 bits on both ABIs. */
static inline long long system_call_64(long number, long long a, long long b, long long c, long long d, long long e,
                                       long long f)
{
    register long long v0 __asm__("$2") = number;
    register long long a0 __asm__("$4") = a;
    register long long a1 __asm__("$5") = b;
    register long long a2 __asm__("$6") = c;
    register long long a3 __asm__("$7") = d;
    register long long a4 __asm__("$8") = e;
    register long long a5 __asm__("$9") = f;
    __asm__ volatile("syscall"
                     : "+r"(v0), "+r"(a3), "+r"(a0), "+r"(a1), "+r"(a2), "+r"(a4), "+r"(a5)
                     : : "$1", "$3", "$10", "$11", "$12", "$13", "$14", "$15", "$24", "$25", "hi", "lo", "memory");
    return a3 ? -v0 : v0;
}
static inline long system_call(long number, long a, long b, long c, long d, long e, long f)
{
    return (long)system_call_64(number, a, b, c, d, e, f);
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
    "1: .cpsetup $31, $12, 1b\n"      \
    "  " LOAD_WORD " $8, %got_page(1b)($28)\n" \
    "  " WORD_OP("addiu") " $8, $8, %got_ofst(1b)\n" \
    "  " WORD_OP("subu") " $9, $31, $8\n" \
    "  " LOAD_WORD " $8, %got_disp(_DYNAMIC)($28)\n" \
    "  " WORD_OP("addu") " $8, $8, $9\n" \
    "  move $11, $0\n"                \
    "2: " LOAD_WORD " $12, 0($8)\n"   \
    "  " LOAD_WORD " $13, " WORD_BYTES "($8)\n" \
    "  " WORD_OP("addiu") " $8, $8, 2 * " WORD_BYTES "\n" \
    "  xori $14, $12, 3\n"            \
    "  movz $10, $13, $14\n"          \
    "  lui $15, 0x7000\n"             \
    "  " WORD_OP("subu") " $15, $12, $15\n" \
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
    "  " WORD_OP("addu") " $10, $10, $9\n" \
    "3: " LOAD_WORD " $8, 0($10)\n"   \
    "  " WORD_OP("addu") " $8, $8, $9\n" \
    "  " STORE_WORD " $8, 0($10)\n"   \
    "  addiu $11, $11, -1\n"          \
    "  bnez $11, 3b\n"                \
    "  " WORD_OP("addiu") " $10, $10, " WORD_BYTES "\n" \
    "  li $8, -16\n"                  \
    "  and $29, $29, $8\n"            \
    "  " LOAD_WORD " $25, %got_disp(guest_start)($28)\n" \
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
    ADDRESS_OF("$25", "guest_start")  \
    "  jalr $25\n"                    \
    "  nop\n"                         \
    "  break\n"                       \
    ".set pop\n"                      \
    ".end _start\n"
#endif

#define SAVE(op, word_op, fop)                                                                 \
    "  " op " $16, 0($4); " op " $17, 8($4); " op " $18, 16($4); " op " $19, 24($4)\n"             \
    "  " op " $20, 32($4); " op " $21, 40($4); " op " $22, 48($4); " op " $23, 56($4)\n"           \
    "  " word_op " $28, 64($4); " word_op " $29, 64 + " WORD_BYTES "($4)\n"                      \
    "  " word_op " $30, 64 + 2 * " WORD_BYTES "($4); " word_op " $31, 64 + 3 * " WORD_BYTES "($4)\n" \
    FLOATS(fop)
#if __SIZEOF_POINTER__ == 8
#define FLOATS(op)                                                                                \
    "  " op " $f24, 96($4); " op " $f25, 104($4); " op " $f26, 112($4); " op " $f27, 120($4)\n"     \
    "  " op " $f28, 128($4); " op " $f29, 136($4); " op " $f30, 144($4); " op " $f31, 152($4)\n"
#else
#define FLOATS(op)                                                                                \
    "  " op " $f20, 80($4); " op " $f22, 88($4); " op " $f24, 96($4); " op " $f26, 104($4)\n"       \
    "  " op " $f28, 112($4); " op " $f30, 120($4)\n"
#endif
/* long mark_return(word save[32]): 0; return_to_mark(save) makes it return 1 once more. */
#define ABI_MARK                             \
    ".globl mark_return, return_to_mark\n"   \
    ".set push\n"                            \
    ".set noreorder\n"                       \
    "mark_return:\n" SAVE("sd", STORE_WORD, "sdc1") \
    "  jr $31\n"                             \
    "  li $2, 0\n"                           \
    "return_to_mark:\n" SAVE("ld", LOAD_WORD, "ldc1") \
    "  jr $31\n"                             \
    "  li $2, 1\n"                           \
    ".set pop\n"

/* struct sigaction in front of the mask. */
#define ABI_ACTION_FIELDS u32 flags; signal_handler handler;
#define ABI_ACTION_HANDLER 1

#define ABI_RELOCATIONS_WITH_ADDEND 0
#if __SIZEOF_POINTER__ == 4
#define ABI_RELATIVE 3
#else
/* Three types: R_MIPS_REL32, R_MIPS_64, none; behind the symbol, whatever the byte order. */
#define ABI_RELATIVE 0x000000031200ul
#ifdef __MIPSEB__
#define ABI_RELOCATION_TYPE(info) (((info) & 0xff) << 16 | ((info) & 0xff00) | ((info) >> 16 & 0xff))
#else
#define ABI_RELOCATION_TYPE(info) ((info) >> 40)
#endif
#endif

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
    system_call(CACHE_FLUSH_NUMBER, (long)first, (char *)last - (char *)first, 3, 0, 0, 0); /* cacheflush */
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
#define LOAD(address) ({ register word v __asm__("$8") = (address); __asm__ volatile(".set push; .set noreorder; " LOAD_WORD " $8, 0($8); .set pop" : "+r"(v) : : "memory"); v; })
#define SKIP(c, value) ((c)->machine.sc_pc += 4, (c)->machine.sc_regs[8] = (value))
#define REGISTER(c) ((word)(c)->machine.sc_regs[8])

/* What an image of the ABI must offer at least. */
#if __SIZEOF_POINTER__ == 8
#define REQUIRED_VDSO "clock_gettime", "clock_getres", "gettimeofday"
#else
#define REQUIRED_VDSO \
    "clock_gettime", "clock_getres", "gettimeofday", "clock_gettime64", "clock_getres_time64"
#endif

#endif
