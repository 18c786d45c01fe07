/* The EABI's unwind tables name the routine that reads them. Whoever unwinds has his own and
 * takes it by the table's format; here the name only has to exist. */
	.text
	.globl __aeabi_unwind_cpp_pr0
	.hidden __aeabi_unwind_cpp_pr0
__aeabi_unwind_cpp_pr0:
	udf #0

	.section .note.GNU-stack, "", %progbits
