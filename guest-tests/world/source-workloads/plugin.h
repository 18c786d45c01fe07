// What libraries.c and its library say to each other.
#include <stddef.h>

struct triple {
    int number;
    double fraction;
    const char* text;
};
struct plugin {
    const char* name;
    int numbers[4];
    int (*add)(int, int);
    double (*mix)(int, double, char, float, long long, double);
    float (*scale)(int, float);
    struct triple (*turn)(struct triple);
    int (*sum)(int, ...);
    void (*sort)(int*, int, int (*)(const void*, const void*));
    int (*ascending)(const void*, const void*);
    int (*count)(void);   // calls by this thread
    void (*event)(const char*);
    size_t (*length)(const char*);
    int* number;
};
void plugin_event(const char* text);
extern int shared_number;
