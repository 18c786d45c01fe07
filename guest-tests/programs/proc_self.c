/* /proc/self shows the guest, not what runs it; /proc/cpuinfo the processor it runs on. */
#include "guest.h"

static char text[65536];

static long read_file(const char *path)
{
    int fd = (int)CHECK_WORKS(open_file(path, O_RDONLY, 0));
    long size = 0, part;
    while ((part = CHECK_WORKS(CALL(read, fd, text + size, sizeof text - 1 - (word)size))) > 0)
        size += part;
    CHECK_EQUAL(CALL(close, fd), 0);
    text[size] = 0;
    return size;
}

static int contains(const char *what)
{
    size_t length = text_length(what);
    for (const char *at = text; *at; at++)
        if (memcmp(at, what, length) == 0)
            return 1;
    return 0;
}

/* A line that each Linux of the architecture prints, and no other's. */
static const char *line_of_processor(void)
{
#if defined __x86_64__ || defined __i386__
    return "\nflags\t\t: fpu";
#elif defined __aarch64__ || defined __arm__
    return "\nCPU implementer\t: ";
#elif defined __mips__
    return "\ncpu model\t\t: ";
#elif defined __powerpc__
    return "\ncpu\t\t: ";
#elif defined __riscv
    return "\nisa\t\t: rv";
#elif defined __s390__
    return "vendor_id       : IBM/S390\n";
#elif defined __sh__
    return "\ncpu family\t: sh";
#elif defined __hppa__
    return "\ncpu family\t: PA-RISC";
#endif
}

int main(int argc, char **argv)
{
    (void)argc;
    long size = read_file("/proc/self/cmdline");
    CHECK_EQUAL(size, text_length(argv[0]) + 1 + text_length(argv[1]) + 1);
    CHECK(memcmp(text, argv[0], text_length(argv[0]) + 1) == 0);
    CHECK(text_equal(text + text_length(argv[0]) + 1, argv[1]));

    char link[256];
    long length = CHECK_WORKS(CALL(readlinkat, AT_FDCWD, "/proc/self/exe", link, sizeof link - 1));
    link[length] = 0;
    const char *suffix = link + length - text_length(PROGRAM_NAME);
    CHECK(length > (long)text_length(PROGRAM_NAME) && text_equal(suffix, PROGRAM_NAME));

    read_file("/proc/self/maps");
    CHECK(contains("[stack]"));
    CHECK(!auxv_value(AT_SYSINFO_EHDR, 0) || contains("[vdso]"));
    CHECK(contains(PROGRAM_NAME));
    CHECK(!contains("libunicorn"));

    size = read_file("/proc/self/auxv");
    for (long i = 0; i < size && ((word *)text)[i / (long)sizeof(word)]; i += (long)sizeof(word))
        CHECK_EQUAL(((word *)text)[i / (long)sizeof(word)], guest_auxv[i / (long)sizeof(word)]);

    read_file("/proc/self/stat");
    char pid[16];
    print_to(pid, sizeof pid, "%d (", own_pid());
    CHECK(memcmp(text, pid, text_length(pid)) == 0);

    read_file("/proc/cpuinfo");
    CHECK(contains("processor"));
    CHECK(contains(line_of_processor()));
    int folder = (int)CHECK_WORKS(open_file("/proc", O_RDONLY, 0));
    int fd = (int)CHECK_WORKS(CALL(openat, folder, "cpuinfo", O_RDONLY, 0));
    char part[64];
    CHECK_EQUAL(CALL(read, fd, part, sizeof part), sizeof part);
    CHECK_EQUAL(memcmp(part, text, sizeof part), 0);
    return passed();
}
