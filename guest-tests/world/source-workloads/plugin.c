// The library of libraries.c.
#include "plugin.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

__thread int plugin_thread_number = 100;
static __thread char zeroed[64];

int plugin_add(int left, int right) { return left + right; }

static double mix(int a, double b, char c, float d, long long e, double f) { return a + b * 2 + c * 3 + d * 4 + (double)e * 5 + f * 6; }
static float scale(int factor, float number) { return factor * number; }
static struct triple turn(struct triple given) { return (struct triple){-given.number, given.fraction * 2, given.text + 1}; }

static int sum(int count, ...)
{
    va_list arguments;
    int total = 0;
    va_start(arguments, count);
    while (count-- > 0) total += va_arg(arguments, int);
    va_end(arguments);
    return total;
}

static void sort(int* values, int count, int (*compare)(const void*, const void*)) { qsort(values, count, sizeof *values, compare); }
static int ascending(const void* left, const void* right) { return *(const int*)left - *(const int*)right; }

static int count(void)
{
    zeroed[plugin_thread_number % 64] |= 1;
    return ++plugin_thread_number;
}

// Relocated all over: strings, functions of this library, of the program and of the C library, data of the program.
const struct plugin plugin = {
    "plugin", {1, 2, 3, 4}, plugin_add, mix, scale, turn, sum, sort, ascending, count,
    plugin_event, strlen, &shared_number,
};

__attribute__((constructor(201))) static void first(void) { plugin_event("first constructor"); }
__attribute__((constructor(202))) static void second(void) { plugin_event("second constructor"); }
__attribute__((destructor)) static void last(void) { plugin_event("destructor"); }
