#include "ppc64_entry.h"
