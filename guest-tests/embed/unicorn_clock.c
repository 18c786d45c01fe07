/* A guest of Unicorn reads the clock through its vDSO; the host checks the answer. The guest is
 * nothing but the call: the program counter is set to the function. */
#include <inttypes.h>
#include <postern/unicorn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int system_calls;
enum { STACK = 0x10000, TIME = 0x10800, RETURN = 0x10ff0, CLOCK_GETTIME_CALL = 113 };

static void check(int status)
{
    if (status == POSTERN_OK)
        return;
    fprintf(stderr, "unicorn_clock: %s\n", postern_strerror(status));
    exit(1);
}

/* Unicorn's CNTVCT_EL0 is the host's monotonic clock in steps of 16 ns. */
static uint64_t counter(void *context)
{
    struct timespec now;
    (void)context;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return ((uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec) / 16;
}

/* What the vDSO cannot answer, and all it does when the time page is stale. */
static void system_call(uc_engine *engine, uint32_t number, void *vdso)
{
    uint64_t call, clock, address, result = (uint64_t)-22;
    int64_t time[2];
    (void)number;
    system_calls++;
    uc_reg_read(engine, UC_ARM64_REG_X8, &call);
    uc_reg_read(engine, UC_ARM64_REG_X0, &clock);
    uc_reg_read(engine, UC_ARM64_REG_X1, &address);
    if (call == CLOCK_GETTIME_CALL && postern_vdso_clock_gettime(vdso, (int)clock, &time[0], &time[1]) == POSTERN_OK)
        result = uc_mem_write(engine, address, time, sizeof time) == UC_ERR_OK ? 0 : (uint64_t)-14;
    uc_reg_write(engine, UC_ARM64_REG_X0, &result);
}

int main(void)
{
    struct postern_options options = {.size = sizeof options, .counter = counter};
    struct postern_memory memory;
    struct postern_auxv entry = {.size = sizeof entry};
    struct postern_vdso *vdso;
    struct timespec host;
    uc_engine *engine;
    uc_hook hook;
    uint64_t function, clock = CLOCK_REALTIME, time = TIME, stack = TIME, link = RETURN;
    int64_t guest[2], late;

    if (uc_open(UC_ARCH_ARM64, UC_MODE_ARM, &engine) != UC_ERR_OK)
        return 1;
    uc_mem_map(engine, STACK, 0x1000, UC_PROT_ALL);
    memory = postern_unicorn_memory(engine);
    check(postern_vdso_open("aarch64", &options, &vdso));
    check(postern_vdso_install(vdso, &memory, 0));
    for (size_t i = 0; postern_vdso_auxv(vdso, i, &entry) == POSTERN_OK; i++)
        printf("auxv: %" PRIu64 " = %#" PRIx64 "\n", entry.type, entry.value);
    check(postern_vdso_find(vdso, "__kernel_clock_gettime", "LINUX_2.6.39", &function));

    uc_hook_add(engine, &hook, UC_HOOK_INTR, (void *)system_call, vdso, 1, 0);
    uc_reg_write(engine, UC_ARM64_REG_X0, &clock);
    uc_reg_write(engine, UC_ARM64_REG_X1, &time);
    uc_reg_write(engine, UC_ARM64_REG_SP, &stack);
    uc_reg_write(engine, UC_ARM64_REG_LR, &link);
    if (uc_emu_start(engine, function, RETURN, 0, 0) != UC_ERR_OK || uc_mem_read(engine, TIME, guest, 16) != UC_ERR_OK)
        return 1;
    clock_gettime(CLOCK_REALTIME, &host);
    late = ((int64_t)host.tv_sec - guest[0]) * 1000000000 + host.tv_nsec - guest[1];
    printf("guest %" PRId64 ".%09" PRId64 ", host %" PRId64 " ns later, %d system calls\n", guest[0], guest[1], late,
           system_calls);
    postern_vdso_close(vdso);
    uc_close(engine);
    return late < 0 || late > 1000000000;
}
