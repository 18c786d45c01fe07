#include "../mips-o32/hwcap.h"
