/* What the engine lacks or gets wrong, row by row of engine-gaps.txt: prints "<gap> <outcome>" for each.
 * The script engine-gaps says whether that is what the table predicts. */
#include "guest.h"

struct gap {
    const char *name;
    const char *(*outcome)(void); /* one word; a signal is one as well */
};
#define GAPS static const struct gap gaps[] =
#include "gaps.h"

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    catch_faults();
    for (size_t i = 0; i < ARRAY_SIZE(gaps); i++) {
        const char *volatile outcome = 0;
        int signal = CAUSES_FAULT(outcome = gaps[i].outcome());
        if (signal) print("%s signal-%d\n", gaps[i].name, signal);
        else print("%s %s\n", gaps[i].name, outcome);
    }
    return 0;
}
