/* Files and folders: open, all stat forms, getdents, rename, links, times, modes, cwd. */
#include "guest.h"

#include <linux/stat.h>

static char start[400], folder[64];

/* One answer from whichever stat calls the ABI has; all of them must agree. */
struct facts {
    u64 inode, size, modified;
    unsigned mode, links;
};

#define TAKE(stat_value)                                                                       \
    ((struct facts){(u64)(stat_value).st_ino, (u64)(stat_value).st_size,                       \
                    (u64)(stat_value).st_mtime, (unsigned)(stat_value).st_mode, (unsigned)(stat_value).st_nlink})

static __attribute__((unused)) void check_same(const char *what, struct facts a, struct facts b)
{
    if (a.inode != b.inode || a.size != b.size || a.modified != b.modified || a.mode != b.mode ||
        a.links != b.links)
        FAIL("%s differs", what);
}

static struct facts facts_of(const char *name, int follow)
{
    int flags = follow ? 0 : 0x100 /* AT_SYMLINK_NOFOLLOW */;
    struct statx wide;
    CHECK_EQUAL(CALL(statx, AT_FDCWD, name, flags, 0x7ff, &wide), 0);
    struct facts facts = {wide.stx_ino, wide.stx_size, (u64)wide.stx_mtime.tv_sec, wide.stx_mode, wide.stx_nlink};
#ifdef __NR_fstatat64
    struct stat64 middle;
    CHECK_EQUAL(CALL(fstatat64, AT_FDCWD, name, &middle, flags), 0);
    check_same("fstatat64", facts, TAKE(middle));
    CHECK_EQUAL(follow ? CALL(stat64, name, &middle) : CALL(lstat64, name, &middle), 0);
    check_same("stat64", facts, TAKE(middle));
#elif defined __NR_newfstatat
    ABI_STAT native;
    CHECK_EQUAL(CALL(newfstatat, AT_FDCWD, name, &native, flags), 0);
    check_same("newfstatat", facts, TAKE(native));
#endif
#ifdef __NR_stat
    ABI_STAT old;
    CHECK_EQUAL(follow ? CALL(stat, name, &old) : CALL(lstat, name, &old), 0);
    check_same("stat", facts, TAKE(old));
#endif
    return facts;
}

static void write_file(const char *name, const char *text)
{
    int fd = (int)CHECK_WORKS(open_file(name, O_WRONLY | O_CREAT | O_TRUNC, 0640));
    CHECK_EQUAL(CALL(write, fd, text, text_length(text)), text_length(text));
    CHECK_EQUAL(CALL(close, fd), 0);
}

static void opening(void)
{
    CHECK_EQUAL(open_file("missing", O_RDONLY, 0), -ENOENT);
    CHECK_EQUAL(open_file(".", O_WRONLY, 0), -EISDIR);
    CHECK_EQUAL(open_file("one", O_RDONLY | O_DIRECTORY, 0), -ENOTDIR);
    CHECK_EQUAL(open_file("one", O_WRONLY | O_CREAT | O_EXCL, 0600), -EEXIST);
    CHECK_EQUAL(open_file("", O_RDONLY, 0), -ENOENT);
    int fd = (int)CHECK_WORKS(open_file("one", O_RDWR | O_APPEND, 0));
    i64 position;
    char text[8];
    CHECK_EQUAL(CALL(write, fd, "de", 2), 2);
    CHECK_EQUAL(seek(fd, 1, 0, &position), 0);
    CHECK_EQUAL(position, 1);
    CHECK_EQUAL(CALL(read, fd, text, 8), 4);
    CHECK(memcmp(text, "bcde", 4) == 0);
    CHECK_EQUAL(seek(fd, -2, 2, &position), 0);
    CHECK_EQUAL(position, 3);
    /* Beyond 4 GiB. */
    CHECK_EQUAL(seek(fd, 0x123456789ll, 0, &position), 0);
    CHECK_EQUAL(position, 0x123456789ll);
    CHECK_EQUAL(seek(fd, -1, 0, &position), -EINVAL);
    CHECK_EQUAL(CALL(fcntl, fd, F_GETFL, 0) & (O_ACCMODE | O_APPEND), O_RDWR | O_APPEND);
    CHECK_EQUAL(CALL(ftruncate, fd, 3), 0);
    CHECK_EQUAL(CALL(fsync, fd), 0);
    CHECK_EQUAL(CALL(close, fd), 0);
    CHECK_EQUAL(facts_of("one", 1).size, 3);
}

static void names_and_links(void)
{
    CHECK_EQUAL(CALL(linkat, AT_FDCWD, "one", AT_FDCWD, "hard", 0), 0);
    CHECK_EQUAL(facts_of("hard", 1).inode, facts_of("one", 1).inode);
    CHECK_EQUAL(facts_of("one", 1).links, 2);
    CHECK_EQUAL(CALL(symlinkat, "one", AT_FDCWD, "soft"), 0);
    CHECK_EQUAL(facts_of("soft", 1).inode, facts_of("one", 1).inode);
    CHECK_EQUAL(facts_of("soft", 0).mode & 0170000, 0120000);
    char text[16];
    CHECK_EQUAL(CALL(readlinkat, AT_FDCWD, "soft", text, 16), 3);
    CHECK(memcmp(text, "one", 3) == 0);
    CHECK_EQUAL(CALL(readlinkat, AT_FDCWD, "one", text, 16), -EINVAL);
    CHECK_EQUAL(open_file("soft", O_RDONLY | O_NOFOLLOW, 0), -ELOOP);
    CHECK_EQUAL(CALL(renameat2, AT_FDCWD, "hard", AT_FDCWD, "renamed", 0), 0);
    CHECK_EQUAL(CALL(faccessat, AT_FDCWD, "hard", 0), -ENOENT);
    CHECK_EQUAL(CALL(faccessat, AT_FDCWD, "renamed", 4), 0);
    CHECK_EQUAL(CALL(unlinkat, AT_FDCWD, "renamed", 0), 0);
    CHECK_EQUAL(CALL(unlinkat, AT_FDCWD, "soft", 0), 0);
}

