/*
 * Saves the results of one job in a file, which has its name once all is there.
 * Interrupt it, and the next run goes on where it stopped.
 *
 *     BATCHJOBS_API_KEY=... ./save crustdata 848cebf7-... FILE [NAME=VALUE]...
 */
#include <batchjobs.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bj_cancel *cancel;

static void interrupted(int number) {
    (void)number;
    bj_cancel_fire(cancel); /* which may be called here */
}

/* Called about four times a second while records come, and at the end. */
static int32_t show(int64_t bytes, int64_t total, int64_t records, void *payload) {
    (void)payload;
    fprintf(stderr, "%lld", (long long)bytes);
    if (total >= 0) fprintf(stderr, " of %lld", (long long)total);
    fprintf(stderr, " bytes, %lld records\n", (long long)records);
    return 0;
}

static int fail(bj_error *error) {
    fprintf(stderr, "%s: %s\n", bj_status_name(bj_error_status(error)), bj_error_message(error));
    bj_error_destroy(error);
    return 1;
}

int main(int argc, char **argv) {
    bj_options *options;
    bj_client *client;
    bj_error *error;

    if (argc < 4) return fprintf(stderr, "usage: save SERVICE ID FILE [NAME=VALUE]...\n"), 2;
    if (bj_options_new(&options, &error) < 0) return fail(error);
    if (bj_options_set(options, "api_key", getenv("BATCHJOBS_API_KEY"), &error) < 0) return fail(error);
    for (int i = 4; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        if (value != NULL) *value++ = '\0';
        if (bj_options_set(options, argv[i], value, &error) < 0) return fail(error);
    }
    if (bj_cancel_new(&cancel, &error) < 0) return fail(error);
    signal(SIGINT, interrupted);
    if (bj_client_new(&client, argv[1], options, &error) < 0) return fail(error);
    if (bj_client_save(client, argv[2], argv[3], NULL, cancel, show, NULL, &error) < 0) return fail(error);
    printf("%s is whole\n", argv[3]);

    bj_client_destroy(client);
    bj_cancel_destroy(cancel);
    bj_options_destroy(options);
    return 0;
}
