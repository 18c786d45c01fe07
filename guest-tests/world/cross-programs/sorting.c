/* Sorting and searching: numbers, structs, strings; every comparison is a call back. */
#define _GNU_SOURCE
#include <search.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct thing {
    double weight;
    char name[11];
    short number;
};

static int by_number(const void *a, const void *b)
{
    int first = *(const int *)a, second = *(const int *)b;
    return (first > second) - (first < second);
}
static int by_weight(const void *a, const void *b)
{
    double first = ((const struct thing *)a)->weight, second = ((const struct thing *)b)->weight;
    return (first > second) - (first < second);
}
static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }
static int by_text_with(const void *a, const void *b, void *sign) { return *(int *)sign * by_text(a, b); }

int main(void)
{
    enum { COUNT = 50000 };
    static int numbers[COUNT];
    static struct thing entries[5000];
    uint32_t state = 1;
    for (int i = 0; i < COUNT; i++)
        numbers[i] = (int)(state = state * 1103515245 + 12345);
    qsort(numbers, COUNT, sizeof *numbers, by_number);
    int wrong = 0;
    for (int i = 1; i < COUNT; i++)
        wrong += numbers[i - 1] > numbers[i];
    printf("%d wrong, %d %d %d\n", wrong, numbers[0], numbers[COUNT / 2], numbers[COUNT - 1]);
    int key = numbers[777];
    int *found = bsearch(&key, numbers, COUNT, sizeof *numbers, by_number);
    printf("found %d\n", found && *found == key);
    for (int i = 0; i < 5000; i++) {
        entries[i].weight = (i * 7919 % 5003) / 16.0 - 100;
        entries[i].number = (short)i;
        snprintf(entries[i].name, sizeof entries[i].name, "n%d", i);
    }
    qsort(entries, 5000, sizeof *entries, by_weight);
    for (int i = 0; i < 5000; i += 1250)
        printf("%s %d %g\n", entries[i].name, entries[i].number, entries[i].weight);
    char *words[] = {"delta", "alpha", "Charlie", "bravo", "", "echo", "alphabet"};
    int sign = -1;
    qsort(words, 7, sizeof *words, by_text);
    for (int i = 0; i < 7; i++)
        printf("%s ", words[i]);
    qsort_r(words, 7, sizeof *words, by_text_with, &sign);
    puts(words[0]);
    hcreate(100);
    for (int i = 0; i < 7; i++)
        hsearch((ENTRY){words[i], words[i] + strlen(words[i])}, ENTER);
    ENTRY *entry = hsearch((ENTRY){"echo", NULL}, FIND);
    printf("%s\n", entry ? entry->key : "none");
    return 0;
}
