/* parisc: what C cannot say. */
#ifndef ABI_H
#define ABI_H

#define ABI_NAME "parisc"
#define ABI_MACHINE "parisc"
#define ABI_ELF_MACHINE 15
#define ABI_VDSO_PREFIX "__vdso_"
#define ABI_SA_RESTORER 0

static inline long system_call(long number, long a, long b, long c, long d, long e, long f)
{
    register long r20 __asm__("r20") = number;
    register long r26 __asm__("r26") = a;
    register long r25 __asm__("r25") = b;
    register long r24 __asm__("r24") = c;
    register long r23 __asm__("r23") = d;
    register long r22 __asm__("r22") = e;
    register long r21 __asm__("r21") = f;
    register long r28 __asm__("r28");
    __asm__ volatile("ble 0x100(%%sr2, %%r0)\n\tnop"
                     : "=r"(r28), "+r"(r20), "+r"(r26), "+r"(r25), "+r"(r24), "+r"(r23), "+r"(r22), "+r"(r21)
                     : : "r1", "r2", "r29", "r31", "memory");
    return r28;
}

/* argv is in r24, and argc in the word in front of it. The stack grows up; a function may use the 64 bytes
 * below the stack pointer that its caller leaves. */
#ifdef __PIE__
/* Data is found by a table, whose address is DT_PLTGOT: in r19 when C code begins. */
#define ABI_START                               \
    ".globl _start\n"                           \
    ".type _start, @function\n"                 \
    "_start: bl .+8, %r1\n"                     \
    "  depi 0, 31, 2, %r1\n"                    \
    "0: ldw 2f-0b(%r1), %r20\n"                 \
    "  ldw 3f-0b(%r1), %r21\n"                  \
    "  addl %r1, %r20, %r20\n"                  \
    "  addl %r1, %r21, %r21\n"                  \
    "1: ldw 0(%r20), %r22\n"                    \
    "  ldw 4(%r20), %r19\n"                     \
    "  comib,<> 3, %r22, 1b\n"                  \
    "  ldo 8(%r20), %r20\n"                     \
    "  addl %r21, %r19, %r19\n"                 \
    "  copy %r24, %r4\n"                        \
    "  copy %r19, %r5\n"                        \
    "  copy %r0, %r3\n"                         \
    "  copy %r21, %r26\n"                       \
    "  copy %r19, %r25\n"                       \
    "  ldw 2f-0b(%r1), %r24\n"                  \
    "  addl %r1, %r24, %r24\n"                  \
    "  ldo 64(%r30), %r30\n"                    \
    "  bl relocate_descriptors, %r2\n"                  \
    "  nop\n"                                   \
    "  copy %r5, %r19\n"                        \
    "  ldo -4(%r4), %r26\n"                     \
    "  bl guest_start, %r2\n"                   \
    "  nop\n"                                   \
    "  break 0, 0\n"                            \
    "2: .word _DYNAMIC - . + (2b - 0b)\n"       \
    "3: .word __ehdr_start - . + (3b - 0b)\n"
