/* The compiler's own unwinder, started in a signal handler: through the trampoline to what the signal
 * interrupted, and on to main; after a fault, in a loop, and inside the vDSO's clock_gettime. */
#define _GNU_SOURCE
#include <elf.h>
#include <link.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/time.h>
#include <time.h>
#include <unwind.h>

/* ARM's tables have another format, hold between calls only, and no vDSO has them. PA-RISC's calls by pointer go
 * through code of the compiler's library that has none. */
#if defined __ARM_EABI__ || defined __hppa__
#define NO_CLOCK
#endif

/* Each function that is looked for is alone in a section, so that its addresses are known. */
#define SECTION(name) __attribute__((noipa, section(#name)))
#define BOUNDS(name) extern const char __start_##name[] __attribute__((weak)), __stop_##name[] __attribute__((weak))
#define HOLDS(name, address) ((address) - (uintptr_t)__start_##name < (uintptr_t)(__stop_##name - __start_##name))
BOUNDS(in_handler);
BOUNDS(in_interrupted);
BOUNDS(in_interrupted_too);
BOUNDS(in_main);

static volatile sig_atomic_t count, complete;
static char frames[64];
static unsigned frame_count;
static sigjmp_buf behind_fault;

/* One letter per frame that is one of ours. */
static _Unwind_Reason_Code look(struct _Unwind_Context *context, void *unused)
{
    (void)unused;
    int before = 0;
    uintptr_t address = _Unwind_GetIPInfo(context, &before);
    address -= !before;   /* where a call returns to may be behind the function */
    char letter = HOLDS(in_handler, address) ? 'h' : HOLDS(in_interrupted, address) ? 'i' :
                  HOLDS(in_interrupted_too, address) ? 'c' : HOLDS(in_main, address) ? 'm' : 0;
    if (letter && frame_count < sizeof frames - 1)
        frames[frame_count++] = letter;
    return _URC_NO_REASON;
}

static __attribute__((noipa)) void backtrace(void)
{
    frame_count = 0;
    _Unwind_Backtrace(look, NULL);
    frames[frame_count] = 0;
    count++;
    complete += strcmp(frames, "him") == 0 || strcmp(frames, "hcm") == 0 || strcmp(frames, "hicm") == 0;
}

/* A signal that finds the C library still starting the timer comes again: not all of that library says how
 * its frames look. */
static volatile sig_atomic_t is_started;
static void start_timer(unsigned microseconds)
{
    struct itimerval once = {{0, 0}, {0, microseconds}};
    setitimer(ITIMER_REAL, &once, NULL);
}

static int is_early(int signal)
{
    if (signal != SIGALRM || is_started)
        return 0;
    start_timer(1000);
    return 1;
}

static inline __attribute__((always_inline)) void handle(int signal)
{
    if (is_early(signal))
        return;
    backtrace();
    __asm__ volatile("");   /* a call, not a jump: the frame is to be seen */
    if (signal == SIGSEGV)
        siglongjmp(behind_fault, 1);
}

static SECTION(in_handler) void handler(int signal)
{
    handle(signal);
}

static SECTION(in_handler) void handler_with_information(int signal, siginfo_t *information, void *context)
{
    (void)information, (void)context;
    handle(signal);
}

static volatile int scale = 1;
static SECTION(in_interrupted) int fault(volatile int *nowhere)
{
    int distance = scale;   /* before the fault: ARM's tables know no function by its first instruction */
    return nowhere[distance] + 1;
}
static SECTION(in_interrupted) unsigned loop(unsigned microseconds)
{
    unsigned sum = 0;
    int before = count;
    is_started = 0;
    start_timer(microseconds);
    is_started = 1;
    while (count == before)
        sum = sum * 3 + 1;
    return sum + 1;
}

#ifndef NO_CLOCK
typedef int read_clock_function(clockid_t, struct timespec *);

static read_clock_function *find_clock(void)
{
    const char *image = (const char *)getauxval(AT_SYSINFO_EHDR);
    if (!image)
        return NULL;
    const ElfW(Ehdr) *header = (const void *)image;
    const ElfW(Shdr) *sections = (const void *)(image + header->e_shoff), *table = sections;
    while (table->sh_type != SHT_DYNSYM)
        table++;
    const char *names = image + sections[table->sh_link].sh_offset;
    const ElfW(Sym) *symbol = (const void *)(image + table->sh_offset);
    for (size_t left = table->sh_size / sizeof *symbol; left != 0; left--, symbol++) {
        const char *name = names + symbol->st_name;
        if (strcmp(name, "__vdso_clock_gettime") != 0 && strcmp(name, "__kernel_clock_gettime") != 0)
            continue;
#if defined _CALL_ELF && _CALL_ELF == 1 && defined __powerpc64__
        static struct { const char *entry; void *contents, *environment; } descriptor;
        descriptor.entry = image + symbol->st_value;
        return (read_clock_function *)(void *)&descriptor;
#else
        return (read_clock_function *)(uintptr_t)(image + symbol->st_value);
#endif
    }
    return NULL;
}

static SECTION(in_interrupted) int no_clock(clockid_t clock, struct timespec *now)
{
    now->tv_nsec = clock;
    return 0;
}
static SECTION(in_interrupted_too) long read_clock(read_clock_function *read, unsigned microseconds)
{
    struct timespec now = {0};
    int before = count;
    is_started = 0;
    start_timer(microseconds);
    is_started = 1;
    while (count == before)
        if (read(CLOCK_MONOTONIC, &now) != 0)
            return -1;
    return now.tv_sec + 1;
}
#endif

static void set(int signal, int with_information)
{
    struct sigaction action = {.sa_flags = SA_RESTART};
    if (with_information) {
        action.sa_flags |= SA_SIGINFO;
        action.sa_sigaction = handler_with_information;
    } else {
        action.sa_handler = handler;
    }
    if (sigaction(signal, &action, NULL) != 0)
        exit(1);
}

static void report(const char *what)
{
    if (complete == count)
        printf("%s: %d of %d\n", what, (int)complete, (int)count);
    else
        printf("%s: %d of %d, the last one: %s\n", what, (int)complete, (int)count, frames);
    count = complete = 0;
}

SECTION(in_main) int main(void)
{
#ifndef NO_CLOCK
    read_clock_function *read = find_clock();
#endif
    for (int with_information = 0; with_information < 2; with_information++) {
        printf("%s information\n", with_information ? "with" : "without");
        set(SIGSEGV, with_information);
        if (sigsetjmp(behind_fault, 1) == 0)
            fault((volatile int *)16);
        report("fault");
        set(SIGALRM, with_information);
        for (unsigned i = 0; i < 3; i++)
            loop(1000);
        report("loop");
        for (unsigned i = 0; i < 20; i++)
#ifdef NO_CLOCK
            loop(1000);
#else
            read_clock(read ? read : no_clock, 1000 + 100 * i);
#endif
        report("clock");
    }
    return 0;
}
