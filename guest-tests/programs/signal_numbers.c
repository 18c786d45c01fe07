/* As many signals as sigset_t has bits: handlers of all of them are kept, those that nobody can send included. */
#include "guest.h"

enum { LAST_SIGNAL = 8 * ABI_SIGNAL_SET_SIZE };

static void handler(int signal, siginfo_t *info, void *context) { (void)signal, (void)info, (void)context; }

static word handler_of(int signal)
{
    word action[16] = {0};
    CHECK_EQUAL(CALL(rt_sigaction, signal, 0, action, ABI_SIGNAL_SET_SIZE), 0);
    return action[ABI_ACTION_HANDLER];
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    CHECK_EQUAL(set_handler(60, handler, 0, 0), 0);
    word wanted = handler_of(60);
    CHECK(wanted > 1);
    for (int signal = 65; signal <= LAST_SIGNAL; signal++) {
        CHECK_EQUAL(handler_of(signal), 0);
        CHECK_EQUAL(set_handler(signal, handler, 0, 0), 0);
        CHECK_EQUAL(handler_of(signal), wanted);
    }
    CHECK_EQUAL(set_handler(LAST_SIGNAL + 1, handler, 0, 0), -EINVAL);
    CHECK_EQUAL(set_handler(0, handler, 0, 0), -EINVAL);
    return passed();
}
