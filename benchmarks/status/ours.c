/* libbatchjobs: how one job stands, asked again and again on a warm connection. */
#include "../ours.h"

int main(int argc, char **argv) { /* ours BASE_URL ID CALLS */
    bj_error *error;
    long long bytes = 0;

    if (argc < 4) return fputs("usage: ours BASE_URL ID CALLS\n", stderr), 2;
    long calls = atol(argv[3]);
    bj_client *client = client_of("crustdata", argv[1], argv + 4);
    for (long i = 0; i < calls; i++) {
        bj_job *job;
        size_t length;
        must(bj_client_get(&job, client, argv[2], NULL, NULL, &error), &error);
        if (bj_job_phase(job) != BJ_PHASE_DONE) return 1;
        bj_job_raw_json(job, &length);
        bytes += (long long)length;
        bj_job_destroy(job);
    }
    printf("%ld %lld\n", calls, bytes);
    bj_client_destroy(client);
    return 0;
}
