#include "guest.h"

/* --- start --- */

__asm__(".text\n" ABI_START ABI_MARK);

char **guest_environment;
const word *guest_auxv;
const word *guest_stack;

word auxv_value(word type, int *found)
{
    for (const word *entry = guest_auxv; entry[0] != AT_NULL; entry += 2)
        if (entry[0] == type) {
            if (found)
                *found = 1;
            return entry[1];
        }
    if (found)
        *found = 0;
    return 0;
}

#ifdef __PIE__
extern const word _DYNAMIC[] __attribute__((visibility("hidden")));
extern const char __ehdr_start[] __attribute__((visibility("hidden")));

/* Addresses without a table that would have to be relocated itself. */
#ifndef ABI_ADDRESS_OF
#define ABI_ADDRESS_OF(symbol) ((word)(symbol))
#endif

/* A static PIE relocates itself. */
static void relocate(void)
{
    word base = ABI_ADDRESS_OF(__ehdr_start), table = 0, size = 0, entry = 0;
    for (const word *item = (const word *)ABI_ADDRESS_OF(_DYNAMIC); item[0]; item += 2) {
        if (item[0] == 7 || item[0] == 17) /* DT_RELA, DT_REL */
            table = base + item[1];
        if (item[0] == 8 || item[0] == 18)
            size = item[1];
        if (item[0] == 9 || item[0] == 19)
            entry = item[1];
    }
    for (word at = table; at < table + size; at += entry) {
        const word *relocation = (const word *)at;
        word *target = (word *)(base + relocation[0]);
        if (ABI_RELOCATION_TYPE(relocation[1]) == ABI_RELATIVE)
            *target = base + (ABI_RELOCATIONS_WITH_ADDEND ? relocation[2] : *target);
    }
}
#else
static void relocate(void) {}
#endif

__attribute__((used)) void guest_start(const word *stack)
{
    relocate();
    int argc = (int)stack[0];
    char **argv = (char **)(stack + 1);
    guest_stack = stack;
    guest_environment = argv + argc + 1;
    char **end = guest_environment;
    while (*end)
        end++;
    guest_auxv = (const word *)(end + 1);
    exit_with(main(argc, argv));
}

/* --- system calls that differ between ABIs --- */

long map_memory(word address, word size, int protection, int flags, int fd, u64 offset)
{
#if defined __s390x__
    word arguments[6] = {address, size, (word)protection, (word)flags, (word)fd, offset};
    return CALL(mmap, arguments);
#elif defined __s390__
    word arguments[6] = {address, size, (word)protection, (word)flags, (word)fd, (word)(offset / PAGE)};
    return CALL(mmap2, arguments);
#elif defined __NR_mmap2
    return CALL(mmap2, address, size, protection, flags, fd, offset / PAGE);
#else
    return CALL(mmap, address, size, protection, flags, fd, offset);
#endif
}

long fork_process(void)
{
#ifdef __NR_fork
    return CALL(fork);
#else
    return CALL(clone, SIGCHLD, 0, 0, 0, 0);
#endif
}

long wait_for(int pid, int *status, int options) { return CALL_WAIT(pid, status, options); }

long open_file(const char *path, int flags, int mode)
{
    return CALL(openat, AT_FDCWD, path, flags, mode);
}

long seek(int fd, i64 offset, int whence, i64 *position)
{
#ifdef __NR__llseek
    return CALL(_llseek, fd, offset >> 32, offset, position, whence);
#else
    *position = CALL_LSEEK(fd, offset, whence);
    return *position < 0 ? *position : 0;
#endif
}

long make_pipe(int fds[2]) { return CALL(pipe2, fds, 0); }

long duplicate_to(int fd, int target)
{
    return fd == target ? fd : CALL(dup3, fd, target, 0);
}

long poll_fds(struct pollfd *fds, unsigned count, int milliseconds)
{
#ifdef __NR_poll
    return CALL(poll, fds, count, milliseconds);
#else
    struct __kernel_timespec wait = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    return CALL(ppoll, fds, count, milliseconds < 0 ? 0 : &wait, 0, ABI_SIGNAL_SET_SIZE);
#endif
}

long send_signal(int pid, int signal) { return CALL(kill, pid, signal); }
int own_pid(void) { return (int)CALL(getpid); }

void exit_with(int status)
{
    for (;;)
        CALL(exit_group, status);
}

/* --- time --- */

long read_clock(int clock, struct instant *out)
{
    struct __kernel_timespec time;
#ifdef __NR_clock_gettime64
    long result = CALL(clock_gettime64, clock, &time);
#else
    long result = CALL(clock_gettime, clock, &time);
#endif
    if (result == 0)
        *out = (struct instant){time.tv_sec, time.tv_nsec};
    return result;
}

