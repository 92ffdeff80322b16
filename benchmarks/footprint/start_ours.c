/* How long it takes to load the library, to make the first client and to end the first call. */
#include "start.h"
#include <batchjobs.h>

int main(int argc, char **argv) { /* start_ours LIBRARY BASE_URL ID: prints microseconds */
    bj_options *options;
    bj_client *client;
    bj_job *job;

    if (argc < 4) return fputs("usage: start_ours LIBRARY BASE_URL ID\n", stderr), 2;
    double start = microseconds();
    void *library = opened(argv[1]);
    double loaded = microseconds();
    FUNCTION(library, bj_options_new)(&options, NULL);
    FUNCTION(library, bj_options_set)(options, "api_key", "key", NULL);
    FUNCTION(library, bj_options_set)(options, "base_url", argv[2], NULL);
    if (FUNCTION(library, bj_client_new)(&client, "crustdata", options, NULL) < 0) return 1;
    double made = microseconds();
    if (FUNCTION(library, bj_client_get)(&job, client, argv[3], NULL, NULL, NULL) < 0) return 1;
    double called = microseconds();
    printf("%.1f %.1f %.1f\n", loaded - start, made - loaded, called - made);
    return 0;
}
