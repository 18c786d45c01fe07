/* trampoline NAME, NUMBER, CONTEXT: the code that handlers return to, with the frame description of
 * the interrupted code: the context lies CONTEXT bytes above the stack pointer. */
#ifdef O32
#define AT_PC 8
#define AT_REGISTERS 16
#ifdef __MIPSEB__
#define LOW 4   /* the low half of a field */
#else
#define LOW 0
#endif
#else
#define AT_PC 576
#define AT_REGISTERS 0
#define LOW 0
#endif
/* The word of a pointer (the CFA, the program counter) in a field of 64 bits; n32's registers are whole fields. */
#if defined __MIPSEB__ && _MIPS_SIM != _ABI64
#define POINTER 4
#else
#define POINTER 0
#endif

/* DW_CFA_expression REGISTER, {DW_OP_breg29 OFFSET}: offsets as SLEB128 of two bytes. */
.macro saved_at register, offset
	.cfi_escape 0x10, \register, 3, 0x8d, ((\offset) & 0x7f) | 0x80, ((\offset) >> 7) & 0x7f
.endm

/* The return address of the frame is the interrupted program counter, in a column of its own, so
 * that $31 of the interrupted code is found too. */
#define PC_COLUMN 66

.macro trampoline name, number, context
	.text
	.balign 4
	.globl __vdso_\name
	.hidden __vdso_\name
	.type __vdso_\name, @function
	.cfi_startproc
	.cfi_signal_frame
	.cfi_return_column PC_COLUMN
	/* DW_CFA_def_cfa_expression: the interrupted stack pointer. */
	.cfi_escape 0x0f, 4, 0x8d, ((\context + AT_REGISTERS + POINTER + 29 * 8) & 0x7f) | 0x80, ((\context + AT_REGISTERS + POINTER + 29 * 8) >> 7) & 0x7f, 0x06
	saved_at PC_COLUMN, \context + AT_PC + POINTER
	.irp register, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	saved_at \register, \context + AT_REGISTERS + LOW + \register * 8
	.endr
	nop	/* unwinders look up the address before a return address */
__vdso_\name:
	li $2, \number
	syscall
	.cfi_endproc
	.size __vdso_\name, . - __vdso_\name
	private_name \name, __vdso_\name
.endm
