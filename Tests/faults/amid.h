/* What befalls the program while a call is under way: the member `amid` of a case. */
#ifndef AMID_H
#define AMID_H

#include <batchjobs.h>

/* NULL: nothing. */
void amid_begin(const char *what, bj_client *client);
void amid_end(void);

#endif
