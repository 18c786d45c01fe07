/* ELF notes for assembler sources, with nothing left to relocate.
 *
 * note OWNER, TYPE ... end_note: everything between is the descriptor.
 * private_name NAME, SYMBOL: tells the emulator where NAME is (README.md, "Private notes").
 */
#define POSTERN_NOTE_NAME 1

.macro note owner, type
	.pushsection .note.postern, "a", %note
	.balign 4
	.long 11f - 10f, 13f - 12f, \type
10:	.asciz "\owner"
11:	.balign 4
12:
.endm

.macro end_note
13:	.balign 4
	.popsection
.endm

.macro private_name name, symbol
	note Postern, POSTERN_NOTE_NAME
	.long \symbol - .
	.asciz "\name"
	end_note
.endm
