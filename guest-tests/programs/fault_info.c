/* What siginfo says about a bad access: SEGV_MAPERR and SEGV_ACCERR with the address, and
 * with an argument SIGBUS beyond the end of a mapped file. */
#include "guest.h"

#define RW (PROT_READ | PROT_WRITE)

static void expect(int line, int signal, int code, word address)
{
#ifdef __s390__
    /* The machine tells the page only. */
    caught_fault.address &= -PAGE;
    address &= -PAGE;
#endif
    if (caught_fault.signal != signal || caught_fault.code != code || caught_fault.address != address)
        fail(line, "signal %d code %d address %lx, expected %d %d %lx", caught_fault.signal, caught_fault.code,
             caught_fault.address, signal, code, address);
}
#define EXPECT(statement, signal, code, address) \
    (CAUSES_FAULT(statement), expect(__LINE__, signal, code, (word)(address)))

static void beyond_file_end(void)
{
    char path[64];
    print_to(path, sizeof path, "guest-fault-%d", own_pid());
    int fd = (int)CHECK_WORKS(open_file(path, O_RDWR | O_CREAT | O_TRUNC, 0600));
    CHECK_EQUAL(CALL(unlinkat, AT_FDCWD, path, 0), 0);
    CHECK_EQUAL(CALL(write, fd, "x", 1), 1);
    u8 *view = (u8 *)CHECK_WORKS(map_memory(0, 2 * PAGE, RW, MAP_SHARED, fd, 0));
    EXPECT(*(volatile u8 *)(view + PAGE + 5), SIGBUS, BUS_ADRERR, view + PAGE + 5);
    EXPECT(*(volatile u8 *)(view + PAGE) = 1, SIGBUS, BUS_ADRERR, view + PAGE);
    CHECK_EQUAL(view[0], 'x');
    /* The file shrinks under the mapping. */
    CHECK_EQUAL(CALL(ftruncate, fd, 0), 0);
    EXPECT(*(volatile u8 *)view, SIGBUS, BUS_ADRERR, view);
    /* A system call that touches it answers EFAULT. */
    CHECK_EQUAL(CALL(uname, view + PAGE), -EFAULT);
}

int main(int argc, char **argv)
{
    (void)argv;
    catch_faults();
    if (argc > 1) {
        beyond_file_end();
        return passed();
    }
    u8 *block = (u8 *)CHECK_WORKS(map_memory(0, 4 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    CHECK_EQUAL(CALL(munmap, block + PAGE, PAGE), 0);
    CHECK_EQUAL(CALL(mprotect, block + 2 * PAGE, PAGE, PROT_READ), 0);
    CHECK_EQUAL(CALL(mprotect, block + 3 * PAGE, PAGE, PROT_NONE), 0);
    EXPECT(*(volatile u8 *)(block + PAGE + 123), SIGSEGV, SEGV_MAPERR, block + PAGE + 123);
    EXPECT(*(volatile u8 *)(block + PAGE + 77) = 1, SIGSEGV, SEGV_MAPERR, block + PAGE + 77);
    EXPECT(*(volatile u8 *)(block + 2 * PAGE + 5) = 1, SIGSEGV, SEGV_ACCERR, block + 2 * PAGE + 5);
    EXPECT(*(volatile u8 *)(block + 3 * PAGE + 9), SIGSEGV, SEGV_ACCERR, block + 3 * PAGE + 9);
    EXPECT(*(volatile u8 *)16, SIGSEGV, SEGV_MAPERR, 16);
    EXPECT(*(volatile u8 *)16 = 1, SIGSEGV, SEGV_MAPERR, 16);
    EXPECT(((void (*)(void))(block + PAGE + 64))(), SIGSEGV, SEGV_MAPERR, block + PAGE + 64);
    /* The access that failed did not happen in part, and the program goes on. */
    block[0] = 5;
    CHECK_EQUAL(block[0], 5);
    return passed();
}
