// The library leaves translated code by `siglongjmp` at every exception of the guest, system calls
// among them. The C library's demangles addresses, checks the stack and looks for clean-up handlers of
// its threads, 4 % of a short system call. These two only jump; the linker leads calls here
// (CMakeLists.txt). A buffer of anybody who wants the signal mask saved, too, is the C library's.

#if defined(__x86_64__)

// In a `sigjmp_buf`: rbx, rbp, r12 to r15, rsp, rip. The next word is 0 or 1 in the C library's,
// whether it holds a signal mask; in ours it is `ours`.
asm(R"(
        .equ    ours, 0x4a554d50
        .pushsection .text
        .globl  __wrap___sigsetjmp
        .type   __wrap___sigsetjmp, @function
__wrap___sigsetjmp:                     # (buffer, whether to save the signal mask)
        .cfi_startproc
        testl   %esi, %esi
        jnz     __real___sigsetjmp
        movq    %rbx, (%rdi)
        movq    %rbp, 8(%rdi)
        movq    %r12, 16(%rdi)
        movq    %r13, 24(%rdi)
        movq    %r14, 32(%rdi)
        movq    %r15, 40(%rdi)
        leaq    8(%rsp), %rdx           # the caller's, after the return
        movq    %rdx, 48(%rdi)
        movq    (%rsp), %rdx
        movq    %rdx, 56(%rdi)
        movl    $ours, 64(%rdi)
        xorl    %eax, %eax
        ret
        .cfi_endproc
        .size   __wrap___sigsetjmp, . - __wrap___sigsetjmp

        .globl  __wrap___longjmp_chk
        .type   __wrap___longjmp_chk, @function
__wrap___longjmp_chk:                   # (buffer, what the first one returns now: not 0)
        .cfi_startproc
        cmpl    $ours, 64(%rdi)
        jne     __real___longjmp_chk
        movl    %esi, %eax
        movq    (%rdi), %rbx
        movq    8(%rdi), %rbp
        movq    16(%rdi), %r12
        movq    24(%rdi), %r13
        movq    32(%rdi), %r14
        movq    40(%rdi), %r15
        movq    48(%rdi), %rsp
        jmpq    *56(%rdi)
        .cfi_endproc
        .size   __wrap___longjmp_chk, . - __wrap___longjmp_chk
        .popsection
)");

#endif
