/* Mappings: anonymous, file, shared, fixed, hints, holes, protection, mremap.
 * With an argument: MAP_FIXED_NOREPLACE alone. */
#include "guest.h"

#define RW (PROT_READ | PROT_WRITE)
#define ANONYMOUS (MAP_PRIVATE | MAP_ANONYMOUS)
#define NO_REPLACE 0x100000 /* MAP_FIXED_NOREPLACE */

static char path[64];

static word map(word address, word pages, int flags)
{
    return (word)CHECK_WORKS(map_memory(address, pages * PAGE, RW, flags, -1, 0));
}

static void without_replacing(void)
{
    word block = map(0, 2, ANONYMOUS);
    CHECK_EQUAL(map_memory(block + PAGE, PAGE, RW, ANONYMOUS | NO_REPLACE, -1, 0), -EEXIST);
    CHECK_EQUAL(CALL(munmap, block + PAGE, PAGE), 0);
    CHECK_EQUAL((word)map_memory(block + PAGE, PAGE, RW, ANONYMOUS | NO_REPLACE, -1, 0), block + PAGE);
}

static int read_faults(word address) { return CAUSES_FAULT(*(volatile u8 *)address); }
static int write_faults(word address) { return CAUSES_FAULT(*(volatile u8 *)address = 1); }

static void anonymous(void)
{
    word block = map(0, 4, ANONYMOUS);
    CHECK_EQUAL(block % PAGE, 0);
    for (word i = 0; i < 4 * PAGE; i++)
        CHECK(((u8 *)block)[i] == 0);
    memset((void *)block, 1, 4 * PAGE);
    /* A hole in the middle; both ends stay. */
    CHECK_EQUAL(CALL(munmap, block + PAGE, PAGE), 0);
    CHECK_EQUAL(read_faults(block + PAGE), SIGSEGV);
    CHECK_EQUAL(read_faults(block + PAGE - 1), 0);
    CHECK_EQUAL(read_faults(block + 2 * PAGE), 0);
    CHECK_EQUAL(CALL(munmap, block + PAGE, PAGE), 0); /* nothing there: still fine */
    CHECK_EQUAL(CALL(munmap, block + 1, PAGE), -EINVAL);
    CHECK_EQUAL(CALL(munmap, block, 0), -EINVAL);
    CHECK_EQUAL(map(block + PAGE, 1, ANONYMOUS | MAP_FIXED), block + PAGE);
    CHECK_EQUAL(*(u8 *)(block + PAGE), 0);
    /* A free hint is honoured, a taken one is not an error. */
    CHECK_EQUAL(CALL(munmap, block, 4 * PAGE), 0);
    CHECK_EQUAL(map(block, 4, ANONYMOUS), block);
    CHECK(map(block, 1, ANONYMOUS) != block);
    CHECK_EQUAL(map_memory(0, 0, RW, ANONYMOUS, -1, 0), -EINVAL);
    CHECK_EQUAL(map_memory(block + 1, PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0), -EINVAL);
    CHECK_EQUAL(map_memory(0, PAGE, RW, MAP_ANONYMOUS, -1, 0), -EINVAL); /* neither private nor shared */
    CHECK_EQUAL(map_memory(0, (word)-1 - 2 * PAGE, RW, ANONYMOUS, -1, 0), -ENOMEM);
    CHECK_EQUAL(CALL(munmap, block, 4 * PAGE), 0);
}

static void protection(void)
{
    word block = map(0, 3, ANONYMOUS);
    CHECK_EQUAL(CALL(mprotect, block + PAGE, PAGE, PROT_READ), 0);
    CHECK_EQUAL(write_faults(block), 0);
    CHECK_EQUAL(write_faults(block + PAGE), SIGSEGV);
    CHECK_EQUAL(caught_fault.code, SEGV_ACCERR);
    CHECK_EQUAL(caught_fault.address, block + PAGE);
    CHECK_EQUAL(read_faults(block + PAGE), 0);
    CHECK_EQUAL(write_faults(block + 2 * PAGE), 0);
    CHECK_EQUAL(CALL(mprotect, block + PAGE, PAGE, PROT_NONE), 0);
    CHECK_EQUAL(read_faults(block + PAGE), SIGSEGV);
    CHECK_EQUAL(CALL(mprotect, block, 3 * PAGE, RW), 0);
    CHECK_EQUAL(write_faults(block + PAGE), 0);
    CHECK_EQUAL(CALL(munmap, block + PAGE, PAGE), 0);
    CHECK_EQUAL(CALL(mprotect, block, 3 * PAGE, PROT_READ), -ENOMEM); /* a hole */
    CHECK_EQUAL(CALL(mprotect, block + 1, PAGE, PROT_READ), -EINVAL);
    CHECK_EQUAL(CALL(munmap, block, 3 * PAGE), 0);
}

