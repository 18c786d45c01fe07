/* A handler sees the interrupted state and may change it: it steps over the bad access by
 * changing the program counter in the frame, and registers come back as it left them. */
#include "guest.h"

#include <asm/sigcontext.h>

struct context {
    word flags;
    struct context *link;
    stack_t stack;
#if defined __s390x__
    struct {
        u64 mask, address, registers[16];
    } machine;
#elif defined __powerpc64__
    word mask[16], unused[4];
    int signal;
    word handler, old_mask, *registers; /* r0 ... r31, program counter ... */
#elif defined __powerpc__
    word unused[7], *registers;
#else
#ifdef __aarch64__
    u8 mask[128] __attribute__((aligned(8))); /* here the mask comes first */
#endif
    struct sigcontext machine;
#endif
};

static word bad_address, seen_register;

/* Loads from `address`; the handler continues behind the load with another value. */
#if defined __x86_64__
#define LOAD(address) ({ word v = (address); __asm__ volatile("mov (%%rax), %%rax; nop" : "+a"(v) : : "memory"); v; })
#define SKIP(c, value) ((c)->machine.rip += 3, (c)->machine.rax = (value))
#define REGISTER(c) ((c)->machine.rax)
#elif defined __i386__
#define LOAD(address) ({ word v = (address); __asm__ volatile("mov (%%eax), %%eax; nop" : "+a"(v) : : "memory"); v; })
#define SKIP(c, value) ((c)->machine.eip += 2, (c)->machine.eax = (value))
#define REGISTER(c) ((c)->machine.eax)
#elif defined __aarch64__
#define LOAD(address) ({ register word v __asm__("x3") = (address); __asm__ volatile("ldr x3, [x3]" : "+r"(v) : : "memory"); v; })
#define SKIP(c, value) ((c)->machine.pc += 4, (c)->machine.regs[3] = (value))
#define REGISTER(c) ((c)->machine.regs[3])
#elif defined __arm__
#define LOAD(address) ({ register word v __asm__("r3") = (address); __asm__ volatile("ldr r3, [r3]" : "+r"(v) : : "memory"); v; })
#define SKIP(c, value) ((c)->machine.arm_pc += 4, (c)->machine.arm_r3 = (value))
#define REGISTER(c) ((c)->machine.arm_r3)
#elif defined __powerpc__
#ifdef __powerpc64__
#define LOAD_WORD "ld"
#else
#define LOAD_WORD "lwz"
#endif
#define LOAD(address) ({ register word v __asm__("r9") = (address); __asm__ volatile(LOAD_WORD " 9, 0(9)" : "+r"(v) : : "memory"); v; })
#define SKIP(c, value) ((c)->registers[32] += 4, (c)->registers[9] = (value))
#define REGISTER(c) ((c)->registers[9])
#else
#define LOAD(address) ({ register word v __asm__("r3") = (address); __asm__ volatile("lg %%r3, 0(%%r3)" : "+d"(v) : : "memory"); v; })
/* The old PSW of an access exception: on the instruction for a page without permission. */
#define SKIP(c, value) ((c)->machine.address += 6, (c)->machine.registers[3] = (value))
#define REGISTER(c) ((c)->machine.registers[3])
#endif

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
