// dlopen and what hangs on it: libraries that call back, bring thread-local variables and constructors, are found
// by name and by address, are unloaded and come again. The library is plugin.c, loaded from the folder it runs in.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

static int events;
static void section(const char* name) { printf("== %s\n", name); }

// Found by the plugin in the program itself, which exports its symbols.
void plugin_event(const char* text) { printf("event %d: %s\n", ++events, text); }
int shared_number = 7;

static void* load(const char* name, int how)
{
    void* library = dlopen(name, how);
    if (!library) {
        printf("cannot load %s\n", name);
        exit(1);
    }
    return library;
}

static void* find(void* library, const char* name)
{
    dlerror();
    void* found = dlsym(library, name);
    if (dlerror()) {
        printf("%s is not there\n", name);
        exit(1);
    }
    return found;
}

static int descending(const void* left, const void* right) { return *(const int*)right - *(const int*)left; }

static void call(void* library)
{
    const struct plugin* plugin = find(library, "plugin");
    printf("%s %d %d\n", plugin->name, plugin->add(40, 2), plugin->numbers[2]);
    printf("%.6f %.6f\n", plugin->mix(1, 2.5, 3, 4.5f, 5000000000LL, 6.25), plugin->scale(3, 0.5f));
    struct triple given = {1, 2.5, "three"}, got = plugin->turn(given);
    printf("%d %.2f %s\n", got.number, got.fraction, got.text);
    printf("%d\n", plugin->sum(5, 1, 2, 3, 4, 5));
    int values[] = {5, 3, 9, 1};
    plugin->sort(values, 4, descending);
    printf("%d %d %d %d\n", values[0], values[1], values[2], values[3]);
    qsort(values, 4, sizeof *values, plugin->ascending);
    printf("%d %d %d %d\n", values[0], values[1], values[2], values[3]);
}

// A function has one address, whoever takes it: the program, the library, or dlsym.
static void compare_addresses(void* library)
{
    const struct plugin* plugin = find(library, "plugin");
    printf("%d %d %d\n", plugin->event == plugin_event, find(RTLD_DEFAULT, "plugin_event") == (void*)plugin_event,
           find(library, "plugin_add") == (void*)plugin->add);
    printf("%d %d\n", plugin->length == strlen, find(RTLD_DEFAULT, "strlen") == (void*)strlen);
    printf("%d %d\n", plugin->number == &shared_number, ++*plugin->number);
    Dl_info info = {0};
    int known = dladdr((void*)plugin->add, &info);
    const char* name = info.dli_fname ? strrchr(info.dli_fname, '/') : NULL;
    printf("%d %s %s %d\n", known != 0, name ? name + 1 : "-", info.dli_sname ? info.dli_sname : "-", info.dli_saddr == (void*)plugin->add);
}

struct work {
    const struct plugin* plugin;
    int rounds, last;
};

static void* count_in_thread(void* argument)
{
    struct work* work = argument;
    for (int i = 0; i < work->rounds; i++) work->last = work->plugin->count();
    return NULL;
}

static void use_threads(void* library)
{
    enum { threads = 8 };
    struct work work[threads];
    pthread_t thread[threads];
    const struct plugin* plugin = find(library, "plugin");
    plugin->count();
    for (int i = 0; i < threads; i++) {
        work[i] = (struct work){plugin, (i + 1) * 100, 0};
        if (pthread_create(&thread[i], NULL, count_in_thread, &work[i])) exit(1);
    }
    for (int i = 0; i < threads; i++) pthread_join(thread[i], NULL);
    for (int i = 0; i < threads; i++) printf("%d ", work[i].last);
    printf("%d\n", plugin->count());
    int* here = find(library, "plugin_thread_number");
    printf("%d\n", *here);
}

static void fail(void)
{
    printf("%d\n", dlopen("./none.so", RTLD_NOW) == NULL);
    printf("%d\n", dlerror() != NULL && dlerror() == NULL);
    void* library = load("./libplugin.so", RTLD_LAZY | RTLD_NOLOAD);
    printf("%d\n", dlsym(library, "none") == NULL);
    printf("%d\n", strstr(dlerror(), "none") != NULL);
    printf("%d\n", dlsym(RTLD_DEFAULT, "plugin_add") == NULL);   // it was loaded for itself
    dlclose(library);
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    section("load");
    void* library = load("./libplugin.so", RTLD_LAZY | RTLD_LOCAL);
    section("call");
    call(library);
    section("addresses");
    compare_addresses(library);
    section("threads");
    use_threads(library);
    section("errors");
    fail();
    section("unload");
    printf("%d\n", dlclose(library));
    printf("%d\n", dlopen("./libplugin.so", RTLD_LAZY | RTLD_NOLOAD) == NULL);
    section("again");
    library = load("./libplugin.so", RTLD_NOW | RTLD_GLOBAL);
    call(library);
    printf("%d\n", ((int (*)(int, int))find(RTLD_DEFAULT, "plugin_add"))(1, 2));
    section("mathematics");
    void* mathematics = load("libm.so.6", RTLD_LAZY);
    double (*cosine)(double) = (double (*)(double))find(mathematics, "cos");
    float (*root)(float) = (float (*)(float))find(mathematics, "sqrtf");
    printf("%.12f %.6f %.12f\n", cosine(1), root(2), ((double (*)(double, double))find(mathematics, "pow"))(1.5, 2.5));
    section("end");
    return 0;   // destructors of what is still loaded follow
}
