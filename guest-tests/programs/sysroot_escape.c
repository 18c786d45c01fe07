/* Tricks that lead out of a sysroot that is not watched at every step; each must end inside. Under `sysroot-escape`,
 * which makes the folders: beside the sysroot lie "secret" and "only_outside", whose text is "outside", and "given",
 * which the program finds open as descriptor 3; in it "sub" and links to the secret. Argument: the folder around, by
 * its host path. */
#include "sockets.h"

static unsigned tricks;
static int top; /* on "/" */

/* What a file says: 'i' inside, 'o' outside, 0 for no such file. */
static char read_at(int directory, const char *path)
{
    char text[8] = "";
    long fd = CALL(openat, directory, path, O_RDONLY, 0);
    if (fd < 0) return 0;
    CALL(read, fd, text, 7);
    CALL(close, fd);
    return text[0];
}

/* `expected`: "inside"; or "nothing", if there is no such file. */
static void read_trick(int line, int directory, const char *path, char expected)
{
    char got = read_at(directory, path);
    ++tricks;
    if (got == expected) return;
    fail(line, "%s: %s, expected %s", path, got == 'o' ? "outside" : got ? "inside" : "nothing", expected ? "inside" : "nothing");
}
#define INSIDE(directory, path) read_trick(__LINE__, directory, path, 'i')
#define NOTHING(directory, path) read_trick(__LINE__, directory, path, 0)
#define NOT_OUTSIDE(directory, path) (++tricks, CHECK(read_at(directory, path) != 'o'))
#define REFUSED(call, error)            \
    do {                                \
        ++tricks;                       \
        CHECK_EQUAL(call, -(error));    \
    } while (0)

