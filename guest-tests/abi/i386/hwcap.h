#include "../x86-64/hwcap.h"
