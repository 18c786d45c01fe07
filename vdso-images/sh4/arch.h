/* sh4. Functions that read clocks are not in the image, as they are not in Linux's, and no code of it is
 * the compiler's: Debian 12's makes wrong code for this processor. */
#define VDSO_NAME(function) __vdso_##function
#define VDSO_ENTRY __kernel_vsyscall
#define VDSO_FILL 0x09000900 /* nop nop */
/* What the linker makes of its own for a shared object: three words, and two empty sections. */
#define VDSO_GOT_HEADER 12
#define VDSO_EXTRA_SECTIONS .funcdesc : { *(.got.funcdesc) *(.rofixup) *(.rela.got.funcdesc) }
