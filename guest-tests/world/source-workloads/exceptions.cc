// C++ exceptions: through many frames, of all kinds, through frames of C, on threads, and out of signal handlers
// through the frame that the kernel made. Built with -fnon-call-exceptions.
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <typeinfo>
#include <vector>

#include <pthread.h>
#include <unistd.h>

// kill() as a function that may throw: its own declaration says that it does not.
extern "C" int kill_and_throw(pid_t, int) __asm__("kill");

namespace {

#define NOINLINE __attribute__((noinline, noclone))

void section(const char* name) { std::printf("== %s\n", name); }

std::atomic<int> living = 0;
struct Guard {
    explicit Guard(const char* given) : name(given) { ++living; }
    ~Guard()
    {
        --living;
        if (*name) std::printf("left %s\n", name);
    }
    Guard(const Guard&) = delete;
    const char* name;
};

struct Failure : std::runtime_error {
    Failure(const std::string& text, int given) : std::runtime_error(text), number(given) {}
    int number;
};
struct Left { virtual ~Left() = default; int left = 1; };
struct Right { virtual ~Right() = default; int right = 2; };
struct Both : Left, virtual Right { int both = 3; };

// --- frames

NOINLINE double deep(int depth, double a, double b, int x, int y)
{
    Guard guard("");
    if (depth == 0) throw Failure("bottom", x + y);
    double c = a * 1.5 + b, d = b - a / 3;   // in registers that a callee must keep
    double below = deep(depth - 1, b, a, y, x + 1);
    return below + c * d + x - y;
}

NOINLINE void through_frames(int depth)
{
    double a = depth * 0.5, b = depth * 0.25, c = a + b, d = a - b, e = a * b;
    long p = depth, q = depth * 3, r = depth * 5, s = depth * 7;
    try {
        deep(depth, a, b, depth, 1);
    } catch (const Failure& failure) {
        std::printf("%s %d; %g %g %g %g %g; %ld %ld %ld %ld\n", failure.what(), failure.number, a, b, c, d, e, p, q, r, s);
    }
    std::printf("living %d\n", living.load());
}

NOINLINE void guarded(int depth)
{
    static const char* const names[] = {"first", "second", "third"};
    if (depth == 3) throw std::string("thrown");
    Guard guard(names[depth]);
    guarded(depth + 1);
}

// --- kinds

template <class T> NOINLINE void throw_one(const T& value) { throw value; }

NOINLINE void what_is(const std::function<void()>& thrower)
{
    try {
        thrower();
        std::puts("nothing");
    } catch (int number) {
        std::printf("int %d\n", number);
    } catch (const char* text) {
        std::printf("text %s\n", text);
    } catch (double number) {
        std::printf("double %g\n", number);
    } catch (long long number) {
        std::printf("long long %lld\n", number);
    } catch (const Failure& failure) {
        std::printf("Failure %d\n", failure.number);
    } catch (const std::logic_error& error) {
        std::printf("logic_error %s\n", error.what());
    } catch (const std::exception& error) {
        std::printf("exception %s\n", typeid(error).name());
    } catch (const Right& right) {
        std::printf("Right %d %d\n", right.right, dynamic_cast<const Both*>(&right) ? dynamic_cast<const Both&>(right).both : 0);
    } catch (...) {
        std::puts("something");
    }
}

struct Base {
    explicit Base(int number) { if (number < 0) throw number; }
};
struct Derived : Base {
    Guard member{"member"};
    explicit Derived(int number) try : Base(1), member("member"), other(number) {
    } catch (int failed) {
        std::printf("constructor gave up on %d\n", failed);
    }
    Base other;
};

void kinds()
{
    what_is([] { throw_one(42); });
    what_is([] { throw_one("a text"); });
    what_is([] { throw_one(2.5); });
    what_is([] { throw_one(1234567890123LL); });
    what_is([] { throw_one(Failure("x", 7)); });
    what_is([] { throw_one(Both()); });
    what_is([] { throw_one('c'); });
    what_is([] { (void)std::vector<int>(3).at(5); });
    what_is([] { (void)std::stoi("none"); });
    what_is([] { Left* left = new Left; std::unique_ptr<Left> owner(left); (void)dynamic_cast<Both&>(*left); });
    what_is([] { volatile std::size_t size = static_cast<std::size_t>(-64); ::operator delete(::operator new(size)); });
    what_is([] { Derived derived(-5); });
    what_is([] { std::function<void()> empty; empty(); });
    what_is([] {});
}

void again()
{
    std::exception_ptr kept;
    try {
        try {
            try {
                throw Failure("inner", 1);
            } catch (Failure& failure) {
                failure.number += 10;
                throw;
            }
        } catch (...) {
            kept = std::current_exception();
            std::throw_with_nested(std::logic_error("outer"));
        }
    } catch (const std::exception& error) {
        std::printf("%s, uncaught %d\n", error.what(), std::uncaught_exceptions());
        try {
            std::rethrow_if_nested(error);
        } catch (const Failure& failure) {
            std::printf("nested %s %d\n", failure.what(), failure.number);
        }
    }
    try {
        std::rethrow_exception(kept);
    } catch (const Failure& failure) {
        std::printf("kept %s %d\n", failure.what(), failure.number);
    }
}

// --- frames of C

int calls;
int compare(const void* left, const void* right)
{
    Guard guard("");
    if (++calls == 5) throw Failure("compared", calls);
    return *static_cast<const int*>(left) - *static_cast<const int*>(right);
}

void through_c()
{
    int numbers[] = {9, 8, 7, 6, 5, 4, 3, 2, 1};
    try {
        std::qsort(numbers, 9, sizeof *numbers, compare);
    } catch (const Failure& failure) {
        std::printf("%s %d, living %d\n", failure.what(), failure.number, living.load());
    }
}

void many()
{
    long sum = 0;
    for (int i = 0; i < 2000; i++) {
        try {
            deep(i % 20, i, 2, i, 0);
        } catch (const std::exception& error) {
            sum += static_cast<const Failure&>(error).number;
        }
    }
    std::printf("%ld %d\n", sum, living.load());
}

// --- threads

// Its end unwinds the frames, too.
NOINLINE void end_thread(int depth)
{
    Guard guard(depth ? "" : "the thread that ends");
    if (depth > 0) end_thread(depth - 1);
    else if (living) pthread_exit(&living);
}
void* run_thread(void*)
{
    end_thread(5);
    return nullptr;
}

void threads()
{
    std::vector<std::future<int>> results;
    for (int i = 0; i < 6; i++) {
        results.push_back(std::async(std::launch::async, [i]() -> int {
            for (int n = 0; n < 50; n++) {
                try { deep(n % 7, n, i, n, i); } catch (const Failure&) {}
            }
            if (i % 2) throw Failure("in a thread", i);
            return i;
        }));
    }
    for (auto& result : results) {
        try {
            std::printf("result %d\n", result.get());
        } catch (const Failure& failure) {
            std::printf("%s %d\n", failure.what(), failure.number);
        }
    }
    pthread_t thread;
    void* end = nullptr;
    pthread_create(&thread, nullptr, run_thread, nullptr);
    pthread_join(thread, &end);
    std::printf("%d, living %d\n", end == &living, living.load());
}

// --- signals

volatile int* volatile nowhere = nullptr;
struct Signal { int number; };

void on_signal(int number)
{
    Guard guard("");
    throw Signal{number};
}
void on_signal_with_information(int number, siginfo_t* information, void*)
{
    Guard guard("");
    std::printf("at %ld\n", reinterpret_cast<long>(information->si_addr));
    throw Signal{number};
}

void install(int number, int flags)
{
    struct sigaction action = {};
    if (flags & SA_SIGINFO) action.sa_sigaction = on_signal_with_information;
    else action.sa_handler = on_signal;
    action.sa_flags = flags | SA_NODEFER;
    if (sigaction(number, &action, nullptr)) std::abort();
}

NOINLINE int touch(int depth, double a, double b)
{
    Guard guard("");
    if (depth == 0) return *nowhere;
    double c = a * b + 1;
    int below = touch(depth - 1, b, c);
    return below + static_cast<int>(c);
}
NOINLINE int leaf(volatile int* where) { return *where + 1; }   // no frame of its own
NOINLINE void store(volatile int* where, int value) { *where = value; }

NOINLINE void caught(const char* what, const std::function<void()>& action)
{
    double a = 1.25, b = living.load() + 2.5, c = a * b;
    long p = living + 11, q = p * 3, r = p * 5;
    try {
        action();
        std::puts("no signal");
    } catch (const Signal& signal) {
        std::printf("%s: %s; %g %g %g %ld %ld %ld; living %d\n", what, signal.number == SIGSEGV ? "SIGSEGV" : "SIGUSR1", a, b, c, p, q, r, living.load());
    }
}

void signals()
{
    install(SIGUSR1, 0);
    install(SIGSEGV, 0);
    caught("read", [] { touch(10, 1, 2); });
    caught("leaf", [] { leaf(nowhere); });
    caught("store", [] { store(nowhere, 3); });
    caught("here", [] { Guard guard("here"); *nowhere = 1; });
    caught("kill", [] { Guard guard("killer"); kill_and_throw(getpid(), SIGUSR1); });
    section("signals with information");
    install(SIGSEGV, SA_SIGINFO);
    caught("read", [] { touch(10, 1, 2); });
    caught("leaf", [] { leaf(nowhere + 4); });
    caught("store", [] { store(nowhere + 8, 3); });
    section("signals on a stack of their own");
    std::vector<char> memory(1 << 17);
    stack_t stack = {};
    stack.ss_sp = memory.data();
    stack.ss_size = memory.size();
    if (sigaltstack(&stack, nullptr)) std::abort();
    install(SIGSEGV, SA_ONSTACK);
    for (int i = 0; i < 3; i++) caught("read", [i] { touch(i * 5, 1, 2); });
    section("many signals");
    int count = 0;
    for (int i = 0; i < 300; i++) {
        try {
            touch(i % 9, i, 1);
        } catch (const Signal&) {
            ++count;
        }
    }
    std::printf("%d %d\n", count, living.load());
    section("signals on a thread");
    std::thread([] { caught("thread", [] { touch(4, 1, 2); }); }).join();
}

[[noreturn]] void terminate()
{
    try {
        throw;
    } catch (const Failure& failure) {
        std::printf("terminated by %s\n", failure.what());
    }
    section("end");
    std::fflush(stdout);
    _exit(3);
}

NOINLINE void never_throws() noexcept { deep(3, 1, 2, 3, 4); }

}  // namespace

int main()
{
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    section("frames");
    for (int depth : {0, 1, 7, 300}) through_frames(depth);
    try {
        guarded(0);
    } catch (const std::string& text) {
        std::puts(text.c_str());
    }
    section("kinds");
    kinds();
    section("again");
    again();
    section("frames of C");
    through_c();
    section("many");
    many();
    section("threads");
    threads();
    section("signals");
    signals();
    section("terminate");
    std::set_terminate(terminate);
    never_throws();
}
