/* Streams: formats, buffers, positions, scanning, text of any length. */
#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

static void formats(void)
{
    printf("[%5d|%-5d|%05d|%+d|% d|%x|%#o|%c|%s|%.3s|%*d]\n", 42, 42, 42, 42, 42, 255, 8, 'c', "text", "longer", 6, -7);
    printf("[%hhd|%hd|%ld|%lld|%zu|%td|%jd]\n", (signed char)-1, (short)-2, -3l, -4ll, sizeof(int), (ptrdiff_t)-5, (intmax_t)-6);
    printf("[%2$s %1$s]\n", "second", "first");
    errno = ENOENT;
    printf("%m\n");
    char small[8];
    const char *volatile text = "does not fit";
    int length = snprintf(small, sizeof small, "%s", text);
    printf("%d %s\n", length, small);
}

static void positions(void)
{
    FILE *file = tmpfile();
    if (!file)
        exit(1);
    for (int i = 0; i < 20000; i++)
        fprintf(file, "line %d %g %s\n", i, i * 0.5, i % 2 ? "odd" : "even");
    printf("written %ld\n", ftell(file));
    rewind(file);
    char *line = NULL;
    size_t room = 0;
    long bytes = 0, lines = 0;
    for (long n; (n = (long)getline(&line, &room, file)) > 0; lines++)
        bytes += n;
    printf("read %ld lines, %ld bytes, end %d\n", lines, bytes, feof(file) != 0);
    fseek(file, 1000, SEEK_SET);
    int c = fgetc(file);
    ungetc(c, file);
    printf("at %ld: %c, ", ftell(file), c);
    printf("again %c\n", fgetc(file));
    rewind(file);
    int number;
    double half;
    char word[16];
    long sum = 0;
    while (fscanf(file, "line %d %lf %15s\n", &number, &half, word) == 3)
        sum += number + (long)(half * 2) + (long)strlen(word);
    printf("sum %ld\n", sum);
    unsigned char block[4096];
    rewind(file);
    unsigned long check = 0;
    for (size_t n; (n = fread(block, 1, sizeof block, file)) > 0;)
        for (size_t i = 0; i < n; i++)
            check = (check * 31 + block[i]) & 0xffffffff;
    printf("check %08lx\n", check);
    free(line);
    fclose(file);
}

static void memory_streams(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    for (int i = 0; i < 100; i++)
        fprintf(out, "%d,", i * i);
    fclose(out);
    printf("%zu %.20s\n", size, text);
    free(text);
    wchar_t wide[32];
    swprintf(wide, 32, L"%d %s %lc", 7, "narrow", (wint_t)L'w');
    printf("%zu %ls\n", wcslen(wide), wide);
    int a, b;
    char rest[8];
    int fields = sscanf(" 12 0x1f rest", "%d %i %7s", &a, &b, rest);
    printf("%d %d %d %s\n", fields, a, b, rest);
    printf("%ld %lu %lld\n", strtol("-0777", NULL, 0), strtoul("4294967295", NULL, 10), strtoll("-9223372036854775808", NULL, 10));
}

int main(void)
{
    formats();
    positions();
    memory_streams();
    return 0;
}
