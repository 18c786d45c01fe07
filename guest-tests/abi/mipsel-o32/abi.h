#include "../mips-o32/abi.h"
