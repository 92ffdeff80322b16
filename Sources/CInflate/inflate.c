/* A target needs a source file; all of this one is inline. */
#include "CInflate.h"