long clock_resolution(int clock, struct instant *out)
{
    struct __kernel_timespec time;
#ifdef __NR_clock_getres_time64
    long result = CALL(clock_getres_time64, clock, &time);
#else
    long result = CALL(clock_getres, clock, &time);
#endif
    if (result == 0)
        *out = (struct instant){time.tv_sec, time.tv_nsec};
    return result;
}

i64 to_nanoseconds(struct instant instant) { return instant.seconds * SECOND + instant.nanoseconds; }

i64 monotonic_now(void)
{
    struct instant now;
    CHECK_EQUAL(read_clock(CLOCK_MONOTONIC, &now), 0);
    return to_nanoseconds(now);
}

long sleep_for(i64 nanoseconds)
{
    struct __kernel_timespec time = {nanoseconds / SECOND, nanoseconds % SECOND};
#ifdef __NR_clock_nanosleep_time64
    return CALL(clock_nanosleep_time64, CLOCK_MONOTONIC, 0, &time, 0);
#else
    return CALL(clock_nanosleep, CLOCK_MONOTONIC, 0, &time, 0);
#endif
}

/* --- memory and text --- */

void *memcpy(void *to, const void *from, size_t size)
{
    char *out = to;
    const char *in = from;
    while (size--)
        *out++ = *in++;
    return to;
}

void *memmove(void *to, const void *from, size_t size)
{
    char *out = to;
    const char *in = from;
    if (out <= in)
        return memcpy(to, from, size);
    while (size--)
        out[size] = in[size];
    return to;
}

void *memset(void *to, int value, size_t size)
{
    char *out = to;
    while (size--)
        *out++ = (char)value;
    return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
    const u8 *left = a, *right = b;
    for (size_t i = 0; i < size; i++)
        if (left[i] != right[i])
            return left[i] - right[i];
    return 0;
}

size_t text_length(const char *text)
{
    size_t length = 0;
    while (text[length])
        length++;
    return length;
}

