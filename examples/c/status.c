/*
 * Asks how one job stands.
 *
 *     BATCHJOBS_API_KEY=... ./status spidra 3fa2949c-... [NAME=VALUE]...
 */
#include <batchjobs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail(bj_error *error) {
    fprintf(stderr, "%s: %s\n", bj_status_name(bj_error_status(error)), bj_error_message(error));
    if (bj_error_request_id(error) != NULL) fprintf(stderr, "request id: %s\n", bj_error_request_id(error));
    if (bj_error_retryable(error) == 1) fprintf(stderr, "the same call may succeed later\n");
    bj_error_destroy(error);
    return 1;
}

int main(int argc, char **argv) {
    bj_options *options;
    bj_client *client;
    bj_job *job;
    bj_error *error;

    if (argc < 3) return fprintf(stderr, "usage: status SERVICE ID [NAME=VALUE]...\n"), 2;
    if (bj_options_new(&options, &error) < 0) return fail(error);
    if (bj_options_set(options, "api_key", getenv("BATCHJOBS_API_KEY"), &error) < 0) return fail(error);
    for (int i = 3; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        if (value != NULL) *value++ = '\0';
        if (bj_options_set(options, argv[i], value, &error) < 0) return fail(error);
    }
    if (bj_client_new(&client, argv[1], options, &error) < 0) return fail(error);
    if (bj_client_get(&job, client, argv[2], NULL, NULL, &error) < 0) return fail(error);

    const char *word = bj_job_status_word(job), *why = bj_job_error_text(job);
    printf("phase    %s\n", bj_phase_name(bj_job_phase(job)));
    printf("outcome  %s\n", bj_outcome_name(bj_job_outcome(job)));
    printf("word     %s\n", word != NULL ? word : "-");
    printf("total    %lld\n", (long long)bj_job_count(job, BJ_COUNT_TOTAL));
    printf("failed   %lld\n", (long long)bj_job_count(job, BJ_COUNT_FAILED));
    if (why != NULL) printf("why      %s\n", why);

    /* What has no accessor is a JSON pointer away; "" is all the service said. */
    size_t length;
    const char *all = bj_job_field(job, "", &length, NULL);
    printf("json     %.*s\n", (int)(length < 200 ? length : 200), all);

    bj_job_destroy(job);
    bj_client_destroy(client);
    bj_options_destroy(options);
    return 0;
}
