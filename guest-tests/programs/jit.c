/* Code written at run time: map RW, write, make it RX, run, change, run again; the same with
 * a mapping that stays RWX. With an argument: two mappings of one file, written here, run there. */
#include "guest.h"

#define RW (PROT_READ | PROT_WRITE)
#define RX (PROT_READ | PROT_EXEC)

typedef int (*function)(void);

static void put(unsigned char *code, unsigned value)
{
    word size = write_constant_function(code, value);
    synchronise_code(code, code + size);
}

static int run(unsigned char *code)
{
    function call = (function)function_address(code);
    return call();
}

static void write_then_protect(void)
{
    unsigned char *code = (void *)CHECK_WORKS(map_memory(0, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    for (unsigned round = 1; round <= 50; round++) {
        CHECK_EQUAL(CALL(mprotect, code, PAGE, RW), 0);
        put(code + 64 * (round % 3), round);
        CHECK_EQUAL(CALL(mprotect, code, PAGE, RX), 0);
        for (int again = 0; again < 3; again++)
            CHECK_EQUAL(run(code + 64 * (round % 3)), round);
    }
    CHECK_EQUAL(CAUSES_FAULT(*(volatile unsigned char *)code = 0), SIGSEGV);
    CHECK_EQUAL(CALL(munmap, code, PAGE), 0);
    CHECK_EQUAL(CAUSES_FAULT(run(code)), SIGSEGV);
    CHECK_EQUAL(caught_fault.address, (word)code);
}

static void stay_writable(void)
{
    unsigned char *code = (void *)CHECK_WORKS(
        map_memory(0, 2 * PAGE, RW | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    for (unsigned round = 0; round < 1000; round++) {
        put(code + round % 5 * 256, round);
        CHECK_EQUAL(run(code + round % 5 * 256), round);
    }
    /* A mapping laid over old code: new content runs. */
    put(code, 11);
    CHECK_EQUAL(run(code), 11);
    CHECK_WORKS(map_memory((word)code, PAGE, RW | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
    put(code, 12);
    CHECK_EQUAL(run(code), 12);
    /* A read system call that writes into code. */
    int ends[2];
    unsigned char text[64];
    CHECK_EQUAL(make_pipe(ends), 0);
    word size = write_constant_function(text, 13);
    CHECK_EQUAL(CALL(write, ends[1], text, size), size);
    CHECK_EQUAL(CALL(read, ends[0], code, size), size);
    synchronise_code(code, code + size);
    CHECK_EQUAL(run(code), 13);
}

static void two_views(void)
{
    char path[64];
    print_to(path, sizeof path, "guest-jit-%d", own_pid());
    int fd = (int)CHECK_WORKS(open_file(path, O_RDWR | O_CREAT | O_TRUNC, 0700));
    CHECK_EQUAL(CALL(unlinkat, AT_FDCWD, path, 0), 0);
    CHECK_EQUAL(CALL(ftruncate, fd, PAGE), 0);
    unsigned char *view = (void *)CHECK_WORKS(map_memory(0, PAGE, RW, MAP_SHARED, fd, 0));
    unsigned char *code = (void *)CHECK_WORKS(map_memory(0, PAGE, RX, MAP_SHARED, fd, 0));
    for (unsigned round = 1; round < 20; round++) {
        word size = write_constant_function(view, round);
        synchronise_code(view, view + size);
        synchronise_code(code, code + size);
        CHECK_EQUAL(run(code), round);
    }
}

static void not_executable(void)
{
    unsigned char *code = (void *)CHECK_WORKS(map_memory(0, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    put(code, 1);
    CHECK_EQUAL(CAUSES_FAULT(run(code)), SIGSEGV);
    CHECK_EQUAL(caught_fault.code, SEGV_ACCERR);
}

int main(int argc, char **argv)
{
    (void)argv;
    catch_faults();
    if (argc > 1) {
        two_views();
        return passed();
    }
    write_then_protect();
    stay_writable();
    not_executable();
    return passed();
}
