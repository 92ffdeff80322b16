/* libbatchjobs: how one job stands, asked again and again on a warm connection. */
#include <batchjobs.h>
#include <stdio.h>
#include <stdlib.h>

static int fail(bj_error *error) {
    fprintf(stderr, "%s\n", bj_error_message(error));
    bj_error_destroy(error);
    return 1;
}

int main(int argc, char **argv) { /* ours BASE_URL ID CALLS */
    bj_options *options;
    bj_client *client;
    bj_error *error;
    long long bytes = 0;

    if (argc < 4) return fputs("usage: ours BASE_URL ID CALLS\n", stderr), 2;
    long calls = atol(argv[3]);
    if (bj_options_new(&options, &error) < 0 ||
        bj_options_set(options, "api_key", "key", &error) < 0 ||
        bj_options_set(options, "base_url", argv[1], &error) < 0 ||
        bj_client_new(&client, "crustdata", options, &error) < 0)
        return fail(error);
    for (long i = 0; i < calls; i++) {
        bj_job *job;
        size_t length;
        if (bj_client_get(&job, client, argv[2], NULL, NULL, &error) < 0) return fail(error);
        if (bj_job_phase(job) != BJ_PHASE_DONE) return 1;
        bj_job_raw_json(job, &length);
        bytes += (long long)length;
        bj_job_destroy(job);
    }
    printf("%ld %lld\n", calls, bytes);
    bj_client_destroy(client);
    bj_options_destroy(options);
    return 0;
}
