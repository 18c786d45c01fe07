/* clock_gettime with the ABI's long as time: 64 bits wide, or 32 on the older interface of
 * 32-bit ABIs, where seconds are cut silently as Linux does. */
#include "vdso.h"

typedef kernel_long moment_t;
#define READER "clock_gettime"
#include "read_clock.h"

DEFINE_CLOCK_GETTIME(clock_gettime)
