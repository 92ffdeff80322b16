/*
 * Lists the jobs of an account.
 *
 *     BATCHJOBS_API_KEY=... ./list crustdata status=failed max_items=20
 *
 * After the service's name come options of the library, as NAME=VALUE.
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

/* Called for each page. Nonzero would stop the list. */
static int32_t show(const bj_page *page, void *payload) {
    size_t *seen = payload;
    for (size_t i = 0; i < bj_page_count(page); i++) {
        const bj_job *job = bj_page_job(page, i);
        printf("%s  %-7s  %s\n", bj_job_id(job), bj_phase_name(bj_job_phase(job)),
               bj_outcome_name(bj_job_outcome(job)));
    }
    *seen += bj_page_count(page);
    return 0;
}

int main(int argc, char **argv) {
    bj_options *options;
    bj_client *client;
    bj_error *error;
    size_t seen = 0;

    if (argc < 2) return fprintf(stderr, "usage: list SERVICE [NAME=VALUE]...\n"), 2;
    if (bj_options_new(&options, &error) < 0) return fail(error);
    if (bj_options_set(options, "api_key", getenv("BATCHJOBS_API_KEY"), &error) < 0) return fail(error);
    for (int i = 2; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        if (value != NULL) *value++ = '\0';
        if (bj_options_set(options, argv[i], value, &error) < 0) return fail(error);
    }
    if (bj_client_new(&client, argv[1], options, &error) < 0) return fail(error);
    /* max_items, status and the like stand among the client's options; a call
     * could bring options of its own instead of NULL. */
    if (bj_client_list(client, NULL, NULL, show, &seen, &error) < 0) return fail(error);
    printf("%zu jobs\n", seen);
    bj_client_destroy(client);
    bj_options_destroy(options);
    return 0;
}
