#define WORD 8
#include "ppc_getrandom.h"
