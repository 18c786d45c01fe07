/* A static PIE: loaded anywhere, AT_PHDR and AT_ENTRY speak of where it really is. */
#include "guest.h"

#include <linux/elf.h>

static int answer(void) { return 42; }
/* Needs a relocation. */
static int (*volatile pointer)(void) = answer;

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    extern char _start[] __attribute__((visibility("hidden")));
    extern const char __ehdr_start[] __attribute__((visibility("hidden")));
    CHECK_EQUAL(pointer(), 42);
    CHECK_EQUAL(auxv_value(AT_ENTRY, 0), (word)_start);
    CHECK((word)__ehdr_start >= 0x10000);
    CHECK_EQUAL((word)__ehdr_start % PAGE, 0);
    CHECK(auxv_value(AT_PHDR, 0) - (word)__ehdr_start < PAGE);
    CHECK_EQUAL(auxv_value(AT_BASE, 0), 0);
    return passed();
}
