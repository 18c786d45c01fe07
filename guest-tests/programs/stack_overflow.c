/* Endless recursion ends by SIGSEGV; with an alternate stack the handler sees it. */
#include "guest.h"

static u8 alternate[65536];

static __attribute__((noinline)) word descend(word depth)
{
    volatile u8 frame[4096];
    frame[0] = (u8)depth;
    return depth == (word)-1 ? 0 : descend(depth + 1) + frame[0];
}

static void on_overflow(int signal, siginfo_t *info, void *context)
{
    (void)context;
    CHECK_EQUAL(signal, SIGSEGV);
    CHECK(info->si_code == SEGV_MAPERR || info->si_code == SEGV_ACCERR);
    CHECK((word)info->si_addr > 0x10000);
    CHECK(__builtin_frame_address(0) >= (void *)alternate);
    CHECK(__builtin_frame_address(0) < (void *)(alternate + sizeof alternate));
    exit_with(passed());
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return (int)descend(0); /* without a handler: death by SIGSEGV */
    stack_t stack = {.ss_sp = alternate, .ss_flags = 0, .ss_size = sizeof alternate};
    CHECK_EQUAL(CALL(sigaltstack, &stack, 0), 0);
    CHECK_EQUAL(set_handler(SIGSEGV, on_overflow, SA_ONSTACK, 0), 0);
    return (int)descend(0);
}
