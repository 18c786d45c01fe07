#include "kernel/signals_blocking.hpp"

#include <cerrno>
#include <unistd.h>

#if defined(__x86_64__)

// rdi: stop, rsi: number, rdx: arguments. Between `start` and `end` the call has not happened;
// a call that the host restarts stands on `syscall` again, so it counts as not happened too.
asm(R"(
    .text
    .globl postern_guarded_call
    .hidden postern_guarded_call, postern_guarded_start, postern_guarded_end, postern_guarded_back
    .type postern_guarded_call, @function
postern_guarded_call:
    .cfi_startproc
    mov %rdi, %r11
    mov %rsi, %rax
    mov %rdx, %rcx
    mov 0(%rcx), %rdi
    mov 8(%rcx), %rsi
    mov 16(%rcx), %rdx
    mov 24(%rcx), %r10
    mov 32(%rcx), %r8
    mov 40(%rcx), %r9
    .globl postern_guarded_start
postern_guarded_start:
    cmpl $0, (%r11)
    jne postern_guarded_back
    syscall
    .globl postern_guarded_end
postern_guarded_end:
    ret
    .globl postern_guarded_back
postern_guarded_back:
    mov $-4, %rax
    ret
    .cfi_endproc
    .size postern_guarded_call, . - postern_guarded_call
)");

extern "C" {
postern::i64 postern_guarded_call(const volatile int* stop, long number, const postern::u64* arguments);
extern const char postern_guarded_start[], postern_guarded_end[], postern_guarded_back[];
}
static_assert(EINTR == 4);

namespace postern::kernel::host {

i64 guarded_system_call(const volatile int* stop, long number, const u64 (&arguments)[6]) {
    return postern_guarded_call(stop, number, arguments);
}

void turn_back(ucontext_t& context) {
    auto& pc = context.uc_mcontext.gregs[REG_RIP];
    auto address = [](const char* label) { return static_cast<greg_t>(reinterpret_cast<intptr_t>(label)); };
    if (pc >= address(postern_guarded_start) && pc < address(postern_guarded_end))
        pc = address(postern_guarded_back);
}

}  // namespace postern::kernel::host

#else

namespace postern::kernel::host {

i64 guarded_system_call(const volatile int* stop, long number, const u64 (&arguments)[6]) {
    if (*stop) return -EINTR;
    i64 result = syscall(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
                         arguments[5]);
    return result == -1 ? -errno : result;
}

void turn_back(ucontext_t&) {}

}  // namespace postern::kernel::host

#endif