#define ABI_ADDRESS_OF(symbol)                                                                     \
    ({                                                                                             \
        unsigned long address_;                                                                    \
        __asm__("bl .+8, %%r1\n\tdepi 0, 31, 2, %%r1\n\tldw 12(%%r1), %0\n\tb .+12\n\t"              \
                "addl %%r1, %0, %0\n\t.word " #symbol " - . + 12" : "=r"(address_) : : "r1");       \
        address_;                                                                                  \
    })
#else
#define ABI_START                               \
    ".globl _start\n"                           \
    ".type _start, @function\n"                 \
    ".import $global$, data\n"                  \
    "_start: ldil L'$global$, %r27\n"           \
    "  ldo R'$global$(%r27), %r27\n"            \
    "  ldo -4(%r24), %r26\n"                    \
    "  copy %r0, %r3\n"                         \
    "  ldo 64(%r30), %r30\n"                    \
    "  bl guest_start, %r2\n"                   \
    "  nop\n"                                   \
    "  break 0, 0\n"
#endif

#define ABI_MARK_WORDS 48
/* long mark_return(word *save): 0; return_to_mark(save) makes it return 1 once more. Doubles lie at a
 * multiple of 8. */
#define ABI_MARK                                                                        \
    ".globl mark_return, return_to_mark\n"                                              \
    ".type mark_return, @function\n.type return_to_mark, @function\n"                   \
    "mark_return:\n"                                                                    \
    "  stw %r2, 0(%r26)\n  stw %r3, 4(%r26)\n  stw %r4, 8(%r26)\n  stw %r5, 12(%r26)\n"     \
    "  stw %r6, 16(%r26)\n  stw %r7, 20(%r26)\n  stw %r8, 24(%r26)\n  stw %r9, 28(%r26)\n"  \
    "  stw %r10, 32(%r26)\n  stw %r11, 36(%r26)\n  stw %r12, 40(%r26)\n"                  \
    "  stw %r13, 44(%r26)\n  stw %r14, 48(%r26)\n  stw %r15, 52(%r26)\n"                  \
    "  stw %r16, 56(%r26)\n  stw %r17, 60(%r26)\n  stw %r18, 64(%r26)\n"                  \
    "  stw %r19, 68(%r26)\n  stw %r30, 72(%r26)\n"                                       \
    "  ldo 87(%r26), %r1\n  depi 0, 31, 3, %r1\n"                                        \
    "  fstds,ma %fr12, 8(%r1)\n  fstds,ma %fr13, 8(%r1)\n  fstds,ma %fr14, 8(%r1)\n"        \
    "  fstds,ma %fr15, 8(%r1)\n  fstds,ma %fr16, 8(%r1)\n  fstds,ma %fr17, 8(%r1)\n"        \
    "  fstds,ma %fr18, 8(%r1)\n  fstds,ma %fr19, 8(%r1)\n  fstds,ma %fr20, 8(%r1)\n"        \
    "  fstds,ma %fr21, 8(%r1)\n"                                                        \
    "  bv %r0(%r2)\n  ldi 0, %r28\n"                                                     \
    "return_to_mark:\n"                                                                 \
    "  ldw 0(%r26), %r2\n  ldw 4(%r26), %r3\n  ldw 8(%r26), %r4\n  ldw 12(%r26), %r5\n"     \
    "  ldw 16(%r26), %r6\n  ldw 20(%r26), %r7\n  ldw 24(%r26), %r8\n  ldw 28(%r26), %r9\n"  \
    "  ldw 32(%r26), %r10\n  ldw 36(%r26), %r11\n  ldw 40(%r26), %r12\n"                  \
    "  ldw 44(%r26), %r13\n  ldw 48(%r26), %r14\n  ldw 52(%r26), %r15\n"                  \
    "  ldw 56(%r26), %r16\n  ldw 60(%r26), %r17\n  ldw 64(%r26), %r18\n"                  \
    "  ldw 68(%r26), %r19\n  ldw 72(%r26), %r30\n"                                       \
    "  ldo 87(%r26), %r1\n  depi 0, 31, 3, %r1\n"                                        \
    "  fldds,ma 8(%r1), %fr12\n  fldds,ma 8(%r1), %fr13\n  fldds,ma 8(%r1), %fr14\n"        \
    "  fldds,ma 8(%r1), %fr15\n  fldds,ma 8(%r1), %fr16\n  fldds,ma 8(%r1), %fr17\n"        \
    "  fldds,ma 8(%r1), %fr18\n  fldds,ma 8(%r1), %fr19\n  fldds,ma 8(%r1), %fr20\n"        \
    "  fldds,ma 8(%r1), %fr21\n"                                                        \
    "  bv %r0(%r2)\n  ldi 1, %r28\n"

/* struct sigaction in front of the mask: there is no restorer. */
#define ABI_ACTION_FIELDS signal_handler handler; word flags;

#define ABI_RELATIVE 1
#define ABI_RELOCATIONS_WITH_ADDEND 1

/* `value` up to 20 bits. */
static inline unsigned long write_constant_function(unsigned char *code, unsigned value)
{
    unsigned *words = (unsigned *)code;
    words[0] = 0x341c0000u | (value >> 7 & 0x1fff) << 1; /* ldi value >> 7, %r28 */
    words[1] = 0xd79c08e7u;                              /* zdep %r28, 24, 25, %r28: << 7 */
    words[2] = 0xe840c000u;                              /* bv %r0(%r2) */
    words[3] = 0x379c0000u | (value & 0x7f) << 1;        /* ldo value & 0x7f(%r28), %r28 */
    return 16;
}
static inline void *function_address(unsigned char *code) { return code; }
/* By lines of 16 bytes, the smallest that any of these machines has. */
static inline void synchronise_code(void *first, void *last)
{
    unsigned long start = (unsigned long)first & -16ul, at;
    for (at = start; at < (unsigned long)last; at += 16)
        __asm__ volatile("fdc %%r0(%0)" : : "r"(at) : "memory");
    __asm__ volatile("sync" : : : "memory");
    for (at = start; at < (unsigned long)last; at += 16)
        __asm__ volatile("fic %%r0(%%sr4, %0)" : : "r"(at) : "memory");
    __asm__ volatile("sync" : : : "memory");
}

/* iitlbp, a privileged instruction, is the compiler's trap. */
#define ABI_ATOMIC_FAULT SIGILL

#define ILLEGAL_INSTRUCTION ".word 0x1c000000"
#define PRIVILEGED_INSTRUCTION "mtsm %%r0"
#define PRIVILEGED_SIGNAL SIGILL
#define PRIVILEGED_CODE ILL_PRVOPC

/* A load from `address`; in the context of its fault: go on behind it with another value, and the
 * register that held the address. */
#define LOAD(address) ({ register word v __asm__("r22") = (address); __asm__ volatile("ldw 0(%%r22), %%r22\n\tnop" : "+r"(v) : : "memory"); v; })
#define SKIP(c, value)                                                                            \
    ((c)->machine.sc_iaoq[0] = (c)->machine.sc_iaoq[1], (c)->machine.sc_iaoq[1] += 4,              \
     (c)->machine.sc_gr[22] = (value))
#define REGISTER(c) ((word)(c)->machine.sc_gr[22])

/* What an image of the ABI must offer at least. */
#define REQUIRED_VDSO "clock_gettime", "gettimeofday", "clock_gettime64"

#endif