int text_equal(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

i64 parse_number(const char *text)
{
    i64 value = 0;
    while (*text >= '0' && *text <= '9')
        value = value * 10 + (*text++ - '0');
    return value;
}

struct output {
    char *text;
    size_t size, length;
};

static void put(struct output *out, char c)
{
    if (out->length + 1 < out->size)
        out->text[out->length++] = c;
}

static void put_number(struct output *out, u64 value, unsigned base, int negative, int width, char fill)
{
    char digits[24];
    int count = 0;
    do {
        digits[count++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    if (negative)
        digits[count++] = '-';
    for (int i = count; i < width; i++)
        put(out, fill);
    while (count)
        put(out, digits[--count]);
}

static u64 next_number(va_list *arguments, int longs, int is_signed)
{
    if (is_signed)
        return longs == 0   ? (u64)(i64)va_arg(*arguments, int)
               : longs == 1 ? (u64)(i64)va_arg(*arguments, long)
                            : (u64)va_arg(*arguments, long long);
    return longs == 0   ? va_arg(*arguments, unsigned)
           : longs == 1 ? va_arg(*arguments, unsigned long)
                        : va_arg(*arguments, unsigned long long);
}

static void put_formatted(struct output *out, const char *format, va_list *arguments)
{
    for (; *format; format++) {
        if (*format != '%') {
            put(out, *format);
            continue;
        }
        format++;
        char fill = *format == '0' ? '0' : ' ';
        int width = 0, longs = 0;
        while (*format >= '0' && *format <= '9')
            width = width * 10 + (*format++ - '0');
        while (*format == 'l')
            longs++, format++;
        if (*format == 'd') {
            i64 value = (i64)next_number(arguments, longs, 1);
            put_number(out, value < 0 ? -(u64)value : (u64)value, 10, value < 0, width, fill);
        } else if (*format == 'u' || *format == 'x') {
            put_number(out, next_number(arguments, longs, 0), *format == 'u' ? 10 : 16, 0, width, fill);
        } else if (*format == 's') {
            for (const char *text = va_arg(*arguments, const char *); *text; text++)
                put(out, *text);
        } else if (*format == 'c') {
            put(out, (char)va_arg(*arguments, int));
        } else {
            put(out, *format);
        }
    }
    out->text[out->length] = 0;
}

static void write_all(int fd, const char *text, size_t size)
{
    while (size) {
        long written = CALL(write, fd, text, size);
        if (written <= 0)
            return;
        text += written;
        size -= (size_t)written;
    }
}

void print(const char *format, ...)
{
    char text[1024];
    struct output out = {text, sizeof text, 0};
    va_list arguments;
    va_start(arguments, format);
    put_formatted(&out, format, &arguments);
    va_end(arguments);
    write_all(1, text, out.length);
}

int print_to(char *text, size_t size, const char *format, ...)
{
    struct output out = {text, size, 0};
    va_list arguments;
    va_start(arguments, format);
    put_formatted(&out, format, &arguments);
    va_end(arguments);
    return (int)out.length;
}

/* --- signals --- */

#ifndef ABI_ACTION_FIELDS
#define ABI_ACTION_FIELDS signal_handler handler; word flags; void *restorer;
#endif
struct kernel_action {
    ABI_ACTION_FIELDS
    word mask[ABI_SIGNAL_SET_SIZE / sizeof(word)];
};

#if ABI_SA_RESTORER
void signal_restorer(void);
#endif

static void split_mask(word out[], u64 mask)
{
    for (size_t i = 0; i < ABI_SIGNAL_SET_SIZE / sizeof(word); i++)
        out[i] = (word)(mask >> (8 * sizeof(word) * i) % 64); /* for signals above 64: once more */
}

static u64 join_mask(const word in[])
{
    u64 mask = in[0];
    if (sizeof(word) == 4)
        mask |= (u64)in[1] << 32;
    return mask;
}

long set_handler(int signal, signal_handler handler, word flags, u64 mask)
{
    struct kernel_action action = {.handler = handler, .flags = flags | SA_SIGINFO};
#if ABI_SA_RESTORER
    action.flags |= ABI_SA_RESTORER;
    action.restorer = (void *)signal_restorer;
#endif
    split_mask(action.mask, mask);
    return CALL(rt_sigaction, signal, &action, 0, ABI_SIGNAL_SET_SIZE);
}

long set_signal_mask(int how, u64 mask, u64 *old)
{
    signal_set in, out;
    split_mask(in, mask);
    long result = CALL(rt_sigprocmask, how, in, out, ABI_SIGNAL_SET_SIZE);
    if (result == 0 && old)
        *old = join_mask(out);
    return result;
}

u64 pending_signals(void)
{
    word set[2];
    CHECK_EQUAL(CALL(rt_sigpending, set, 8), 0);
    return join_mask(set);
}

long suspend_until_signal(u64 mask)
{
    signal_set set;
    split_mask(set, mask);
    return CALL(rt_sigsuspend, set, ABI_SIGNAL_SET_SIZE);
}

long set_interval_timer(int which, i64 first, i64 interval)
{
    __kernel_long_t value[4] = {(__kernel_long_t)(interval / SECOND), (__kernel_long_t)(interval % SECOND / 1000),
                                (__kernel_long_t)(first / SECOND), (__kernel_long_t)(first % SECOND / 1000)};
    return CALL(setitimer, which, value, 0);
}

struct caught_fault caught_fault;
word fault_return[ABI_MARK_WORDS];
volatile int fault_expected;

static void on_fault(int signal, siginfo_t *info, void *context)
{
    (void)context;
    if (!fault_expected) {
        print("unexpected signal %d, code %d, address %lx\n", signal, info->si_code, (word)info->si_addr);
        exit_with(1);
    }
    caught_fault = (struct caught_fault){signal, info->si_code, (word)info->si_addr};
    return_to_mark(fault_return);
}

void catch_faults(void)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE};
    for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
        CHECK_EQUAL(set_handler(signals[i], on_fault, SA_NODEFER | SA_ONSTACK, 0), 0);
}

/* --- verdict --- */

void fail(int line, const char *format, ...)
{
    char text[1024];
    struct output out = {text, sizeof text - 2, 0};
    va_list arguments;
    va_start(arguments, format);
    put_formatted(&out, format, &arguments);
    va_end(arguments);
    print("%s:%d: %s\n", PROGRAM_NAME, line, text);
    exit_with(1);
}

int passed(void)
{
    print("%s: ok\n", PROGRAM_NAME);
    return 0;
}

/* What the compiler's support library may ask for on arm. */
int raise(int signal) { return (int)send_signal(own_pid(), signal); }
void __aeabi_unwind_cpp_pr0(void) {}
void __aeabi_unwind_cpp_pr1(void) {}

#ifndef __NR_wait4
/* What wait4 would answer, made of waitid's information. */
long wait_by_waitid(int pid, int *status, int options)
{
    siginfo_t info = {0};
    long result = CALL(waitid, pid == -1 ? P_ALL : P_PID, pid, &info, options | WEXITED, 0);
    if (result < 0)
        return result;
    int value = info.si_status;
    *status = info.si_code == CLD_EXITED ? value << 8 : info.si_code == CLD_DUMPED ? value | 0x80 : value;
    return info.si_pid;
}
#endif
