#include "base/result.hpp"

#include <cstdio>
#include <unistd.h>

namespace postern {

void panic(const char* file, int line, const char* what) {
    char text[512];
    int length = std::snprintf(text, sizeof text, "postern: internal error: %s (%s:%d)\n", what, file, line);
    if (length > 0) {
        // Nothing can be done when even this fails: the process ends either way.
        [[maybe_unused]] auto written = ::write(2, text, static_cast<size_t>(length) < sizeof text ? length : sizeof text - 1);
    }
    _exit(static_cast<int>(ErrorKind::internal));
}

}  // namespace postern
