#include "../s390x/hwcap.h"
