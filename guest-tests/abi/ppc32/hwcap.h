#include "../ppc64/hwcap.h"
