/* What libunwind's cache of frame descriptions forgets on ppc64le, in a program alone: no kernel, signal or vDSO has
 * part in it. `as_if_interrupted` describes itself as a signal frame that stopped a function at its first instruction.
 * The walk is made from three functions, and the frames are printed as letters: h(andler), i(nterrupted), m(ain). They
 * are him each time; from the second function on libunwind takes the description of the byte before that instruction,
 * as for a call, since its cache does not say that the frame was a signal's. */
#include <stdint.h>
#include <stdio.h>
#include <unwind.h>

#define SECTION(name) __attribute__((noipa, section(#name)))
#define BOUNDS(name) extern const char __start_##name[], __stop_##name[]
#define HOLDS(name, address) ((address) - (uintptr_t)__start_##name < (uintptr_t)(__stop_##name - __start_##name))
BOUNDS(in_handler);
BOUNDS(in_interrupted);
BOUNDS(in_main);

static char frames[16];
static unsigned frame_count;

static _Unwind_Reason_Code look(struct _Unwind_Context *context, void *unused)
{
    (void)unused;
    int before = 0;
    uintptr_t address = _Unwind_GetIPInfo(context, &before);
    address -= !before && !HOLDS(in_interrupted, address);
    char letter = HOLDS(in_handler, address) ? 'h' : HOLDS(in_interrupted, address) ? 'i' : HOLDS(in_main, address) ? 'm' : 0;
    if (letter && frame_count < sizeof frames - 1)
        frames[frame_count++] = letter;
    return _URC_NO_REASON;
}

SECTION(in_handler) void handler(void)
{
    frame_count = 0;
    _Unwind_Backtrace(look, 0);
    frames[frame_count] = 0;
    __asm__ volatile("");
}

/* Its caller is main; 65 is the link register, 67 what the kernel's descriptions take for the program counter. */
void as_if_interrupted(const char *where);
extern const char interrupted_1[], interrupted_2[], interrupted_3[];
__asm__(".section .text.as_if_interrupted, \"ax\"\n"
        "as_if_interrupted:\n"
        "addis 2, 12, .TOC. - as_if_interrupted@ha\n"
        "addi 2, 2, .TOC. - as_if_interrupted@l\n"
        ".localentry as_if_interrupted, . - as_if_interrupted\n"
        ".cfi_startproc simple\n"
        ".cfi_signal_frame\n"
        ".cfi_return_column 67\n"
        ".cfi_def_cfa 1, 128\n"
        ".cfi_offset 65, -32\n"
        ".cfi_offset 67, -24\n"
        "mflr 0\n"
        "stdu 1, -128(1)\n"
        "std 0, 96(1)\n"
        "std 3, 104(1)\n"
        "bl handler\n"
        "nop\n"
        "ld 0, 96(1)\n"
        "mtlr 0\n"
        "addi 1, 1, 128\n"
        "blr\n"
        ".cfi_endproc\n"
        /* None of them runs. In front of each are bytes of a function whose frame has 512 bytes. */
        ".section in_interrupted, \"ax\"\n"
        ".irp number, 1, 2, 3\n"
        ".cfi_startproc\n"
        ".cfi_def_cfa_offset 512\n"
        ".cfi_offset 65, 16\n"
        "nop\n"
        ".cfi_endproc\n"
        "interrupted_\\number:\n"
        ".cfi_startproc\n"
        "nop\n"
        "blr\n"
        ".cfi_endproc\n"
        ".endr\n"
        ".text\n");

SECTION(in_main) int main(void)
{
    const char *places[] = {interrupted_1, interrupted_2, interrupted_3};
    for (int i = 0; i < 3; i++) {
        as_if_interrupted(places[i]);
        printf("%s\n", frames);
    }
    return 0;
}
