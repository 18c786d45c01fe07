#include "../mips-o32/gaps.h"
