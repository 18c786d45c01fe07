/* After a fork, parent and child never get the same random bytes, be it from the system call or
 * from a state of the vDSO in the memory that it asks for. With `plain` in memory that is copied
 * to the child, too. And memory that wipes itself on a fork does. */
#include "vdso_random.h"

enum { KINDS = 2, SIZE = 64 };
#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#define MADV_KEEPONFORK 19
#endif

static struct vdso vdso;
static struct vdso_random vdso_random;
static int has_vdso;

static void read_all(u8 bytes[KINDS][SIZE])
{
    CHECK_EQUAL(CALL(getrandom, bytes[0], SIZE, 0), SIZE);
    if (has_vdso)
        CHECK_EQUAL(read_random(&vdso_random, vdso_random.state, bytes[1], SIZE), SIZE);
    else
        CHECK_EQUAL(CALL(getrandom, bytes[1], SIZE, 0), SIZE);
}

static void check_different(u8 all[][KINDS][SIZE], int processes)
{
    for (int a = 0; a < processes * KINDS; a++)
        for (int b = 0; b < a; b++)
            CHECK(memcmp(all[a / KINDS][a % KINDS], all[b / KINDS][b % KINDS], SIZE) != 0);
}

/* Grandparent, parent, two children and a grandchild: the bytes of all, read back by pipe. */
static void check_forks(void)
{
    u8 all[5][KINDS][SIZE];
    int fds[2];
    CHECK_WORKS(make_pipe(fds));
    u8 before[KINDS][SIZE]; /* a key, and a batch that is not empty */
    read_all(before);
    for (int child = 0; child < 2; child++) {
        int pid = (int)CHECK_WORKS(fork_process()), status;
        if (pid == 0) {
            u8 own[2][KINDS][SIZE];
            read_all(own[0]);
            CHECK_EQUAL(CALL(write, fds[1], own[0], sizeof own[0]), sizeof own[0]);
            int grandchild = child == 0 ? (int)CHECK_WORKS(fork_process()) : -1;
            if (grandchild == 0) {
                read_all(own[1]);
                CHECK_EQUAL(CALL(write, fds[1], own[1], sizeof own[1]), sizeof own[1]);
                exit_with(0);
            }
            if (grandchild > 0) {
                CHECK_EQUAL(wait_for(grandchild, &status, 0), grandchild);
                CHECK_EQUAL(status, 0);
            }
            exit_with(0);
        }
        CHECK_EQUAL(wait_for(pid, &status, 0), pid);
        CHECK_EQUAL(status, 0);
    }
    read_all(all[0]);
    read_all(all[1]);
    for (int i = 2; i < 5; i++)
        CHECK_EQUAL(CALL(read, fds[0], all[i], sizeof all[i]), sizeof all[i]);
    check_different(all, 5);
}

static int child_sees(const volatile u8 *memory, u8 value)
{
    int pid = (int)CHECK_WORKS(fork_process()), status;
    if (pid == 0)
        exit_with(memory[0] == value && memory[PAGE - 1] == value);
    CHECK_EQUAL(wait_for(pid, &status, 0), pid);
    CHECK(memory[0] == 7 && memory[PAGE - 1] == 7);
    return status >> 8;
}

static u8 *seven(int flags)
{
    u8 *memory = (u8 *)CHECK_WORKS(map_memory(0, PAGE, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0));
    memset(memory, 7, PAGE);
    return memory;
}

static void check_wiping(void)
{
    u8 *private = seven(MAP_PRIVATE), *shared = seven(MAP_SHARED);
    CHECK(child_sees(private, 7));
    CHECK_EQUAL(CALL(madvise, private, PAGE, MADV_WIPEONFORK), 0);
    CHECK(child_sees(private, 0));
    CHECK_EQUAL(CALL(madvise, private, PAGE, MADV_KEEPONFORK), 0);
    CHECK(child_sees(private, 7));
    CHECK_EQUAL(CALL(madvise, shared, PAGE, MADV_WIPEONFORK), -EINVAL);
    CHECK(child_sees(shared, 7));
}

static void check_droppable(void)
{
    u8 *memory = seven(MAP_DROPPABLE);
    CHECK(child_sees(memory, 0));
    CHECK_EQUAL(CALL(madvise, memory, PAGE, MADV_KEEPONFORK), -EINVAL);
    CHECK(child_sees(memory, 0));
    CHECK_EQUAL(CALL(mprotect, memory, PAGE, PROT_READ), 0);
    CHECK(child_sees(memory, 0));
    CHECK_EQUAL(map_memory(0, PAGE, PROT_READ, MAP_DROPPABLE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0), -EINVAL);
    CHECK_EQUAL(map_memory(0, PAGE, PROT_READ, MAP_DROPPABLE | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0), -EINVAL);
    int fd = (int)CHECK_WORKS(open_file("/dev/zero", O_RDWR, 0));
    CHECK_EQUAL(map_memory(0, PAGE, PROT_READ, MAP_DROPPABLE, fd, 0), -EINVAL);
}

int main(int argc, char **argv)
{
    open_vdso(&vdso);
    has_vdso = open_vdso_random(&vdso, &vdso_random);
    if (argc > 1 && text_equal(argv[1], "plain"))
        vdso_random.state = (void *)CHECK_WORKS(
            map_memory(0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    check_forks();
    check_wiping();
    check_droppable();
    return passed();
}
