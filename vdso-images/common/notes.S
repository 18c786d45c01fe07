/* The notes that every image has. */
#include "linux_version.h"
#include "note.h"

	note Linux, 0
	.long (LINUX_VERSION_MAJOR << 16) + (LINUX_VERSION_MINOR << 8) + LINUX_VERSION_PATCH
	end_note

	.section .note.GNU-stack, "", %progbits