static int open_folder(const char *path, int flags)
{
    return (int)CHECK_WORKS(CALL(openat, AT_FDCWD, path, O_DIRECTORY | flags, 0));
}
static void link_to(const char *target, const char *path) { CHECK_WORKS(CALL(symlinkat, target, AT_FDCWD, path)); }
static void make_folder(const char *path) { CHECK_WORKS(CALL(mkdirat, AT_FDCWD, path, 0700)); }
static void rename_to(const char *from, const char *to)
{
    CHECK_WORKS(CALL(renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}

static void ways_up(const char *secret)
{
    INSIDE(top, "/secret");
    INSIDE(top, "/../secret");
    INSIDE(top, "/../../../../../../../../secret");
    INSIDE(top, "/d/../../secret");
    INSIDE(top, "../secret");
    INSIDE(top, "d/e/../../../secret");
    NOTHING(top, secret);
    NOTHING(top, "/../only_outside");
    INSIDE(open_folder("/d/e", 0), "../../../secret");
    INSIDE(open_folder("/d/e", O_PATH), "../../../../secret");
    INSIDE(open_folder("/..", 0), "../secret");
    CHECK_WORKS(CALL(chdir, "/.."));
    INSIDE(AT_FDCWD, "../secret");
    char here[256];
    CHECK_EQUAL(CALL(getcwd, here, sizeof here), 2);
    CHECK(text_equal(here, "/"));
    CHECK_WORKS(CALL(fchdir, open_folder("/d/e", O_PATH)));
    INSIDE(AT_FDCWD, "../../../secret");
    CHECK_WORKS(CALL(chdir, "/"));
}

static void links(const char *secret)
{
    link_to("/secret", "/l1");
    INSIDE(top, "l1");
    link_to("../../../secret", "/d/l2");
    INSIDE(top, "/d/l2");
    link_to(secret, "/l3");
    NOTHING(top, "/l3");
    link_to("/..", "/l4");
    INSIDE(top, "/l4/secret");
    INSIDE(top, "l4/../secret");
    link_to("d/e/../../../l4/l4", "/l5");
    INSIDE(top, "l5/secret");
    link_to("/proc/self/root/..", "/l6");
    INSIDE(top, "l6/secret");
    link_to("/proc/self/cwd/../../secret", "/l7");
    INSIDE(top, "l7");
    link_to("/dev/../../secret", "/l8");
    INSIDE(top, "l8");
}

static void magic_links(const char *folder)
{
    char path[512];
    INSIDE(top, "/proc/self/root/secret");
    INSIDE(top, "/proc/self/root/../secret");
    INSIDE(top, "/proc/thread-self/root/../../secret");
    INSIDE(top, "/proc/self/cwd/../secret");
    NOT_OUTSIDE(top, "/proc/1/root/secret"); /* whose links one may read depends on the user */
    print_to(path, sizeof path, "/proc/1/root%s/secret", folder);
    NOTHING(top, path);
    NOTHING(top, "/proc/1/cwd/proc/version");
    print_to(path, sizeof path, "/proc/%d/root%s/secret", (int)CALL_0(__NR_getppid), folder);
    NOTHING(top, path);
    print_to(path, sizeof path, "/proc/%d/task/%d/root/../secret", own_pid(), own_pid());
    INSIDE(top, path);
    print_to(path, sizeof path, "/proc/self/fd/%d/../secret", open_folder("/d", 0));
    INSIDE(top, path);
    print_to(path, sizeof path, "/proc/self/fd/%d/../../../secret", open_folder("/proc/self/fd", 0));
    INSIDE(top, path);
    INSIDE(open_folder("/proc", O_PATH), "../secret");
    INSIDE(open_folder("/proc/self/fd", 0), "../../../secret");
    INSIDE(open_folder("/dev", 0), "../../secret");
    INSIDE(open_folder("/sys", 0), "../../secret");
    NOTHING(top, "/proc/self/exe/../secret");
    INSIDE(top, "/proc/self/map_files/../../../../secret");
}

/* What the emulator is must not be seen by other names than /proc/self's either. */
static void emulator(void)
{
    char path[64];
    u8 head[20], own[20];
    link_to("/proc/self/mem", "/m1");
    link_to("/proc/self", "/m2");
    link_to("/proc/self/exe", "/m3");
    print_to(path, sizeof path, "/proc/%d/task/%d/mem", own_pid(), own_pid());
    const char *memories[] = {"/m1", "/m2/mem", path, "/proc/../proc/self/mem", "/proc/self/root/proc/self/mem"};
    for (unsigned i = 0; i < ARRAY_SIZE(memories); ++i) {
        ++tricks;
        long fd = CALL(openat, AT_FDCWD, memories[i], O_RDWR, 0);
        if (fd < 0) continue; /* refused; or it is our memory */
        word address = (word)&tricks;
        i64 position;
        unsigned value = 0;
        seek((int)fd, (i64)address, 0, &position);
        CHECK_EQUAL(CALL(read, fd, &value, sizeof value), sizeof value);
        CHECK_EQUAL(value, tricks);
        CALL(close, fd);
    }
    int program = (int)CHECK_WORKS(open_file((const char *)auxv_value(AT_EXECFN, 0), O_RDONLY, 0));
    CHECK_EQUAL(CALL(read, program, own, sizeof own), sizeof own);
    const char *programs[] = {"/m3", "/m2/exe", "/proc/../proc/self/exe", "/proc/self/task/../exe"};
    for (unsigned i = 0; i < ARRAY_SIZE(programs); ++i) {
        ++tricks;
        int fd = (int)CHECK_WORKS(open_file(programs[i], O_RDONLY, 0));
        CHECK_EQUAL(CALL(read, fd, head, sizeof head), sizeof head);
        for (unsigned n = 0; n < sizeof head; ++n) CHECK_EQUAL(head[n], own[n]);
        CALL(close, fd);
    }
}

/* A directory outside that the guest was given: what lies below is in reach, nothing above. */
static void given_directory(void)
{
    CHECK_EQUAL(read_at(3, "sub/allowed"), 'a');
    CHECK_EQUAL(read_at(3, "sub/../sub/allowed"), 'a');
    NOTHING(3, "../secret");
    NOTHING(3, "sub/../../secret");
    NOTHING(3, "link_up");
    NOTHING(3, "link_absolute");
    INSIDE(3, "link_inside");
    NOTHING(top, "/proc/self/fd/3/../secret");
    CHECK_WORKS(CALL(fchdir, 3));
    CHECK_EQUAL(read_at(AT_FDCWD, "sub/allowed"), 'a');
    NOTHING(AT_FDCWD, "../secret");
    NOTHING(top, "/proc/self/cwd/../secret");
    CHECK_WORKS(CALL(chdir, "sub"));
    NOTHING(AT_FDCWD, "../../secret");
    CHECK_WORKS(CALL(chdir, ".."));
    CHECK_WORKS(CALL(chdir, "../.."));
    NOTHING(AT_FDCWD, "secret");
    INSIDE(AT_FDCWD, "/secret");
    CHECK_WORKS(CALL(chdir, "/"));
}

static void moved_directories(const char *folder)
{
    make_folder("/r1");
    make_folder("/r1/r2");
    int deep = open_folder("/r1/r2", 0);
    rename_to("/r1/r2", "/r3");
    INSIDE(deep, "../secret");
    INSIDE(deep, "../../secret");
    CHECK_WORKS(CALL(fchdir, deep));
    rename_to("/r3", "/r1/r4");
    INSIDE(AT_FDCWD, "../../secret");
    CHECK_WORKS(CALL(unlinkat, AT_FDCWD, "/r1/r4", AT_REMOVEDIR));
    NOTHING(AT_FDCWD, "../secret");
    NOTHING(AT_FDCWD, "../../../secret");
    CHECK_WORKS(CALL(chdir, "/"));
    /* The same name is a folder, then a link. */
    int old = open_folder("/r1", 0);
    rename_to("/r1", "/r5");
    link_to(folder, "/r1");
    NOTHING(top, "/r1/secret");
    INSIDE(old, "../secret");
}

struct how_to_open {
    u64 flags, mode, resolve;
};
static void resolved(int line, int directory, const char *path, u64 resolve, char expected)
{
    struct how_to_open how = {O_RDONLY, 0, resolve};
    char text[8] = "";
    ++tricks;
    long fd = CALL(openat2, directory, path, &how, sizeof how);
    if (fd >= 0) CALL(read, fd, text, 7);
    if (text[0] != expected) fail(line, "openat2 %s: %s", path, text);
    CALL(close, fd);
}
static void rules_of_openat2(void)
{
    enum { no_symlinks = 4, beneath = 8, in_root = 16 };
    resolved(__LINE__, top, "../secret", no_symlinks, 'i');
    resolved(__LINE__, top, "/../../secret", no_symlinks, 'i');
    resolved(__LINE__, top, "../secret", beneath, 0);
    resolved(__LINE__, top, "../secret", in_root, 'i');
    resolved(__LINE__, 3, "../secret", no_symlinks, 0);
    resolved(__LINE__, 3, "../secret", in_root, 0);
    resolved(__LINE__, 3, "link_up", in_root, 0);
}

/* Calls that change something; the script looks afterwards that it happened inside. */
static void changes(void)
{
    struct {
        unsigned short family;
        char path[32];
    } address = {AF_UNIX, "/../made_socket"};
    REFUSED(CALL(faccessat, AT_FDCWD, "/../only_outside", 0), ENOENT);
    REFUSED(CALL(unlinkat, AT_FDCWD, "/../only_outside", 0), ENOENT);
    REFUSED(CALL(fchmodat, AT_FDCWD, "/../only_outside", 0777), ENOENT);
    REFUSED(CALL(fchownat, AT_FDCWD, "/../only_outside", 1, 1, 0), ENOENT);
    REFUSED(CALL(fchmodat, 3, "../only_outside", 0777), ENOENT);
    REFUSED(CALL(unlinkat, 3, "../only_outside", 0), ENOENT);
    REFUSED(CALL(linkat, AT_FDCWD, "/../only_outside", AT_FDCWD, "/stolen", 0), ENOENT);
    REFUSED(CALL(linkat, 3, "../only_outside", AT_FDCWD, "/stolen", 0), ENOENT);
    REFUSED(CALL(renameat2, 3, "../only_outside", AT_FDCWD, "/stolen", 0), ENOENT);
    const char *arguments[] = {"program", 0};
    REFUSED(CALL(execve, "/../only_outside", arguments, guest_environment), ENOENT);
    CHECK_WORKS(CALL(mkdirat, top, "../made_folder", 0700));
    CHECK_WORKS(CALL(mkdirat, 3, "sub/../made_given", 0700));
    CHECK_WORKS(CALL(symlinkat, "x", AT_FDCWD, "/../made_link"));
    CHECK_WORKS(CALL(linkat, AT_FDCWD, "/../secret", AT_FDCWD, "/../made_name", 0));
    CHECK_WORKS(open_file("/d/../../made_file", O_WRONLY | O_CREAT, 0600));
    CHECK_WORKS(open_file("/l4/made_by_link", O_WRONLY | O_CREAT, 0600));
    CHECK_WORKS(CALL(renameat2, AT_FDCWD, "/made_file", top, "../made_moved", 0));
    int socket = (int)CHECK_WORKS(CALL(socket, AF_UNIX, SOCK_DGRAM, 0));
    CHECK_WORKS(CALL(bind, socket, &address, sizeof address));
    tricks += 8;
}

/* A root of the guest's own, and the classical ways out of it: they end at the sysroot. */
static void changed_root(void)
{
    int at_d = open_folder("/d", 0);
    long error = CALL(chroot, "/d");
    if (error == -EPERM) return; /* for root alone */
    CHECK_EQUAL(error, 0);
    NOTHING(AT_FDCWD, "/secret");
    CHECK_EQUAL(read_at(AT_FDCWD, "/in_d"), 'd');
    CHECK_EQUAL(read_at(at_d, "../in_d"), 'd');
    NOTHING(AT_FDCWD, "/proc/self/root/secret");
    NOTHING(AT_FDCWD, "/proc/version");
    INSIDE(top, "secret"); /* as in Linux, a descriptor leads out of a root, */
    INSIDE(top, "../secret"); /* but not further than the tree is */
    INSIDE(top, "../../../secret");
    NOTHING(top, "../only_outside");
    CHECK_WORKS(CALL(fchdir, top));
    INSIDE(AT_FDCWD, "../../secret");
    char here[256];
    CHECK(CALL(getcwd, here, sizeof here) > 0);
    CHECK_EQUAL(here[0], '(');
    link_to("/in_d", "absolute");
    CHECK_EQUAL(read_at(top, "absolute"), 'd');
    CHECK_WORKS(CALL(chroot, "."));
    INSIDE(AT_FDCWD, "/../secret");
    NOTHING(AT_FDCWD, "/../only_outside");
    CHECK_WORKS(CALL(chroot, "/d/e"));
    CHECK_WORKS(CALL(chdir, "../../../../../.."));
    NOTHING(AT_FDCWD, "only_outside");
    INSIDE(AT_FDCWD, "secret");
}

int main(int argc, char **argv)
{
    char secret[512];
    CHECK_EQUAL(argc, 2);
    print_to(secret, sizeof secret, "%s/secret", argv[1]);
    top = open_folder("/", 0);
    ways_up(secret);
    links(secret);
    magic_links(argv[1]);
    emulator();
    given_directory();
    moved_directories(argv[1]);
    rules_of_openat2();
    changes();
    changed_root();
    print("%u tricks\n", tricks);
    return passed();
}
