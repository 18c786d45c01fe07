#include "../riscv64/hwcap.h"
