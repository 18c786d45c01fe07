/* Linker script of the images; arch.h says what an ABI has of its own:
 *   VDSO_ENTRY           symbol of e_entry; absent = 0
 *   VDSO_EXTRA_PHDRS     program headers, and
 *   VDSO_EXTRA_SECTIONS  output sections that the ABI adds
 *   VDSO_GOT_HEADER      bytes that the linker insists on for a GOT without entries
 *   VDSO_DISCARD         input sections that the ABI's tools make and no image needs
 *   VDSO_FILL            what stands between functions
 *
 * One segment, read and execute, at address 0 with file offset = address: an image is used as
 * it lies in memory, nothing relocates it. Whatever would need a writable page is an error.
 */
#define LINKER_SCRIPT
#include "arch.h"

#ifndef VDSO_EXTRA_PHDRS
#define VDSO_EXTRA_PHDRS
#endif
#ifndef VDSO_EXTRA_SECTIONS
#define VDSO_EXTRA_SECTIONS
#endif
#ifndef VDSO_DISCARD
#define VDSO_DISCARD
#endif

#ifdef VDSO_ENTRY
ENTRY(VDSO_ENTRY)
#endif

PHDRS
{
	text PT_LOAD FLAGS(5) FILEHDR PHDRS;	/* R X */
	dynamic PT_DYNAMIC FLAGS(4);
	note PT_NOTE FLAGS(4);
	eh_frame_hdr PT_GNU_EH_FRAME FLAGS(4);
	VDSO_EXTRA_PHDRS
}

SECTIONS
{
	HIDDEN(postern_time_page = . - 4096);
	. = SIZEOF_HEADERS;

	.hash : { *(.hash) } :text
	.gnu.hash : { *(.gnu.hash) }
	.dynsym : { *(.dynsym) }
	.dynstr : { *(.dynstr) }
	.gnu.version : { *(.gnu.version) }
	.gnu.version_d : { *(.gnu.version_d) }
	.gnu.version_r : { *(.gnu.version_r) }
	.dynamic : { *(.dynamic) } :text :dynamic
	.note : { *(.note.gnu.build-id) *(.note.postern) } :text :note
	.eh_frame_hdr : { *(.eh_frame_hdr) } :text :eh_frame_hdr
	.eh_frame : { KEEP(*(.eh_frame)) } :text
	VDSO_EXTRA_SECTIONS
	.rodata : { *(.rodata .rodata.*) } :text
#ifdef VDSO_GOT_HEADER
	.got : { *(.got .got.plt) } :text
	ASSERT(SIZEOF(.got) <= VDSO_GOT_HEADER, "an image cannot have a GOT")
#endif

	/* The functions called most first, none of them across a border of 1 KiB: engines chain
	 * translated blocks directly only within one page of theirs, and ARM's are that small. */
	. = ALIGN(1024);
	.text : {
		*(.text.quick_*)
		*(.text.*_clock_gettime64 .text.clock_gettime64_*)
		*(.text.*_clock_gettime .text.clock_gettime_*)
		*(EXCLUDE_FILE(*getrandom.c.o) .text EXCLUDE_FILE(*getrandom.c.o) .text.[!g]* .text.get[!r]*)
		*(.text.getrandom_entry)
		*getrandom.c.o(.text .text.*)
	} :text = VDSO_FILL

	.rel : { *(.rel .rel.* .rela .rela.*) }
	.data : { *(.data .data.* .bss .bss.* .dynbss COMMON) }
	ASSERT(SIZEOF(.rel) == 0, "an image cannot have relocations")
	ASSERT(SIZEOF(.data) == 0, "an image cannot have writable data")

	/DISCARD/ : {
		*(.note.GNU-stack) *(.note.gnu.property) *(.comment) *(.gnu.attributes)
		*(.plt .plt.* .iplt) *(.igot .igot.plt) *(.sframe)
		*(.got .got.plt)
		VDSO_DISCARD
	}
}
