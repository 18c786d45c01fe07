#include "../sh4/abi.h"
