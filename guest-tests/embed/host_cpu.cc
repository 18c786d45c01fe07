// A CPU that is not Unicorn: the host itself. Its own ABI's image is mapped into this very process,
// whose functions then call it as any program calls its vDSO.
#include <cstdio>
#include <cstring>
#include <ctime>
#include <postern/vdso.hpp>
#include <sys/mman.h>
#if defined(__x86_64__)
#include <x86intrin.h>
constexpr const char *abi = "x86-64", *function = "__vdso_clock_gettime";
std::uint64_t counter() { return __rdtsc(); }
#elif defined(__aarch64__)
constexpr const char *abi = "aarch64", *function = "__kernel_clock_gettime";
std::uint64_t counter() {
    std::uint64_t value;
    asm volatile("mrs %0, cntvct_el0" : "=r"(value));
    return value;
}
#endif

// Guest addresses are host addresses here. The pages stay writable for us: the guest's rights do
// not bind its emulator, and this guest is one with it.
class OwnMemory : public postern::embed::Memory {
public:
    bool read(std::uint64_t address, void* out, std::size_t length) override {
        std::memcpy(out, reinterpret_cast<void*>(address), length);
        return true;
    }
    bool write(std::uint64_t address, const void* data, std::size_t length) override {
        std::memcpy(reinterpret_cast<void*>(address), data, length);
        return true;
    }
    std::optional<std::uint64_t> map(std::uint64_t address, std::uint64_t length, unsigned permissions, bool fixed,
                                     const char* name) override {
        int protection = PROT_READ | PROT_WRITE | (permissions & POSTERN_EXECUTE ? PROT_EXEC : 0);
        void* start = mmap(reinterpret_cast<void*>(address), length, protection,
                           MAP_PRIVATE | MAP_ANONYMOUS | (fixed ? MAP_FIXED : 0), -1, 0);
        if (start == MAP_FAILED) return std::nullopt;
        std::printf("%-7s at %p, %zu bytes\n", name, start, static_cast<std::size_t>(length));
        return reinterpret_cast<std::uint64_t>(start);
    }
};

std::int64_t nanoseconds(const timespec& time) { return time.tv_sec * std::int64_t{1'000'000'000} + time.tv_nsec; }

int main() try {
    OwnMemory memory;
    postern::embed::Vdso vdso(abi, {POSTERN_MODE_COUNTER, counter}), still(abi);
    vdso.install(memory);
    still.install(memory);
    using Function = int (*)(clockid_t, timespec*);
    auto running = reinterpret_cast<Function>(vdso.find(function).value());
    for (int call = 0; call < 1000; ++call) {
        timespec before, ours, after;
        vdso.service();
        clock_gettime(CLOCK_MONOTONIC, &before);
        int status = running(CLOCK_MONOTONIC, &ours);
        clock_gettime(CLOCK_MONOTONIC, &after);
        std::int64_t early = nanoseconds(before) - nanoseconds(ours), late = nanoseconds(ours) - nanoseconds(after);
        constexpr std::int64_t tolerance = 20'000;   // the renewal itself reads clocks a moment apart
        if (status == 0 && early < tolerance && late < tolerance) continue;
        std::printf("status %d, %+lld ns\n", status, static_cast<long long>(late));
        return 1;
    }
    std::printf("1000 calls agree with the host's own vDSO\n");

    // Without a counter (PAGE) time stands still between two services, which no system call's does.
    auto stopped = reinterpret_cast<Function>(still.find(function).value());
    timespec first, second;
    if (stopped(CLOCK_MONOTONIC, &first) != 0 || stopped(CLOCK_MONOTONIC, &second) != 0) return 1;
    bool same = nanoseconds(first) == nanoseconds(second);
    std::printf("without a counter, two calls are %s\n", same ? "the same moment" : "not the same moment");
    return same ? 0 : 1;
} catch (const postern::embed::Error& error) {
    std::fprintf(stderr, "host_cpu: %s\n", error.what());
    return 1;
}
