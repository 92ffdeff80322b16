/*
 * Waits for jobs on one thread, as many as there are, and tells what becomes of each.
 *
 *     BATCHJOBS_API_KEY=... ./wait crustdata 848cebf7-... f9eecc55-... -- wait_timeout_ms=60000
 *
 * Options stand behind "--"; these wait for a minute at most.
 */
#include <batchjobs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail(bj_error *error) {
    fprintf(stderr, "%s: %s\n", bj_status_name(bj_error_status(error)), bj_error_message(error));
    bj_error_destroy(error);
    return 1;
}

int main(int argc, char **argv) {
    bj_options *options;
    bj_client *client;
    bj_waits *waits;
    const bj_event *event;
    bj_error *error;
    bj_status status;
    const char *ids[100];
    size_t count = 0;
    int failed = 0, is_option = 0;

    if (argc < 3) return fprintf(stderr, "usage: wait SERVICE ID... [-- NAME=VALUE...]\n"), 2;
    if (bj_options_new(&options, &error) < 0) return fail(error);
    if (bj_options_set(options, "api_key", getenv("BATCHJOBS_API_KEY"), &error) < 0) return fail(error);
    for (int i = 2; i < argc; i++) {
        if (!is_option && strcmp(argv[i], "--") != 0 && count < 100) ids[count++] = argv[i];
        if (!is_option) {
            is_option = strcmp(argv[i], "--") == 0;
            continue;
        }
        char *value = strchr(argv[i], '=');
        if (value != NULL) *value++ = '\0';
        if (bj_options_set(options, argv[i], value, &error) < 0) return fail(error);
    }
    if (bj_client_new(&client, argv[1], options, &error) < 0) return fail(error);
    if (bj_waits_open(&waits, client, ids, count, NULL, NULL, &error) < 0) return fail(error);

    /* One event at a time; the last of each job says how it ended, or why nobody waits any longer. */
    while ((status = bj_waits_next(&event, waits, &error)) == BJ_OK) {
        const char *id = ids[bj_event_index(event)];
        const bj_job *job = bj_event_job(event);
        if (job == NULL) {
            printf("%s  %s\n", id, bj_error_message(bj_event_error(event)));
            failed = 1;
        } else if (bj_event_is_final(event)) {
            printf("%s  %s\n", id, bj_outcome_name(bj_job_outcome(job)));
        } else {
            printf("%s  %s, %lld of %lld\n", id, bj_phase_name(bj_job_phase(job)),
                   (long long)bj_job_count(job, BJ_COUNT_SUCCEEDED), (long long)bj_job_count(job, BJ_COUNT_TOTAL));
        }
    }
    if (status < 0) return fail(error);

    bj_waits_destroy(waits);
    bj_client_destroy(client);
    bj_options_destroy(options);
    return failed;
}
