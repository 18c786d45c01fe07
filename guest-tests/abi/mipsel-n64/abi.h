#include "../mips-n64/abi.h"
