/* Assembler parts of the PowerPC images. WORD is 8 or 4; the rest follows from it. */
#include "note.h"

#if WORD == 8
#define STORE std
#define STORE_UPDATE stdu
#define LOAD ld
#define FRAME 32
#define RED_ZONE 288
#define LR_SLOT 16
#else
#define STORE stw
#define STORE_UPDATE stwu
#define LOAD lwz
#define FRAME 16
#define RED_ZONE 0
#define LR_SLOT 4
#endif
#define SUMMARY_OVERFLOW 3	/* bit of cr0 */

.macro function symbol
	.balign 16
	.globl \symbol
	.type \symbol, %function
\symbol:
.endm

.macro end_function symbol
	.size \symbol, . - \symbol
.endm

/* An exported function around the C function ppc_NAME. A caller may have no frame of its own, so
 * the link register is kept in a frame of ours, below what the caller may keep under its
 * stack pointer (the C library's gettimeofday has registers there when it calls), and behind it the C function gets one to use as
 * its caller's; whoever walks the back chain finds the link register where it belongs.
 * can_fail: the C function returns 0 or -errno. symbol: its name, where that is not __kernel_NAME. */
.macro wrapper name, can_fail, symbol
	.ifb \symbol
	wrapper \name, \can_fail, __kernel_\name
	.exitm
	.endif
function \symbol
	.cfi_startproc
	STORE_UPDATE 1, -(RED_ZONE + FRAME)(1)
	.cfi_adjust_cfa_offset RED_ZONE + FRAME
	mflr 0
	STORE_UPDATE 1, -FRAME(1)
	.cfi_adjust_cfa_offset FRAME
	STORE 0, FRAME + LR_SLOT(1)
	.cfi_rel_offset 65, FRAME + LR_SLOT
	bl ppc_\name
	LOAD 0, FRAME + LR_SLOT(1)
	mtlr 0
	.cfi_restore 65
	addi 1, 1, RED_ZONE + 2 * FRAME
	.cfi_adjust_cfa_offset -(RED_ZONE + 2 * FRAME)
	.if \can_fail
	cmpwi 3, 0
	.endif
	crclr SUMMARY_OVERFLOW
	.if \can_fail
	bgelr+
	neg 3, 3
	crset SUMMARY_OVERFLOW
	.endif
	blr
	.cfi_endproc
end_function \symbol
.endm

/* Where old kernels say how far their data page is. */
.macro datapage_offset
	.balign 16
	.globl __kernel_datapage_offset
__kernel_datapage_offset:
	.long postern_time_page - .
	.size __kernel_datapage_offset, . - __kernel_datapage_offset
	.hidden postern_time_page
.endm

.macro sync_dicache_p5
function __kernel_sync_dicache_p5
	.cfi_startproc
	sync
	isync
	li 3, 0
	crclr SUMMARY_OVERFLOW
	blr
	.cfi_endproc
end_function __kernel_sync_dicache_p5
.endm

/* How a trampoline describes the interrupted frame: all of its registers are in the array of
 * words that the pointer at r1 + POINTER leads to. */
#define DW_CFA_def_cfa_expression 0x0f
#define DW_CFA_expression 0x10
#define DW_OP_breg1 0x71
#define DW_OP_deref 0x06
#define DW_OP_plus_uconst 0x23

.macro saved number, pointer, offset
	.cfi_escape DW_CFA_expression, \number, 7, DW_OP_breg1, 0x80 | ((\pointer) & 0x7f), (\pointer) >> 7, \
		DW_OP_deref, DW_OP_plus_uconst, 0x80 | ((\offset) & 0x7f), (\offset) >> 7
.endm

.macro saved_registers pointer
	.cfi_escape DW_CFA_def_cfa_expression, 7, DW_OP_breg1, 0x80 | ((\pointer) & 0x7f), (\pointer) >> 7, \
		DW_OP_deref, DW_OP_plus_uconst, WORD, DW_OP_deref
	.irp number, 0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	saved \number, \pointer, WORD * \number
	saved 32 + \number, \pointer, WORD * 48 + 8 * \number
	.endr
	saved 33, \pointer, WORD * 48 + 8
	saved 67, \pointer, WORD * 32
	saved 65, \pointer, WORD * 36
#ifdef __BIG_ENDIAN__
	saved 70, \pointer, WORD * 38 + WORD - 4
#else
	saved 70, \pointer, WORD * 38
#endif
.endm
