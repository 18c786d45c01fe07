#include "../sh4/entry.S"
