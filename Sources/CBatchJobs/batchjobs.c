/* A target needs a source file; this one also proves that the header stands alone. */
#include "CBatchJobs.h"
