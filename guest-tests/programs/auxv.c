/* The auxiliary vector: the kernel's order, every value checked against what it speaks of. */
#include "guest.h"

#include <linux/elf.h>

#ifndef ABI_NO_PLATFORM
#define ABI_NO_PLATFORM 0
#endif

#if __SIZEOF_POINTER__ == 8
typedef Elf64_Phdr elf_segment;
#else
typedef Elf32_Phdr elf_segment;
#endif

/* The order of the generic entries (fs/binfmt_elf.c); the ABI's own come before AT_HWCAP, and
 * a kernel may leave out those after AT_SECURE. */
static const word order[] = {
    AT_HWCAP, AT_PAGESZ, AT_CLKTCK, AT_PHDR, AT_PHENT, AT_PHNUM, AT_BASE, AT_FLAGS, AT_ENTRY,
    AT_UID, AT_EUID, AT_GID, AT_EGID, AT_SECURE, AT_RANDOM, 26 /* HWCAP2 */, 29 /* HWCAP3 */,
    30 /* HWCAP4 */, AT_EXECFN, AT_PLATFORM, AT_BASE_PLATFORM, 27 /* RSEQ_FEATURE_SIZE */, 28 /* RSEQ_ALIGN */,
};

static void check_order(void)
{
    size_t at = 0;
    int generic = 0;
    for (const word *entry = guest_auxv; entry[0] != AT_NULL; entry += 2) {
        if (entry[0] == AT_HWCAP)
            generic = 1;
        if (!generic) {
            CHECK((entry[0] >= 32 && entry[0] <= 51) || (entry[0] >= 18 && entry[0] <= 22) || entry[0] == AT_IGNORE);
            continue;
        }
        while (at < ARRAY_SIZE(order) && order[at] != entry[0])
            at++;
        if (at == ARRAY_SIZE(order))
            FAIL("entry %lu is out of order", entry[0]);
    }
    CHECK(generic);
}

static void check_program_headers(void)
{
    const elf_segment *segment = (const elf_segment *)auxv_value(AT_PHDR, 0);
    CHECK_EQUAL(auxv_value(AT_PHENT, 0), sizeof *segment);
    word entry = auxv_value(AT_ENTRY, 0), count = auxv_value(AT_PHNUM, 0);
    word code = code_address((void *)entry);
    int entry_is_code = 0;
    CHECK(count > 0 && count < 20);
    for (word i = 0; i < count; i++)
        if (segment[i].p_type == PT_LOAD && segment[i].p_flags & PF_X)
            entry_is_code |= code >= segment[i].p_vaddr && code < segment[i].p_vaddr + segment[i].p_memsz;
    CHECK(entry_is_code);
    extern char _start[];
    CHECK_EQUAL(entry, (word)_start);
}

static void check_random(void)
{
    const u8 *bytes = (const u8 *)auxv_value(AT_RANDOM, 0);
    int different = 0;
    CHECK(bytes != 0);
    for (int i = 1; i < 16; i++)
        different |= bytes[i] != bytes[0];
    CHECK(different);
}

int main(int argc, char **argv)
{
    CHECK_EQUAL(guest_stack[0], argc);
#ifdef __hppa__ /* the stack pointer is far above, and not these words are aligned */
    CHECK_EQUAL((word)guest_stack % sizeof(word), 0);
#else
    CHECK_EQUAL((word)guest_stack % 16, 0);
#endif
    check_order();
    check_program_headers();
    check_random();
    CHECK_EQUAL(auxv_value(AT_PAGESZ, 0), PAGE);
    CHECK_EQUAL(auxv_value(AT_CLKTCK, 0), 100);
    CHECK_EQUAL(auxv_value(AT_BASE, 0), 0);
    CHECK_EQUAL(auxv_value(AT_FLAGS, 0), 0);
    CHECK_EQUAL(auxv_value(AT_SECURE, 0), 0);
#ifdef __NR_getuid32
    CHECK_EQUAL(auxv_value(AT_UID, 0), CALL(getuid32));
    CHECK_EQUAL(auxv_value(AT_EGID, 0), CALL(getegid32));
#else
    CHECK_EQUAL(auxv_value(AT_UID, 0), CALL(getuid));
    CHECK_EQUAL(auxv_value(AT_EGID, 0), CALL(getegid));
#endif
    const char *name = (const char *)auxv_value(AT_EXECFN, 0);
    CHECK(name && argv[0] && text_length(name) > 0);
    int found;
    const char *platform = (const char *)auxv_value(AT_PLATFORM, &found);
    CHECK(found ? *platform != 0 : ABI_NO_PLATFORM);
    return passed();
}
