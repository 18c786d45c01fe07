/* The whole world of a guest test: system calls, text, memory, signals, auxv. No C library;
 * numbers and structures come from the kernel's exported headers of the ABI. */
#ifndef GUEST_H
#define GUEST_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/mman.h>
#include <asm/poll.h>
#include <asm/stat.h>
#include <asm/unistd.h>
#include <linux/auxvec.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/signal.h>
#include <linux/time.h>
#include <linux/time_types.h>
#include <linux/wait.h>

#include "abi.h"

typedef int64_t i64;
typedef uint64_t u64;
typedef uint32_t u32;
typedef uint8_t u8;
typedef unsigned long word;

/* Bytes of sigset_t, as system calls want to hear it. */
#ifndef ABI_SIGNAL_SET_SIZE
#define ABI_SIGNAL_SET_SIZE 8
#endif

/* A number of the kernel's plain time structs. A 32-bit ABI whose times have always had 64 bits knows
 * only the calls with that time, and of pairs the 64-bit one; here they go by the plain names too. */
#ifdef __NR_clock_gettime
typedef __kernel_long_t time_word;
#else
typedef int64_t time_word;
#define __NR_clock_gettime __NR_clock_gettime64
#define __NR_clock_getres __NR_clock_getres_time64
#define __NR_clock_nanosleep __NR_clock_nanosleep_time64
#define __NR_pselect6 __NR_pselect6_time64
#define __NR_ppoll __NR_ppoll_time64
#define __NR_utimensat __NR_utimensat_time64
#define __NR_rt_sigtimedwait __NR_rt_sigtimedwait_time64
#define __NR_fcntl __NR_fcntl64
#define __NR_ftruncate __NR_ftruncate64 /* the upper half, the next argument, is 0 */
#define __NR__llseek __NR_llseek
#define __NR_lseek __NR_llseek /* for calls that must fail */
#endif

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define PAGE ((word)4096)
#define SECOND 1000000000ll

/* --- system calls: negative errno on failure, as the kernel returns it --- */

