/*
 * Calls of one client to a service that answers 503 to everything: first those that use up the
 * retry budget, then those that are counted. The server tells them apart by the job's id.
 */
#include "../ours.h"

static int call(bj_client *client, const char *id, long calls) {
    for (long i = 0; i < calls; i++) {
        bj_job *job;
        bj_error *error;
        bj_status status = bj_client_get(&job, client, id, NULL, NULL, &error);
        if (status != BJ_E_SERVER)
            return fprintf(stderr, "%s where BJ_E_SERVER was due\n", bj_status_name(status)), 0;
        bj_error_destroy(error);
    }
    return 1;
}

int main(int argc, char **argv) { /* ours BASE_URL EMPTYING CALLS */
    if (argc < 4) return fputs("usage: ours BASE_URL EMPTYING CALLS\n", stderr), 2;
    bj_client *client = client_of("crustdata", argv[1], argv + 4);
    if (!call(client, "emptying", atol(argv[2])) || !call(client, "counted", atol(argv[3]))) return 1;
    printf("%s %s\n", argv[2], argv[3]);
    bj_client_destroy(client);
    return 0;
}