static void files(void)
{
    print_to(path, sizeof path, "guest-mmap-%d", own_pid());
    int fd = (int)CHECK_WORKS(open_file(path, O_RDWR | O_CREAT | O_TRUNC, 0600));
    static char data[2 * 4096 + 100];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (char)(i / 4096 + 'a');
    CHECK_EQUAL(CALL(write, fd, data, sizeof data), sizeof data);

    u8 *copy = (u8 *)CHECK_WORKS(map_memory(0, 3 * PAGE, RW, MAP_PRIVATE, fd, 0));
    CHECK_EQUAL(copy[0], 'a');
    CHECK_EQUAL(copy[2 * PAGE + 99], 'c');
    CHECK_EQUAL(copy[2 * PAGE + 100], 0); /* zero up to the end of the last page */
    copy[0] = 'X';
    u8 *shared = (u8 *)CHECK_WORKS(map_memory(0, 2 * PAGE, RW, MAP_SHARED, fd, PAGE));
    CHECK_EQUAL(shared[0], 'b');
    shared[0] = 'Y';
    char byte;
    CHECK_EQUAL(CALL(pread64, fd, &byte, 1, 0), 1);
    CHECK_EQUAL(byte, 'a'); /* private: the file did not change */
#if (__powerpc__ && !__powerpc64__) || (__MIPSEB__ && _MIPS_SIM == _MIPS_SIM_ABI32) || (__sh__ && __BIG_ENDIAN__)
    CHECK_EQUAL(CALL(pread64, fd, &byte, 1, 0, 0, PAGE), 1); /* as on arm, upper half first */
#elif defined __arm__ || defined __sh__ || (defined __MIPSEL__ && _MIPS_SIM == _MIPS_SIM_ABI32)
    CHECK_EQUAL(CALL(pread64, fd, &byte, 1, 0, PAGE, 0), 1); /* 64-bit values start at even registers, on sh this one */
#elif defined __hppa__ || (defined __s390__ && !defined __s390x__)
    CHECK_EQUAL(CALL(pread64, fd, &byte, 1, 0, PAGE), 1); /* upper half first, wherever it starts */
#else
    CHECK_EQUAL(CALL(pread64, fd, &byte, 1, PAGE, 0), 1);
#endif
    CHECK_EQUAL(byte, 'Y');
    CHECK_EQUAL(CALL(write, fd, data, 0), 0);
    CHECK_EQUAL(map_memory(0, PAGE, RW, MAP_PRIVATE, -1, 0), -EBADF);
    CHECK_EQUAL(CALL(close, fd), 0);
    CHECK_EQUAL(shared[1], 'b'); /* a mapping outlives its descriptor */

    int reader = (int)CHECK_WORKS(open_file(path, O_RDONLY, 0));
    CHECK_EQUAL(map_memory(0, PAGE, RW, MAP_SHARED, reader, 0), -EACCES);
    CHECK_WORKS(map_memory(0, PAGE, RW, MAP_PRIVATE, reader, 0));
    CHECK_EQUAL(CALL(close, reader), 0);
    CHECK_EQUAL(CALL(unlinkat, AT_FDCWD, path, 0), 0);
}

static void shared_with_child(void)
{
    volatile u32 *value = (u32 *)CHECK_WORKS(map_memory(0, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    volatile u32 *own = (u32 *)map(0, 1, ANONYMOUS);
    long child = CHECK_WORKS(fork_process());
    if (child == 0) {
        *value = 4711;
        *own = 1;
        exit_with(0);
    }
    int status;
    CHECK_EQUAL(wait_for((int)child, &status, 0), child);
    CHECK_EQUAL(*value, 4711);
    CHECK_EQUAL(*own, 0);
}

static word remap(word old, word old_pages, word new_pages, word flags, word target)
{
    return (word)CALL(mremap, old, old_pages * PAGE, new_pages * PAGE, flags, target);
}

static void moving(void)
{
    word block = map(0, 8, ANONYMOUS);
    for (word i = 0; i < 8; i++)
        *(word *)(block + i * PAGE) = i + 1;
    CHECK_EQUAL(remap(block, 8, 4, 0, 0), block); /* shrink in place */
    CHECK_EQUAL(read_faults(block + 4 * PAGE), SIGSEGV);
    CHECK_EQUAL(remap(block, 4, 8, 0, 0), block); /* the room behind is free */
    CHECK_EQUAL(*(word *)(block + 3 * PAGE), 4);
    CHECK_EQUAL(*(word *)(block + 4 * PAGE), 0);
    CHECK_EQUAL(remap(block, 4, 9, 0, 0), (word)-ENOMEM); /* no room and may not move */
    word moved = remap(block, 8, 64, 1 /* MREMAP_MAYMOVE */, 0);
    CHECK(moved < (word)-4095);
    CHECK_EQUAL(*(word *)(moved + 2 * PAGE), 3);
    CHECK_EQUAL(*(word *)(moved + 63 * PAGE), 0);
    word target = map(0, 64, ANONYMOUS);
    CHECK_EQUAL(remap(moved, 64, 32, 3 /* MAYMOVE | FIXED */, target), target);
    CHECK_EQUAL(*(word *)(target + PAGE), 2);
    CHECK_EQUAL(read_faults(moved), SIGSEGV);
    CHECK_EQUAL(remap(target + 1, 1, 1, 0, 0), (word)-EINVAL);
    CHECK_EQUAL(remap(moved, 1, 2, 1, 0), (word)-EFAULT); /* nothing mapped there */
}

int main(int argc, char **argv)
{
    (void)argv;
    catch_faults();
    if (argc > 1) {
        without_replacing();
        return passed();
    }
    anonymous();
    protection();
    files();
    shared_with_child();
    moving();
    return passed();
}