#define CALL_0(n) system_call(n, 0, 0, 0, 0, 0, 0)
#define CALL_1(n, a) system_call(n, (long)(a), 0, 0, 0, 0, 0)
#define CALL_2(n, a, b) system_call(n, (long)(a), (long)(b), 0, 0, 0, 0)
#define CALL_3(n, a, b, c) system_call(n, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define CALL_4(n, a, b, c, d) system_call(n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define CALL_5(n, a, b, c, d, e) system_call(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)
#define CALL_6(n, a, b, c, d, e, f) \
    system_call(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define CALL_PICK(_1, _2, _3, _4, _5, _6, _7, name, ...) name
/* CALL(write, 1, text, size) */
#define CALL(name, ...)                                                                           \
    CALL_PICK(__NR_##name, ##__VA_ARGS__, CALL_6, CALL_5, CALL_4, CALL_3, CALL_2, CALL_1, CALL_0) \
    (__NR_##name, ##__VA_ARGS__)

/* The offset may be wider than a long of the compiler. */
#ifdef ABI_WIDE_ARGUMENTS
#define CALL_LSEEK(fd, offset, whence) system_call_64(__NR_lseek, (u64)(fd), (u64)(offset), (u64)(whence), 0, 0, 0)
#else
#define CALL_LSEEK(fd, offset, whence) CALL(lseek, fd, offset, whence)
#endif

/* Of a relocation's r_info, what ABI_RELATIVE is compared with. */
#ifndef ABI_RELOCATION_TYPE
#define ABI_RELOCATION_TYPE(info) ((info) & (sizeof(word) == 8 ? 0xffffffff : 0xff))
#endif

/* What stat and its kin fill in. */
#ifndef ABI_STAT
#define ABI_STAT struct stat
#endif

#ifdef __NR_wait4
#define CALL_WAIT(pid, status, options) CALL(wait4, pid, status, options, 0)
#else
long wait_by_waitid(int pid, int *status, int options);
#define CALL_WAIT(pid, status, options) wait_by_waitid(pid, status, options)
#endif

/* The calls whose name or shape depends on the ABI. */
long map_memory(word address, word size, int protection, int flags, int fd, u64 offset);
long fork_process(void);
long wait_for(int pid, int *status, int options);
long open_file(const char *path, int flags, int mode);
long file_size(int fd);
long seek(int fd, i64 offset, int whence, i64 *position);
long make_pipe(int fds[2]);
long duplicate_to(int fd, int target);
long poll_fds(struct pollfd *fds, unsigned count, int milliseconds);
long send_signal(int pid, int signal);
int own_pid(void);
_Noreturn void exit_with(int status);

/* --- time --- */

struct instant {
    i64 seconds;
    i64 nanoseconds;
};
/* By the system call with 64-bit time. */
long read_clock(int clock, struct instant *out);
long clock_resolution(int clock, struct instant *out);
i64 to_nanoseconds(struct instant instant);
/* CLOCK_MONOTONIC by system call; fails the test when it cannot be read. */
i64 monotonic_now(void);
long sleep_for(i64 nanoseconds);

/* --- memory and text --- */

void *memcpy(void *to, const void *from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t text_length(const char *text);
int text_equal(const char *a, const char *b);
i64 parse_number(const char *text);

/* %d %u %x %ld %lu %lx %lld %llu %llx %s %c %%, width and leading zero. */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
int print_to(char *out, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* --- start --- */

extern char **guest_environment;
extern const word *guest_auxv; /* pairs of words, AT_NULL last */
extern const word *guest_stack; /* argc, argv, envp, auxv as the kernel built them */
/* Value of an entry; *found tells an absent one from 0 (may be null). */
word auxv_value(word type, int *found);

int main(int argc, char **argv);

/* Where the code of a function is, whatever C's address of it is. */
static inline word code_address(const void *function)
{
#ifdef ABI_FUNCTION_DESCRIPTORS
    return *(const word *)function;
#else
    return (word)function;
#endif
}

/* --- signals --- */

typedef void (*signal_handler)(int signal, siginfo_t *info, void *context);
/* At least one sigset_t. */
typedef word signal_set[ABI_SIGNAL_SET_SIZE / 4];
/* Which word of struct sigaction is the handler. */
#ifndef ABI_ACTION_HANDLER
#define ABI_ACTION_HANDLER 0
#endif
/* `mask`: bit n-1 = signal n. */
long set_handler(int signal, signal_handler handler, word flags, u64 mask);
long set_signal_mask(int how, u64 mask, u64 *old);
u64 pending_signals(void);
/* Returns when a signal was handled, with the mask `mask` while waiting. */
long suspend_until_signal(u64 mask);
long set_interval_timer(int which, i64 first_nanoseconds, i64 interval_nanoseconds);
#define SIGNAL_BIT(signal) ((u64)1 << ((signal)-1))

/* The fault that an expression causes: 0, or the signal; details in caught_fault. */
struct caught_fault {
    int signal;
    int code;
    word address;
};
extern struct caught_fault caught_fault;
/* Catches SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE from here on. */
void catch_faults(void);
#ifndef ABI_MARK_WORDS
#define ABI_MARK_WORDS 32
#endif
extern word fault_return[ABI_MARK_WORDS];
long mark_return(word *save) __attribute__((returns_twice));
_Noreturn void return_to_mark(word *save);
extern volatile int fault_expected;
#define CAUSES_FAULT(statement)                                                \
    ({                                                                         \
        caught_fault.signal = 0;                                               \
        if (!mark_return(fault_return)) {                                 \
            fault_expected = 1;                                                \
            statement;                                                         \
        }                                                                      \
        fault_expected = 0;                                                    \
        caught_fault.signal;                                                   \
    })

/* --- verdict --- */

_Noreturn void fail(int line, const char *format, ...) __attribute__((format(printf, 2, 3)));
#define FAIL(...) fail(__LINE__, __VA_ARGS__)
#define CHECK(condition) ((condition) ? (void)0 : fail(__LINE__, "not true: %s", #condition))
/* Both sides as 64-bit integers. */
#define CHECK_EQUAL(value, expected)                                                          \
    do {                                                                                      \
        i64 value_ = (i64)(value), expected_ = (i64)(expected);                               \
        if (value_ != expected_)                                                              \
            fail(__LINE__, "%s is %lld, expected %lld", #value, (long long)value_,            \
                 (long long)expected_);                                                       \
    } while (0)
/* A result that must not be an error. */
#define CHECK_WORKS(call)                                                                     \
    ({                                                                                        \
        long result_ = (call);                                                                \
        if ((word)result_ >= (word)-4095)                                                     \
            fail(__LINE__, "%s failed with errno %ld", #call, -result_);                      \
        result_;                                                                              \
    })
/* Prints the success line; the return value of main. */
int passed(void);

#endif
