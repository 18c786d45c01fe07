/* `#!` scripts: the interpreter gets its one argument, the script's path, and our arguments;
 * a script whose interpreter is missing is ENOENT, one that names itself ends as ELOOP. */
#include "guest.h"

static char path[64];

static void write_script(const char *text)
{
    int fd = (int)CHECK_WORKS(open_file(path, O_WRONLY | O_CREAT | O_TRUNC, 0700));
    CHECK_EQUAL(CALL(write, fd, text, text_length(text)), text_length(text));
    CHECK_EQUAL(CALL(fchmod, fd, 0700), 0);
    CHECK_EQUAL(CALL(close, fd), 0);
}

int main(int argc, char **argv)
{
    if (argc > 2 && text_equal(argv[1], "one argument")) {
        CALL(unlinkat, AT_FDCWD, argv[2], 0);
        CHECK_EQUAL(argc, 4);
        CHECK(text_equal(argv[3], "mine"));
        return passed();
    }
    char text[512];
    print_to(path, sizeof path, "guest-script-%d", own_pid());
    const char *arguments[] = {"ignored", "mine", 0};
    write_script("#!/nowhere/interpreter\n");
    CHECK_EQUAL(CALL(execve, path, arguments, guest_environment), -ENOENT);
    write_script("no header at all\n");
    CHECK_EQUAL(CALL(execve, path, arguments, guest_environment), -ENOEXEC);
    write_script("");
    CHECK_EQUAL(CALL(execve, path, arguments, guest_environment), -ENOEXEC);
    print_to(text, sizeof text, "#!%s\n", path);
    write_script(text);
    CHECK_EQUAL(CALL(execve, path, arguments, guest_environment), -ELOOP);
    print_to(text, sizeof text, "#! %s one argument  \nrest\n", (const char *)auxv_value(AT_EXECFN, 0));
    write_script(text);
    CALL(execve, path, arguments, guest_environment);
    FAIL("execve came back");
}
