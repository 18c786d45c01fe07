/* Random bytes of every source, in hexadecimal: AT_RANDOM, the system call, the vDSO, and those of
 * a child. Equal with equal seeds, and never otherwise (random-seed). */
#include "vdso_random.h"

static struct vdso vdso;
static struct vdso_random vdso_random;

static void print_bytes(const char *source, const u8 *bytes, size_t size)
{
    char text[2 * 64 + 1];
    for (size_t i = 0; i < size; i++)
        print_to(text + 2 * i, 3, "%02x", bytes[i]);
    print("%s %s\n", source, text);
}

static void print_all(int has_vdso)
{
    u8 bytes[64];
    CHECK_EQUAL(CALL(getrandom, bytes, sizeof bytes, 0), sizeof bytes);
    print_bytes("call", bytes, sizeof bytes);
    for (int i = 0; has_vdso && i < 3; i++) {
        CHECK_EQUAL(read_random(&vdso_random, vdso_random.state, bytes, sizeof bytes), sizeof bytes);
        print_bytes("vdso", bytes, sizeof bytes);
    }
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    open_vdso(&vdso);
    int has_vdso = open_vdso_random(&vdso, &vdso_random), status;
    print_bytes("auxv", (const u8 *)auxv_value(AT_RANDOM, 0), 16);
    print_all(has_vdso);
    int pid = (int)CHECK_WORKS(fork_process());
    print_all(has_vdso);
    if (pid == 0)
        exit_with(0);
    CHECK_EQUAL(wait_for(pid, &status, 0), pid);
    CHECK_EQUAL(status, 0);
    return 0;
}
