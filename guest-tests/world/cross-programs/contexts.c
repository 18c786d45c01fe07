/* Contexts: a coroutine on a stack of its own. */
#include <stdio.h>
#include <ucontext.h>

static ucontext_t main_context, generator;
static int produced;

static void produce(int first, int step)
{
    for (int i = 0; i < 5; i++) {
        produced = first + i * step;
        swapcontext(&generator, &main_context);
    }
    produced = -1;
}

int main(void)
{
    static char stack[65536];
    getcontext(&generator);
    generator.uc_stack.ss_sp = stack;
    generator.uc_stack.ss_size = sizeof stack;
    generator.uc_link = &main_context;
    makecontext(&generator, (void (*)(void))produce, 2, 100, 7);
    do {
        if (swapcontext(&main_context, &generator) != 0) {
            perror("swapcontext");
            return 1;
        }
        printf("%d ", produced);
    } while (produced >= 0);
    puts("end");
    return 0;
}
