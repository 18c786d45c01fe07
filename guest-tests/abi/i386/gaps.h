#include "../x86-64/gaps.h"
