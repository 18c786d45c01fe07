// A value that every process of a run sees, across fork.
#pragma once

#include "base/result.hpp"

#include <new>
#include <sys/mman.h>
#include <type_traits>

namespace postern::trace {

/// `T` in a page of its own that is shared with all children; atomics belong in it.
template <typename T>
class Shared {
public:
    Shared() {
        static_assert(std::is_trivially_destructible_v<T>);
        void* page = mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        POSTERN_ASSERT(page != MAP_FAILED);
        value_ = new (page) T();
    }
    ~Shared() { munmap(value_, sizeof(T)); }
    Shared(const Shared&) = delete;
    Shared& operator=(const Shared&) = delete;

    T* operator->() const { return value_; }

private:
    T* value_;
};

}  // namespace postern::trace
