#include "../ppc64/gaps.h"
