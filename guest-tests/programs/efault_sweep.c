/* Wild pointers in every argument that is one: EFAULT, never death. The calls and what each
 * of their arguments is stand in efault_calls.txt, from which the build makes this table. */
#include "guest.h"

#include <asm/ioctls.h>

/* What statfs64(2) wants to be told. */
#if defined __powerpc64__
#define STATFS64_SIZE 120
#elif defined __mips__ && __SIZEOF_POINTER__ == 4
#define STATFS64_SIZE 96
#elif defined __s390__ || defined __powerpc__ || defined __riscv || defined __hppa__
#define STATFS64_SIZE 88
#else
#define STATFS64_SIZE 84
#endif

#ifdef __powerpc64__ /* names of calls that only 32-bit programs have */
#undef __NR_sigaction
#undef __NR_sigprocmask
#undef __NR_sigpending
#undef __NR_getrlimit
#undef __NR_select
#endif

enum { WILD = 0x7000, BUFFER, FILE_, FOLDER, PIPE, ROOT, LINK, CURRENT, SELF, STATFS_SIZE, SET_SIZE, END };

static const struct {
    const char *name;
    long number;
    long arguments[6];
} calls[] = {
#include "efault_calls.inc"
};

static long good[END - WILD];
static char buffer[65536] __attribute__((aligned(16)));

static void prepare(void)
{
    char path[64];
    int ends[2];
    print_to(path, sizeof path, "guest-efault-%d", own_pid());
    good[BUFFER - WILD] = (long)buffer;
    good[FILE_ - WILD] = CHECK_WORKS(open_file(path, O_RDWR | O_CREAT | O_TRUNC, 0600));
    CHECK_EQUAL(CALL(unlinkat, AT_FDCWD, path, 0), 0);
    CHECK_EQUAL(CALL(write, good[FILE_ - WILD], buffer, sizeof buffer), sizeof buffer);
    i64 position;
    CHECK_EQUAL(seek((int)good[FILE_ - WILD], 0, 0, &position), 0);
    good[FOLDER - WILD] = CHECK_WORKS(open_file("/", O_RDONLY | O_DIRECTORY, 0));
    CHECK_EQUAL(make_pipe(ends), 0);
    CHECK_EQUAL(CALL(write, ends[1], "x", 1), 1);
    good[PIPE - WILD] = ends[0];
    good[ROOT - WILD] = (long)"/";
    good[LINK - WILD] = (long)"/proc/self/exe";
    good[CURRENT - WILD] = AT_FDCWD;
    good[SELF - WILD] = own_pid();
    good[STATFS_SIZE - WILD] = STATFS64_SIZE;
    good[SET_SIZE - WILD] = ABI_SIGNAL_SET_SIZE;
}

static long call_with(size_t index, word wild)
{
    long arguments[6];
    for (int i = 0; i < 6; i++) {
        long value = calls[index].arguments[i];
        arguments[i] = value == WILD ? (long)wild : value > WILD && value < END ? good[value - WILD] : value;
    }
    return system_call(calls[index].number, arguments[0], arguments[1], arguments[2], arguments[3],
                       arguments[4], arguments[5]);
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    prepare();
    word hole = (word)CHECK_WORKS(map_memory(0, 4 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    CHECK_EQUAL(CALL(munmap, hole, 4 * PAGE), 0);
    word closed = (word)CHECK_WORKS(map_memory(0, 4 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    /* Low, a hole, no permission, the top of the address space, beyond every address space. */
    const word wild[] = {8, hole + 16, closed + 16, (word)-4096, (word)-8, (word)1 << (8 * sizeof(word) - 1)};
    int failures = 0;
    for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
        for (size_t j = 0; j < ARRAY_SIZE(wild); j++) {
            /* Half of the address space may be the guest's own stack on 32-bit ABIs. */
            if (sizeof(word) == 4 && j == 5)
                continue;
#if defined __mips__ || defined __sh__ /* their pipe(2) has no argument */
            if (text_equal(calls[i].name, "pipe"))
                continue;
#endif
            long result = call_with(i, wild[j]);
            if (result != -EFAULT) {
                print("%s with %lx in row %lu: %ld\n", calls[i].name, wild[j], (word)i, result);
                failures++;
                break;
            }
        }
    CHECK_EQUAL(failures, 0);
    return passed();
}
