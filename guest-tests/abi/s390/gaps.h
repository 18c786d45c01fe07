#include "../s390x/gaps.h"
