/* A handler sees the interrupted state and may change it: it steps over the bad access by
 * changing the program counter in the frame, and registers come back as it left them. */
#include "guest.h"

#include <asm/sigcontext.h>

#ifndef CONTEXT_MACHINE
#define CONTEXT_MACHINE struct sigcontext machine;
#endif

struct context {
    word flags;
    struct context *link;
    stack_t stack;
    CONTEXT_MACHINE
};

static word bad_address, seen_register;

static void on_fault(int signal, siginfo_t *info, void *raw)
{
    (void)info;
    struct context *context = raw;
    CHECK_EQUAL(signal, SIGSEGV);
    seen_register = REGISTER(context);
    SKIP(context, 4711);
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    bad_address = (word)CHECK_WORKS(map_memory(0, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    CHECK_EQUAL(set_handler(SIGSEGV, on_fault, 0, 0), 0);
    for (int round = 0; round < 100; round++) {
        CHECK_EQUAL(LOAD(bad_address), 4711);
        CHECK_EQUAL(seen_register, bad_address);
    }
    return passed();
}
