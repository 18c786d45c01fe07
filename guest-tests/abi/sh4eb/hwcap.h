#include "../sh4/hwcap.h"
