/* i386: system calls through AT_SYSINFO, and by `sysenter` and `syscall` as programs may write them
 * themselves. */
#include "guest.h"

#include <asm/sigcontext.h>
#include <asm/ucontext.h>

#define INT_0X80 0x80cd

static word entry;
static volatile int handled;
static word interrupted_at;
static int pipe_ends[2];

/* The caller's part of sysenter's convention: what comes back in ecx, edx and ebp is on the stack
 * that ebp points to, below a return address. */
long call_by_sysenter(long number, const long *arguments, word *seen);
__asm__(".globl call_by_sysenter\n"
        "call_by_sysenter: push %ebp; push %ebx; push %esi; push %edi\n"
        "  mov 28(%esp), %edi; mov %esp, (%edi)\n"
        "  mov 20(%esp), %eax; mov 24(%esp), %ecx\n"
        "  push $1f\n"
        "  push $0x33\n"
        "  push $0x22\n"
        "  push 20(%ecx)\n"
        "  mov (%ecx), %ebx; mov 8(%ecx), %edx; mov 12(%ecx), %esi; mov 16(%ecx), %edi\n"
        "  mov 4(%ecx), %ecx\n"
        "  mov %esp, %ebp\n"
        "  xor %esp, %esp\n" /* forgotten anyway */
        "  sysenter\n"
        "  ud2\n"
        "1: mov 28(%esp), %esi\n"
        "  mov %ebx, 4(%esi); mov %ecx, 8(%esi); mov %edx, 12(%esi); mov %ebp, 16(%esi)\n"
        "  mov %edi, 20(%esi); mov %esp, 24(%esi)\n"
        "  pop %edi; pop %esi; pop %ebx; pop %ebp\n"
        "  ret\n");

static long by_sysenter(long number, long a, long b, long c, long d, long e, long f)
{
    const long arguments[] = {a, b, c, d, e, f};
    word seen[7] = {0};
    long result = call_by_sysenter(number, arguments, seen);
    CHECK_EQUAL(seen[1], (word)a);
    CHECK_EQUAL(seen[2], 0x33);
    CHECK_EQUAL(seen[3], 0x22);
    CHECK_EQUAL(seen[4], (word)f);
    CHECK_EQUAL(seen[5], (word)e);
    CHECK_EQUAL(seen[6], seen[0]);
    return result;
}

static long by_entry(long number, long a, long b, long c, long d, long e, long f)
{
    return system_call_through((void *)entry, number, a, b, c, d, e, f);
}

/* All registers but eax come back. */
static void check_entry_keeps_registers(void)
{
    long result = __NR_getpid;
    word ebx = 0x11, ecx = 0x12, edx = 0x13, esi = 0x14, edi = 0x15;
    static word ebp;
    __asm__ volatile("push %%ebp\n\t"
                     "mov $0x16, %%ebp\n\t"
                     "call *%[entry]\n\t"
                     "mov %%ebp, %[ebp]\n\t"
                     "pop %%ebp"
                     : "+a"(result), "+b"(ebx), "+c"(ecx), "+d"(edx), "+S"(esi), "+D"(edi), [ebp] "=m"(ebp)
                     : [entry] "m"(entry)
                     : "memory");
    CHECK_EQUAL(result, own_pid());
    CHECK(ebx == 0x11 && ecx == 0x12 && edx == 0x13 && esi == 0x14 && edi == 0x15 && ebp == 0x16);
}

/* Six arguments, the sixth from the stack; a call that fails. */
static void check_calls(long (*way)(long, long, long, long, long, long, long))
{
    CHECK_EQUAL(way(__NR_getpid, 1, 2, 3, 4, 5, 6), own_pid());
    CHECK_EQUAL(way(__NR_close, -1, 0, 0, 0, 0, 0), -EBADF);
    CHECK_EQUAL(way(0x7fff, 0, 0, 0, 0, 0, 0), -ENOSYS);
    int fd = (int)CHECK_WORKS(open_file("/proc/self/exe", O_RDONLY, 0));
    u8 expected[64];
    i64 position;
    CHECK_EQUAL(seek(fd, PAGE, 0, &position), 0);
    CHECK_EQUAL(CALL(read, fd, expected, sizeof expected), sizeof expected);
    long mapped = CHECK_WORKS(way(__NR_mmap2, 0, PAGE, PROT_READ, MAP_PRIVATE, fd, 1));
    CHECK(memcmp((void *)mapped, expected, sizeof expected) == 0);
    CHECK_EQUAL(way(__NR_munmap, mapped, PAGE, 0, 0, 0, 0), 0);
    CHECK_EQUAL(CALL(close, fd), 0);
}

