/*
 * Writes the next 10 records of one job to standard output, and keeps the place
 * behind them in a file: run it again, any time later, and it goes on there.
 *
 *     BATCHJOBS_API_KEY=... ./resume crustdata 848cebf7-... PLACE [NAME=VALUE]...
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
    bj_status status = BJ_OK;
    const char *token;
    char kept[8192];

    if (argc < 4) return fprintf(stderr, "usage: resume SERVICE ID PLACE [NAME=VALUE]...\n"), 2;
    if (bj_options_new(&options, &error) < 0) return fail(error);
    if (bj_options_set(options, "api_key", getenv("BATCHJOBS_API_KEY"), &error) < 0) return fail(error);
    for (int i = 4; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        if (value != NULL) *value++ = '\0';
        if (bj_options_set(options, argv[i], value, &error) < 0) return fail(error);
    }
    FILE *place = fopen(argv[3], "r");
    if (place != NULL && fgets(kept, sizeof kept, place) != NULL &&
        bj_options_set(options, "resume", kept, &error) < 0)
        return fail(error);
    if (place != NULL) fclose(place);
    if (bj_client_new(&client, argv[1], options, &error) < 0) return fail(error);
    if (bj_results_open(&results, client, argv[2], NULL, NULL, &error) < 0) return fail(error);

    for (int i = 0; i < 10 && (status = bj_results_next(&record, results, &error)) == BJ_OK; i++) {
        size_t length;
        const char *data = bj_record_data(record, &length);
        printf("%.*s\n", (int)length, data);
    }
    if (status < 0) return fail(error);
    int64_t given = bj_results_records(results);
    fprintf(stderr, "%lld records so far%s\n", (long long)given, status == BJ_END ? ", and no more" : "");

    /* First the records must be safe, then the place behind them. */
    if (bj_results_token_at(&token, results, given - 1, &error) < 0) return fail(error);
    if (fflush(stdout) != 0 || (place = fopen(argv[3], "w")) == NULL || fputs(token, place) < 0 || fclose(place) != 0)
        return perror(argv[3]), 1;

    bj_results_destroy(results);
    bj_client_destroy(client);
    bj_options_destroy(options);
    return 0;
}
