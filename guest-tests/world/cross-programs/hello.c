/* The start of a program: arguments, environment, exit handlers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void last(void) { puts("last"); }

__attribute__((constructor)) static void first(void) { puts("first"); }

int main(int argc, char **argv)
{
    atexit(last);
    printf("hello, %d argument, name %s\n", argc, strlen(argv[0]) > 0 ? "given" : "missing");
    setenv("WORD", "value", 1);
    printf("%s %s\n", getenv("WORD"), getenv("NO_SUCH_WORD") ? "set" : "unset");
    fputs("to stderr\n", stderr);
    return 0;
}
