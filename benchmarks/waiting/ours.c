/* libbatchjobs waits for COUNT jobs on one thread. */
#define _POSIX_C_SOURCE 200809L
#include "waiting.h"

int main(int argc, char **argv) { /* ours BASE_URL COUNT */
    bj_waits *waits;
    const bj_event *event;
    bj_error *error;
    bj_status status;
    long ended = 0;

    if (argc < 3) return fputs("usage: ours BASE_URL COUNT\n", stderr), 2;
    long count = atol(argv[2]);
    char **ids = ids_of(count);
    long long *delays = calloc((size_t)count, sizeof *delays);
    bj_client *client = client_of("crustdata", argv[1], argv + 3);
    must(bj_waits_open(&waits, client, (const char *const *)ids, (size_t)count, NULL, NULL, &error), &error);
    while ((status = bj_waits_next(&event, waits, &error)) == BJ_OK) {
        if (!bj_event_is_final(event)) continue;
        if (bj_event_job(event) == NULL) return fputs("a job was not waited for\n", stderr), 1;
        delays[ended++] = late(bj_event_job(event));
    }
    must(status, &error);
    print_delays(delays, ended);
    bj_waits_destroy(waits);
    bj_client_destroy(client);
    return 0;
}
