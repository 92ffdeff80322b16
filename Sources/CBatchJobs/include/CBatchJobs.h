/* The public header, where the package manager looks for it. */
#include "../../../include/batchjobs.h"

/* A macro of text reaches Swift as a String; this is the constant itself. */
static inline const char *bjv_version(void) { return BJ_VERSION_STRING; }
