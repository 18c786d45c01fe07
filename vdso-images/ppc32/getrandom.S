#define WORD 4
#include "ppc_getrandom.h"
