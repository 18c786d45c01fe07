/* The gateway page at address 0, reached by `ble offset(%sr2,%r0)`: %r31 is where to return to. Three places
 * of it are the ABI: 0xb0, 0xe0 and 0x100 (Linux: arch/parisc/kernel/syscall.S). Everything between them is
 * a breakpoint, as in Linux. Loads and jumps to address 0 are of another space, the program's.
 *
 * `gate` is on this page what it is on the machine: it raises the privilege of what it branches to. Two
 * things need that: writing cr27, and the reserved trap, a diagnose instruction, which no program may
 * execute. The trap is a system call that goes on at %r31, with the privilege of programs.
 *
 * The light-weight calls are plain code. `NAME_restart_first` to `_last` must not go on after an
 * interruption: stopped at one of these instructions, a thread continues at the first. So a sequence ends with
 * its one store, at `last`, and what it needs is still there. A fault between lws_fault_first and _last does not
 * reach the program: it goes on at lws_fault_resume, and the call answers -EFAULT.
 */
#define ERROR_FAULT -14
#define ERROR_NO_CALL -251
#define RESERVED_TRAP 0x14537401	/* diag */

	.level 1.1
	.section .gateway, "ax", @progbits
page:

.macro wild_calls_until offset
	.fill (\offset - (. - page)) / 4, 4, 0	/* break 0,0 */
.endm

.macro entry name
	.globl \name
	.type \name, @function
\name:
.endm

/* To the caller, with its privilege. The instruction behind is executed on the way. */
.macro return
	be 0(%sr4, %r31)
.endm

	wild_calls_until 0xb0
	entry lws_entry
	b light_weight_call
	depi 3, 31, 2, %r31

	wild_calls_until 0xe0
	entry set_thread_pointer
	b,gate .+8, %r0
	depi 3, 31, 2, %r31
	return
	mtctl %r26, %cr27

	wild_calls_until 0x100
	entry system_call
	b,gate .+8, %r0
	depi 3, 31, 2, %r31
	.word RESERVED_TRAP
	.word 0

/* r20: number of the call. Results: r28, and r21, which is 0 or an error. r1, r20 to r22 and fr4 are free. */
#define LIGHT_WEIGHT_CALLS 5
light_weight_call:
	comiclr,>> LIGHT_WEIGHT_CALLS, %r20, %r0
	b,n no_such_call
	/* A word that may not be written is an error even of a call that would not write: at a multiple of 4
	 * this stores no byte. */
	copy %r26, %r1
	depi 0, 31, 2, %r1
lws_fault_first:
	stbys,e %r0, 0(%r1)
	blr %r20, %r0
	nop
	b,n compare_and_swap		/* 0 */
	nop
	b,n no_such_call		/* 1: of 64-bit programs */
	nop
	b,n compare_and_swap_sized	/* 2 */
	nop
	b,n exchange			/* 3 */
	nop
	b,n store			/* 4 */
	nop

no_such_call:
	return
	ldi ERROR_NO_CALL, %r21

/* r28 = the word at r26; if it is r25, r24 replaces it. */
compare_and_swap:
compare_and_swap_restart_first:
	ldw 0(%r26), %r28
	comb,<>,n %r25, %r28, 1f
compare_and_swap_restart_last:
	stw %r24, 0(%r26)
1:	return
	copy %r0, %r21

/* Branches by the size in `code`, 0 to 3 for 1 to 8 bytes. */
.macro by_size name, code
	comiclr,>> 4, \code, %r0
	b,n no_such_call
	blr \code, %r0
	nop
	b,n \name\()1
	nop
	b,n \name\()2
	nop
	b,n \name\()4
	nop
	b,n \name\()8
	nop
.endm

/* r28 = 0 and what is at r24 replaces what is at r26 if that is equal to what is at r25, else r28 = 1.
 * r23: size. */
compare_and_swap_sized:
	by_size compare_and_swap_sized, %r23

.macro define_compare_and_swap size, load, store
compare_and_swap_sized\size:
	\load 0(%r25), %r20
	\load 0(%r24), %r22
compare_and_swap_sized\size\()_restart_first:
	\load 0(%r26), %r21
	ldi 1, %r28
	comb,<>,n %r20, %r21, 1f
compare_and_swap_sized\size\()_restart_last:
	\store %r22, 0(%r26)
	copy %r0, %r28
1:	return
	copy %r0, %r21
.endm
	define_compare_and_swap 1, ldb, stb
	define_compare_and_swap 2, ldh, sth
	define_compare_and_swap 4, ldw, stw

compare_and_swap_sized8:
	fldds 0(%r24), %fr4
	ldw 0(%r25), %r20
	ldw 4(%r25), %r22
compare_and_swap_sized8_restart_first:
	ldw 0(%r26), %r21
	ldi 1, %r28
	comb,<>,n %r20, %r21, 1f
	ldw 4(%r26), %r21
	comb,<>,n %r22, %r21, 1f
compare_and_swap_sized8_restart_last:
	fstds %fr4, 0(%r26)
	copy %r0, %r28
1:	return
	copy %r0, %r21

/* What is at r24 replaces what is at r26, which goes to r23. r25: size. */
exchange:
	by_size exchange, %r25

.macro define_exchange size, load, store
exchange\size:
	\load 0(%r24), %r22
exchange\size\()_restart_first:
	\load 0(%r26), %r21
	\store %r21, 0(%r23)
exchange\size\()_restart_last:
	\store %r22, 0(%r26)
	copy %r0, %r28
	return
	copy %r0, %r21
.endm
	define_exchange 1, ldb, stb
	define_exchange 2, ldh, sth
	define_exchange 4, ldw, stw

exchange8:
	fldds 0(%r24), %fr4
exchange8_restart_first:
	ldw 0(%r26), %r20
	ldw 4(%r26), %r21
	stw %r20, 0(%r23)
	stw %r21, 4(%r23)
exchange8_restart_last:
	fstds %fr4, 0(%r26)
	copy %r0, %r28
	return
	copy %r0, %r21

/* What is at r24 replaces what is at r26. r25: size. */
store:
	by_size store, %r25

.macro define_store size, load, store, register
store\size:
	\load 0(%r24), \register
	\store \register, 0(%r26)
	copy %r0, %r28
	return
	copy %r0, %r21
.endm
	define_store 1, ldb, stb, %r22
	define_store 2, ldh, sth, %r22
	define_store 4, ldw, stw, %r22
	define_store 8, fldds, fstds, %fr4
lws_fault_last:
	nop

lws_fault_resume:
	ldi 1, %r28
	return
	ldi ERROR_FAULT, %r21

	wild_calls_until 4096

	.section .note.GNU-stack, "", @progbits
