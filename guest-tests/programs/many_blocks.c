/* More code than an engine keeps translations of: one function in many copies, whose blocks lead to the next
 * ones directly. Wherever the room is used up, the engine stands between two of them. */
#include "guest.h"

enum { copies = 4000 };

typedef unsigned (*function)(unsigned);

/* True for one in 2 to the `bits` numbers. */
#define SELDOM(number, bits) (((number) >> 8 & ((1u << (bits)) - 1)) == 0)

/* Each step is two blocks: the empty assembler keeps the compiler from making one of them. */
#define STEP(bits)                        \
    if (SELDOM(number, bits)) {           \
        sum += (bits) * (bits);           \
        __asm__ volatile("" : "+r"(sum)); \
    } else {                              \
        sum ^= (bits);                    \
        __asm__ volatile("" : "+r"(sum)); \
    }
/* In a section of its own, whose ends the linker knows. It refers to nothing, so that a copy works elsewhere. */
__attribute__((noinline, section("copied"))) static unsigned by_blocks(unsigned number)
{
    unsigned sum = number;
    STEP(1) STEP(2) STEP(3) STEP(4) STEP(5) STEP(6) STEP(7) STEP(8)
    STEP(9) STEP(10) STEP(11) STEP(12) STEP(13) STEP(14) STEP(15) STEP(16)
    return sum;
}
extern const unsigned char __start_copied[], __stop_copied[];

/* The same as a loop. */
static __attribute__((noinline)) unsigned by_loop(unsigned number)
{
    unsigned sum = number;
    for (unsigned bits = 1; bits <= 16; bits++)
        sum = SELDOM(number, bits) ? sum + bits * bits : sum ^ bits;
    return sum;
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    word entry = code_address((const void *)by_blocks) - (word)__start_copied;
    word size = (word)(__stop_copied - __start_copied), room = (size + 63) & ~(word)63;
    CHECK(entry < size);
    unsigned char *code = (void *)CHECK_WORKS(
        map_memory(0, copies * room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    for (unsigned i = 0; i < copies; i++)
        memcpy(code + i * room, __start_copied, size);
    synchronise_code(code, code + copies * room);
    CHECK_EQUAL(CALL(mprotect, code, copies * room, PROT_READ | PROT_EXEC), 0);
    for (unsigned i = 0; i < 2 * copies; i++) {
        function call = (function)function_address(code + i % copies * room + entry);
        unsigned number = i * 2654435761u;
        CHECK_EQUAL(call(number), by_loop(number));
    }
    return passed();
}
