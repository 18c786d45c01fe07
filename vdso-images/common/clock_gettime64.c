/* clock_gettime with 64-bit time on a 32-bit ABI. */
#include <stdint.h>
typedef int64_t moment_t;
#define READER "clock_gettime64"
#include "read_clock.h"

DEFINE_CLOCK_GETTIME(clock_gettime64)
