#include "../riscv64/abi.h"
