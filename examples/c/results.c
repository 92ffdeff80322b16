/*
 * Writes the records of one job to standard output, one a line.
 *
 *     BATCHJOBS_API_KEY=... ./results crustdata 848cebf7-... [NAME=VALUE]...
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
    bj_results *results;
    const bj_record *record;
    bj_error *error;
    bj_status status;
    size_t count = 0, failed = 0;

    if (argc < 3) return fprintf(stderr, "usage: results SERVICE ID [NAME=VALUE]...\n"), 2;
    if (bj_options_new(&options, &error) < 0) return fail(error);
    if (bj_options_set(options, "api_key", getenv("BATCHJOBS_API_KEY"), &error) < 0) return fail(error);
    for (int i = 3; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        if (value != NULL) *value++ = '\0';
        if (bj_options_set(options, argv[i], value, &error) < 0) return fail(error);
    }
    if (bj_client_new(&client, argv[1], options, &error) < 0) return fail(error);
    if (bj_results_open(&results, client, argv[2], NULL, NULL, &error) < 0) return fail(error);

    /* A record is the service's own bytes, good until the next call. */
    while ((status = bj_results_next(&record, results, &error)) == BJ_OK) {
        size_t length;
        const char *data = bj_record_data(record, &length);
        fwrite(data, 1, length, stdout);
        putchar('\n');
        count++;
        if (bj_record_outcome(record) == BJ_RECORD_FAILED) failed++;
    }
    if (status < 0) return fail(error); /* the records before it were all good */
    fprintf(stderr, "%zu records, %zu of them failed\n", count, failed);

    bj_results_destroy(results);
    bj_client_destroy(client);
    bj_options_destroy(options);
    return 0;
}