static void on_alarm(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info;
    const struct ucontext *frame = context;
    interrupted_at = frame->uc_mcontext.eip;
    CHECK_EQUAL(CALL(write, pipe_ends[1], "x", 1), 1);
    handled++;
}

/* An interrupted call is made again by the `int $0x80` before the landing pad, which is where its
 * handler finds the program. */
static void check_restart(long (*way)(long, long, long, long, long, long, long))
{
    u8 byte = 0;
    handled = 0;
    CHECK_EQUAL(make_pipe(pipe_ends), 0);
    CHECK_EQUAL(set_handler(SIGALRM, on_alarm, SA_RESTART, 0), 0);
    CHECK_EQUAL(set_interval_timer(0, 20000000, 0), 0);
    CHECK_EQUAL(way(__NR_read, pipe_ends[0], (long)&byte, 1, 0, 0, 0), 1);
    CHECK_EQUAL(handled, 1);
    CHECK_EQUAL(byte, 'x');
    CHECK_EQUAL(*(const uint16_t *)interrupted_at, INT_0X80);
    CHECK(interrupted_at > entry && interrupted_at < entry + 32);
}

/* A child comes back at the same place as its parent. */
static void check_fork(void)
{
    long child = CHECK_WORKS(by_sysenter(__NR_fork, 0, 0, 0, 0, 0, 0));
    if (child == 0)
        exit_with(7);
    int status = 0;
    CHECK_EQUAL(wait_for((int)child, &status, 0), child);
    CHECK_EQUAL(status, 7 << 8);
}

/* A stack that cannot be read: EFAULT at the landing pad, whose pop then faults. */
static void check_bad_stack(void)
{
    static u8 alternate[65536];
    stack_t stack = {.ss_sp = alternate, .ss_flags = 0, .ss_size = sizeof alternate};
    CHECK_EQUAL(CALL(sigaltstack, &stack, 0), 0);
    word hole = (word)CHECK_WORKS(map_memory(0, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    CHECK_EQUAL(CAUSES_FAULT(__asm__ volatile("mov %0, %%ebp; sysenter" : : "r"(hole + 16), "a"(__NR_getpid) : "memory")),
                SIGSEGV);
    CHECK_EQUAL(caught_fault.code, SEGV_ACCERR);
    CHECK_EQUAL(caught_fault.address, hole + 16);
}

/* `syscall` is 64-bit code's on Intel processors. On others this kernel-internal way is not tested. */
static void check_syscall(void)
{
    word eax = 0, ebx, ecx, edx;
    __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "=c"(ecx), "=d"(edx));
    if (ebx != 0x756e6547 /* "Genu" */)
        return;
    extern const u8 the_syscall[];
    CHECK_EQUAL(CAUSES_FAULT(__asm__ volatile(".globl the_syscall\nthe_syscall: syscall" : : "a"(__NR_getpid) : "ecx")), SIGILL);
    CHECK_EQUAL(caught_fault.code, ILL_ILLOPN);
    CHECK_EQUAL(caught_fault.address, (word)the_syscall);
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    int found;
    entry = auxv_value(AT_SYSINFO, &found);
    CHECK(found && entry);
    catch_faults();
    check_entry_keeps_registers();
    check_calls(by_entry);
    check_calls(by_sysenter);
    check_restart(by_entry);
    check_restart(by_sysenter);
    check_fork();
    check_syscall();
    check_bad_stack();
    return passed();
}
