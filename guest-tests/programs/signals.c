/* Handlers: siginfo, masks, nesting, alternate stack, flags, dispositions. */
#include "guest.h"

static volatile int count, depth, deepest;
static siginfo_t last;
static volatile word frame;

static void count_signal(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)context;
    count++;
    memcpy(&last, info, sizeof last);
    frame = (word)__builtin_frame_address(0);
}

static void raise_signal(int signal) { CHECK_EQUAL(send_signal(own_pid(), signal), 0); }

static void information(void)
{
    count = 0;
    CHECK_EQUAL(set_handler(SIGUSR1, count_signal, 0, 0), 0);
    raise_signal(SIGUSR1);
    CHECK_EQUAL(count, 1);
    CHECK_EQUAL(last.si_signo, SIGUSR1);
    CHECK_EQUAL(last.si_code, SI_USER);
    CHECK_EQUAL(last.si_pid, own_pid());
    long thread = CALL(gettid);
    CHECK_EQUAL(CALL(tgkill, own_pid(), thread, SIGUSR1), 0);
    CHECK_EQUAL(count, 2);
    CHECK_EQUAL(last.si_code, SI_TKILL);
    /* Real-time signals as well. */
    CHECK_EQUAL(set_handler(40, count_signal, 0, 0), 0);
    raise_signal(40);
    CHECK_EQUAL(last.si_signo, 40);
    raise_signal(0); /* only asks whether we exist */
    CHECK_EQUAL(send_signal(own_pid(), 65), -EINVAL);
}

static void masks(void)
{
    u64 old, now;
    count = 0;
    CHECK_EQUAL(set_signal_mask(SIG_BLOCK, SIGNAL_BIT(SIGUSR1) | SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(60), &old), 0);
    CHECK_EQUAL(set_signal_mask(SIG_BLOCK, 0, &now), 0);
    CHECK_EQUAL(now, old | SIGNAL_BIT(SIGUSR1) | SIGNAL_BIT(60)); /* SIGKILL cannot be blocked */
    raise_signal(SIGUSR1);
    raise_signal(SIGUSR1);
    CHECK_EQUAL(count, 0);
    CHECK_EQUAL(pending_signals() & SIGNAL_BIT(SIGUSR1), SIGNAL_BIT(SIGUSR1));
    CHECK_EQUAL(set_signal_mask(SIG_UNBLOCK, SIGNAL_BIT(SIGUSR1), 0), 0);
    CHECK_EQUAL(count, 1); /* an ordinary signal is pending once */
    CHECK_EQUAL(pending_signals() & SIGNAL_BIT(SIGUSR1), 0);
    CHECK_EQUAL(set_signal_mask(SIG_SETMASK, old, 0), 0);
    CHECK_EQUAL(set_signal_mask(99, 0, 0), -EINVAL);
    word wrong_size[2] = {0, 0};
    CHECK_EQUAL(CALL(rt_sigprocmask, SIG_BLOCK, wrong_size, 0, 4), -EINVAL);
}

static int raises_left;

static void nested_signal(int signal, siginfo_t *info, void *context)
{
    (void)info, (void)context;
    depth++;
    if (depth > deepest)
        deepest = depth;
    if (raises_left-- > 0)
        raise_signal(signal == SIGUSR1 ? SIGUSR2 : SIGUSR1);
    depth--;
}

static int depth_with(word flags, u64 mask)
{
    deepest = 0;
    raises_left = 4;
    CHECK_EQUAL(set_handler(SIGUSR1, nested_signal, flags, mask), 0);
    CHECK_EQUAL(set_handler(SIGUSR2, nested_signal, flags, mask), 0);
    raise_signal(SIGUSR1);
    CHECK_EQUAL(depth, 0);
    return deepest;
}

static void nesting(void)
{
    u64 before, after;
    set_signal_mask(SIG_BLOCK, SIGNAL_BIT(SIGALRM), 0);
    set_signal_mask(SIG_BLOCK, 0, &before);
    CHECK_EQUAL(depth_with(0, SIGNAL_BIT(SIGUSR1) | SIGNAL_BIT(SIGUSR2)), 1); /* one after the other */
    CHECK_EQUAL(depth_with(0, 0), 2); /* the other one nests, its own waits */
    CHECK_EQUAL(depth_with(SA_NODEFER, 0), 5);
    set_signal_mask(SIG_BLOCK, 0, &after);
    CHECK_EQUAL(after, before);
    set_signal_mask(SIG_UNBLOCK, SIGNAL_BIT(SIGALRM), 0);
}

static u8 alternate[65536];

static void on_alternate_stack(int signal, siginfo_t *info, void *context)
{
    stack_t stack;
    CHECK_EQUAL(CALL(sigaltstack, 0, &stack), 0);
    CHECK_EQUAL(stack.ss_flags, SS_ONSTACK);
    stack.ss_flags = SS_DISABLE;
    CHECK_EQUAL(CALL(sigaltstack, &stack, 0), -EPERM);
    count_signal(signal, info, context);
}

static void alternate_stack(void)
{
    stack_t stack = {.ss_sp = alternate, .ss_flags = 0, .ss_size = 100}, old;
    CHECK_EQUAL(CALL(sigaltstack, 0, &old), 0);
    CHECK_EQUAL(old.ss_flags, SS_DISABLE);
    CHECK_EQUAL(CALL(sigaltstack, &stack, 0), -ENOMEM);
    stack.ss_size = sizeof alternate;
    CHECK_EQUAL(CALL(sigaltstack, &stack, 0), 0);
    count = 0;
    CHECK_EQUAL(set_handler(SIGUSR1, on_alternate_stack, SA_ONSTACK, 0), 0);
    raise_signal(SIGUSR1);
    CHECK_EQUAL(count, 1);
    CHECK(frame - (word)alternate < sizeof alternate);
    CHECK_EQUAL(CALL(sigaltstack, 0, &old), 0);
    CHECK_EQUAL(old.ss_flags, 0);
    CHECK_EQUAL(old.ss_size, sizeof alternate);
    CHECK_EQUAL(set_handler(SIGUSR1, count_signal, 0, 0), 0);
    raise_signal(SIGUSR1);
    CHECK(frame - (word)alternate >= sizeof alternate);
}

static void dispositions(void)
{
    count = 0;
    CHECK_EQUAL(set_handler(SIGUSR1, count_signal, SA_RESETHAND, 0), 0);
    raise_signal(SIGUSR1);
    CHECK_EQUAL(count, 1);
    word now[8];
    CHECK_EQUAL(CALL(rt_sigaction, SIGUSR1, 0, now, ABI_SIGNAL_SET_SIZE), 0);
    CHECK_EQUAL(now[ABI_ACTION_HANDLER], 0); /* back to the default */
    CHECK_EQUAL(set_handler(SIGUSR1, (signal_handler)1, 0, 0), 0);
    raise_signal(SIGUSR1); /* ignored */
    CHECK_EQUAL(set_handler(SIGWINCH, 0, 0, 0), 0);
    raise_signal(SIGWINCH); /* ignored by default */
    CHECK_EQUAL(set_handler(SIGKILL, count_signal, 0, 0), -EINVAL);
    CHECK_EQUAL(set_handler(SIGSTOP, count_signal, 0, 0), -EINVAL);
    CHECK_EQUAL(set_handler(8 * ABI_SIGNAL_SET_SIZE + 1, count_signal, 0, 0), -EINVAL);
    CHECK_EQUAL(set_handler(0, count_signal, 0, 0), -EINVAL);
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    information();
    masks();
    nesting();
    alternate_stack();
    dispositions();
    return passed();
}