static void modes_and_times(void)
{
    CHECK_EQUAL(facts_of("one", 1).mode, 0100640);
    CHECK_EQUAL(CALL(fchmodat, AT_FDCWD, "one", 0711), 0);
    CHECK_EQUAL(facts_of("one", 1).mode, 0100711);
    time_word times[4] = {1000000000, 5, 1234567890, 7};
    CHECK_EQUAL(CALL(utimensat, AT_FDCWD, "one", times, 0), 0);
    CHECK_EQUAL(facts_of("one", 1).modified, 1234567890);
    struct statx wide;
    CHECK_EQUAL(CALL(statx, AT_FDCWD, "one", 0, 0x7ff, &wide), 0);
    CHECK_EQUAL(wide.stx_mtime.tv_nsec, 7);
    CHECK_EQUAL(wide.stx_atime.tv_sec, 1000000000);
    CHECK_EQUAL(CALL(umask, 077), 022);
    CHECK_EQUAL(CALL(umask, 022), 077);
}

struct entry {
    u64 inode;
    i64 next;
    uint16_t length;
    u8 type;
    char name[];
} __attribute__((packed));

static int count_entries(unsigned buffer_size)
{
    static char buffer[4096] __attribute__((aligned(8)));
    int fd = (int)CHECK_WORKS(open_file(".", O_RDONLY | O_DIRECTORY, 0)), count = 0;
    for (;;) {
        long size = CHECK_WORKS(CALL(getdents64, fd, buffer, buffer_size));
        if (size == 0)
            break;
        for (long at = 0; at < size;) {
            struct entry *entry = (struct entry *)(buffer + at);
            CHECK(entry->length >= 19 + text_length(entry->name) + 1 && entry->length % 8 == 0);
            if (text_equal(entry->name, "sub"))
                CHECK_EQUAL(entry->type, 4 /* DT_DIR */);
            count++;
            at += entry->length;
        }
    }
    CHECK_EQUAL(CALL(close, fd), 0);
    return count;
}

static void folders(void)
{
    CHECK_EQUAL(CALL(mkdirat, AT_FDCWD, "sub", 0755), 0);
    CHECK_EQUAL(CALL(mkdirat, AT_FDCWD, "sub", 0755), -EEXIST);
    for (int i = 0; i < 40; i++) {
        char name[32];
        print_to(name, sizeof name, "sub/file-%d", i);
        write_file(name, name);
    }
    CHECK_EQUAL(count_entries(4096), 4); /* . .. one sub */
    int here = (int)CHECK_WORKS(open_file(".", O_RDONLY | O_DIRECTORY, 0));
    CHECK_EQUAL(CALL(chdir, "sub"), 0);
    CHECK_EQUAL(count_entries(4096), 42);
    CHECK_EQUAL(count_entries(100), 42);
    char path[512], expected[512];
    print_to(expected, sizeof expected, "%s/%s/sub", start, folder);
    CHECK_EQUAL(CALL(getcwd, path, sizeof path), text_length(expected) + 1);
    CHECK(text_equal(path, expected));
    CHECK_EQUAL(CALL(getcwd, path, 3), -ERANGE);
    CHECK_EQUAL(CALL(fchdir, here), 0);
    CHECK_EQUAL(CALL(unlinkat, AT_FDCWD, "sub", 0x200 /* AT_REMOVEDIR */), -ENOTEMPTY);
    for (int i = 0; i < 40; i++) {
        char name[32];
        print_to(name, sizeof name, "sub/file-%d", i);
        CHECK_EQUAL(CALL(unlinkat, here, name, 0), 0);
    }
    CHECK_EQUAL(CALL(unlinkat, AT_FDCWD, "sub", 0x200), 0);
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    CALL(umask, 022);
    CHECK_WORKS(CALL(getcwd, start, sizeof start));
    print_to(folder, sizeof folder, "guest-files-%d", own_pid());
    CHECK_EQUAL(CALL(mkdirat, AT_FDCWD, folder, 0700), 0);
    CHECK_EQUAL(CALL(chdir, folder), 0);
    write_file("one", "abc");
    CHECK_EQUAL(facts_of("one", 1).size, 3);
    opening();
    names_and_links();
    modes_and_times();
    folders();
    CHECK_EQUAL(CALL(unlinkat, AT_FDCWD, "one", 0), 0);
    CHECK_EQUAL(CALL(chdir, ".."), 0);
    CHECK_EQUAL(CALL(unlinkat, AT_FDCWD, folder, 0x200), 0);
    return passed();
}
