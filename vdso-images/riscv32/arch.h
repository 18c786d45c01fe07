/* riscv32. The image reads no clock, so nothing here asks the host for its counter but the tests. */
#include "../riscv64/arch.h"
