/* Every feature that AT_HWCAP, AT_HWCAP2 or the name of the platform promises is there: instructions
 * of it give what the architecture says. With the argument `complete` a promise that no row knows
 * fails as well; `list` tells what each row says, promised or not. */
#include "guest.h"

struct feature {
    const char *name;
    word source; /* AT_HWCAP, AT_HWCAP2, ALWAYS: the ABI or its platform's name promises it; or abi/<abi>/hwcap.h's */
    unsigned bit;
    int (*works)(void); /* null: nothing that a program can execute */
};
#define ALWAYS 0
#define FEATURES static const struct feature features[] =

/* abi/<abi>/hwcap.h defines `features`; where instructions promise more, `promise` and `sources`. */
#include "hwcap.h"

#ifndef MORE_SOURCES
#define MORE_SOURCES
static word promise(word source) { return source == ALWAYS ? 1 : auxv_value(source, 0); }
#endif

static int is_promised(const struct feature *feature) { return promise(feature->source) >> feature->bit & 1; }

/* 0: as the architecture says; -1: another result; else the signal. */
static int try_feature(const struct feature *feature)
{
    volatile int right = 1;
    int signal = feature->works ? CAUSES_FAULT(right = feature->works()) : 0;
    return signal ? signal : right ? 0 : -1;
}

static void check_known(word source)
{
    word unknown = promise(source);
    for (size_t i = 0; i < ARRAY_SIZE(features); i++)
        if (features[i].source == source) unknown &= ~((word)1 << features[i].bit);
    if (unknown) FAIL("source %lu promises %lx, of which no row knows anything", source, unknown);
}

static int list(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(features); i++) {
        int outcome = try_feature(&features[i]);
        print("%s %s: ", features[i].name, is_promised(&features[i]) ? "promised" : "not promised");
        if (!features[i].works) print("nothing to execute\n");
        else if (outcome > 0) print("signal %d\n", outcome);
        else print("%s\n", outcome ? "wrong" : "works");
    }
    return 0;
}

int main(int argc, char **argv)
{
    static const word sources[] = {AT_HWCAP, AT_HWCAP2, MORE_SOURCES};
    int complete = argc > 1 && text_equal(argv[1], "complete");
    catch_faults();
    if (argc > 1 && text_equal(argv[1], "list")) return list();
    for (size_t i = 0; complete && i < ARRAY_SIZE(sources); i++) check_known(sources[i]);
    for (size_t i = 0; i < ARRAY_SIZE(features); i++) {
        if (!is_promised(&features[i])) continue;
        int outcome = try_feature(&features[i]);
        if (outcome > 0) FAIL("%s is promised, but an instruction of it gives signal %d", features[i].name, outcome);
        if (outcome) FAIL("%s is promised, but gives another result than the architecture", features[i].name);
    }
    return passed();
}
