// Turns: one thread at a time, in the order of asking, and a holder that learns when it is over.
#include "kernel/guest_lock.hpp"

#include <atomic>
#include <chrono>
#include <doctest/doctest.h>
#include <string>
#include <thread>
#include <vector>

using namespace postern;
using namespace postern::kernel;

namespace {

/// Long for a time slice, short for a test that fails.
bool comes_true(const auto& condition) {
    for (int i = 0; i < 5000; ++i) {
        if (condition()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
}

bool is_asked() { return host::attention() & host::turn_over; }

}  // namespace

TEST_CASE("the guest lock: one thread at a time") {
    GuestLock lock;
    constexpr int threads = 4, rounds = 20000;
    long sum = 0;   // not atomic: the lock has to do
    {
        std::vector<std::jthread> all;
        for (int i = 0; i < threads; ++i)
            all.emplace_back([&] {
                for (int round = 0; round < rounds; ++round) {
                    lock.acquire();
                    sum = sum + 1;
                    if (round % 3 == 0) lock.yield();
                    lock.release();
                }
            });
    }
    CHECK(sum == long{threads} * rounds);
}

TEST_CASE("the guest lock: turns come in the order of asking") {
    GuestLock lock;
    std::string order;
    lock.acquire();
    std::atomic<int> asking{0};
    {
        std::vector<std::jthread> all;
        for (char name : std::string_view("abcde")) {
            all.emplace_back([&, name] {
                ++asking;
                lock.acquire();
                order += name;
                lock.release();
            });
            // Asking and standing in the queue are some instructions apart.
            REQUIRE(comes_true([&] { return asking == name - 'a' + 1; }));
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
        lock.release();
    }
    CHECK(order == "abcde");
}

TEST_CASE("the guest lock: who waits asks for its turn when a time slice is over") {
    GuestLock lock;
    lock.acquire();
    CHECK_FALSE(is_asked());
    lock.yield();   // to nobody
    CHECK_FALSE(lock.has_waiters());
    std::atomic<bool> had_turn{false};
    std::jthread other([&] {
        lock.acquire();
        had_turn = true;
        lock.release();
    });
    REQUIRE(comes_true(is_asked));
    CHECK(lock.has_waiters());
    CHECK_FALSE(had_turn);
    lock.yield();
    CHECK(had_turn);
    CHECK_FALSE(is_asked());
    lock.release();
}
