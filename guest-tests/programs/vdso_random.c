/* getrandom of the vDSO: the state query, what a call fills and erases, and every case in which
 * the kernel says that the system call has to serve. */
#include "vdso_random.h"

static struct vdso vdso;
static struct vdso_random vdso_random;
static u8 buffer[3 * 4096], zeros[sizeof buffer];
static size_t state_size;

static void check_query(void)
{
    struct random_state_parameters parameters;
    memset(&parameters, 0xff, sizeof parameters);
    CHECK_EQUAL(call_random(&vdso_random, 0, 0, 0, &parameters, ~(size_t)0), 0);
    CHECK(parameters.state_size >= 144 && parameters.state_size < PAGE);
    CHECK_EQUAL(parameters.protection, PROT_READ | PROT_WRITE);
    CHECK_EQUAL(parameters.map_flags, MAP_DROPPABLE | MAP_ANONYMOUS);
    CHECK(memcmp(parameters.reserved, zeros, sizeof parameters.reserved) == 0);
    /* With anything else in the arguments it is a call with a wrong size. */
    memset(&parameters, 0xff, sizeof parameters);
    CHECK_EQUAL(call_random(&vdso_random, buffer, 8, 0, &parameters, ~(size_t)0), 8);
    CHECK_EQUAL(parameters.state_size, 0xffffffff);
}

static int is_filled(const u8 *bytes, size_t size)
{
    /* 8 bytes in a row are zeros by chance once in 2^64. */
    for (size_t i = 0; i + 8 <= size; i += 8)
        if (memcmp(bytes + i, zeros, 8) == 0)
            return 0;
    return 1;
}

/* Does the memory hold these bytes? */
static int holds(const void *memory, size_t size, const void *bytes, size_t length)
{
    for (size_t i = 0; i + length <= size; i++)
        if (memcmp((const u8 *)memory + i, bytes, length) == 0)
            return 1;
    return 0;
}

static void check_sizes(void)
{
    static u8 earlier[16];
    for (size_t size = 1; size < sizeof buffer - 64; size += size < 130 ? 1 : 97) {
        size_t offset = size % 16;
        memset(buffer, 0, sizeof buffer);
        CHECK_EQUAL(read_random(&vdso_random, vdso_random.state, buffer + offset, size), size);
        CHECK(memcmp(buffer, zeros, offset) == 0);
        CHECK(memcmp(buffer + offset + size, zeros, 64) == 0);
        CHECK(is_filled(buffer + offset, size));
        /* What was handed out is nowhere in the state. */
        if (size < 16)
            continue;
        CHECK(!holds(vdso_random.state, state_size, buffer + offset, 16));
        CHECK(!holds(vdso_random.state, state_size, buffer + offset + size - 16, 16));
        CHECK(memcmp(earlier, buffer + offset, 16) != 0);
        memcpy(earlier, buffer + offset, 16);
    }
}

static void check_arguments(void)
{
    u8 *state = vdso_random.state;
    CHECK_EQUAL(read_random(&vdso_random, state, buffer, 0), 0);
    CHECK_EQUAL(read_random(&vdso_random, state, 0, 0), 0);
    for (unsigned flags = 0; flags < 6; flags++) {
        memset(buffer, 0, 64);
        CHECK_EQUAL(call_random(&vdso_random, buffer, 64, flags, state, state_size), 64);
        CHECK(is_filled(buffer, 64));
    }
    CHECK_EQUAL(call_random(&vdso_random, buffer, 16, 8, state, state_size), -EINVAL);
    CHECK_EQUAL(call_random(&vdso_random, buffer, 0, 0x80000000, state, state_size), -EINVAL);
    /* A wrong size: the system call serves, and does not look at the state. */
    memset(buffer, 0, 64);
    CHECK_EQUAL(call_random(&vdso_random, buffer, 64, 0, (void *)16, state_size + 8), 64);
    CHECK(is_filled(buffer, 64));
    CHECK_EQUAL(call_random(&vdso_random, buffer, 64, 0, (void *)16, 0), 64);
    /* A state in two pages. */
    CHECK_EQUAL(call_random(&vdso_random, buffer, 64, 0, state + PAGE - state_size + 1, state_size), -EFAULT);
    CHECK_EQUAL(call_random(&vdso_random, buffer, 64, 0, state + PAGE - state_size, state_size), 64);
}

/* A call inside a call (a signal handler's) leaves the state alone. */
static void check_in_use(void)
{
    const struct random_state_layout *layout = random_state_layout(&vdso_random);
    static u8 copy[4096];
    u8 *state = new_random_state(&vdso_random);
    CHECK_EQUAL(read_random(&vdso_random, state, buffer, 16), 16);
    state[layout->in_use] = 1;
    state[layout->in_use + (layout->in_use % 4 ? 0 : 3)] = 1; /* of a word in either byte order */
    memcpy(copy, state, state_size);
    memset(buffer, 0, 64);
    CHECK_EQUAL(read_random(&vdso_random, state, buffer, 64), 64);
    CHECK(is_filled(buffer, 64));
    CHECK(memcmp(copy, state, state_size) == 0);
    CHECK_EQUAL(read_random(&vdso_random, state, buffer, 0), 0);
}

/* A state of zeros, as memory that was dropped has it, and one of another generation take a new
 * key; one of this generation does not. */
static void check_generation(void)
{
    const struct random_state_layout *layout = random_state_layout(&vdso_random);
    static u8 copy[4096], first[64], second[64];
    u8 *state = new_random_state(&vdso_random);
    CHECK_EQUAL(read_random(&vdso_random, state, buffer, 16), 16);
    u64 *generation = (u64 *)(state + layout->generation), now = *generation;
    CHECK(now != 0);
    memcpy(copy, state, state_size);
    CHECK_EQUAL(read_random(&vdso_random, state, first, sizeof first), sizeof first);
    memcpy(state, copy, state_size); /* the same state gives the same bytes */
    CHECK_EQUAL(read_random(&vdso_random, state, second, sizeof second), sizeof second);
    CHECK(memcmp(first, second, sizeof first) == 0);
    memcpy(state, copy, state_size);
    *generation = now + 1;
    CHECK_EQUAL(read_random(&vdso_random, state, second, sizeof second), sizeof second);
    CHECK(memcmp(first, second, sizeof first) != 0);
    CHECK_EQUAL(*generation, now);
    memset(state, 0, state_size);
    memset(buffer, 0, 16);
    CHECK_EQUAL(read_random(&vdso_random, state, buffer, 16), 16);
    CHECK(is_filled(buffer, 16));
    CHECK_EQUAL(*generation, now);
}

static void check_bad_pointers(void)
{
    catch_faults();
    CHECK_EQUAL(CAUSES_FAULT(read_random(&vdso_random, vdso_random.state, (void *)16, 16)), SIGSEGV);
    CHECK_EQUAL(caught_fault.address / PAGE, 0);
    vdso_random.state = new_random_state(&vdso_random); /* the other is in use for ever */
    CHECK_EQUAL(CAUSES_FAULT(read_random(&vdso_random, vdso_random.state, (void *)16, 4096)), SIGSEGV);
    CHECK_EQUAL(caught_fault.address / PAGE, 0);
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    open_vdso(&vdso);
    if (!open_vdso_random(&vdso, &vdso_random))
        return passed(); /* an ABI without it; `vdso-images/check --matrix` says which may be */
    state_size = vdso_random.parameters.state_size;
    check_query();
    check_sizes();
    check_arguments();
    check_in_use();
    check_generation();
    check_bad_pointers();
    return passed();
}
