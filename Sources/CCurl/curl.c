#include "CCurl.h"

#include <pthread.h>

/* A mutex and not pthread_once, whose symbol would raise the glibc floor from 2.28 to 2.34. */
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static int done;
static CURLcode outcome;

CURLcode bjc_global_init(void) {
    pthread_mutex_lock(&guard);
    if (!done) {
        outcome = curl_global_init(CURL_GLOBAL_DEFAULT);
        done = 1;
    }
    pthread_mutex_unlock(&guard);
    return outcome;
}
