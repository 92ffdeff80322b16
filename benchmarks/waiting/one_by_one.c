/* What people write: every second each job that still runs is asked for by itself. */
#define _POSIX_C_SOURCE 200809L
#include "waiting.h"

int main(int argc, char **argv) { /* one_by_one BASE_URL COUNT */
    bj_error *error;
    long ended = 0;

    if (argc < 3) return fputs("usage: one_by_one BASE_URL COUNT\n", stderr), 2;
    long count = atol(argv[2]);
    char **ids = ids_of(count);
    char *is_done = calloc((size_t)count, 1);
    long long *delays = calloc((size_t)count, sizeof *delays);
    bj_client *client = client_of("crustdata", argv[1], argv + 3);
    for (struct timespec second = {.tv_sec = 1}; ended < count; nanosleep(&second, NULL))
        for (long i = 0; i < count; i++) {
            bj_job *job;
            if (is_done[i]) continue;
            must(bj_client_get(&job, client, ids[i], NULL, NULL, &error), &error);
            if (bj_job_phase(job) == BJ_PHASE_DONE) {
                is_done[i] = 1;
                delays[ended++] = late(job);
            }
            bj_job_destroy(job);
        }
    print_delays(delays, ended);
    bj_client_destroy(client);
    return 0;
}
