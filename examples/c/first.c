#include <batchjobs.h>
#include <stdio.h>
#include <stdlib.h>

static int32_t show(const bj_page *page, void *payload) {
    for (size_t i = 0; i < bj_page_count(page); i++) {
        const bj_job *job = bj_page_job(page, i);
        printf("%s  %-7s  %s\n", bj_job_id(job), bj_phase_name(bj_job_phase(job)),
               bj_outcome_name(bj_job_outcome(job)));
    }
    return 0;
}

int main(int argc, char **argv) { /* first SERVICE BASE_URL */
    bj_options *options;
    bj_client *client = NULL;
    bj_error *error = NULL;
    bj_options_new(&options, NULL);
    bj_options_set(options, "api_key", getenv("BATCHJOBS_API_KEY"), NULL);
    bj_options_set(options, "base_url", argc > 2 ? argv[2] : NULL, NULL);
    bj_options_set(options, "max_items", "5", NULL);
    if (bj_client_new(&client, argc > 1 ? argv[1] : "crustdata", options, &error) < 0 ||
        bj_client_list(client, NULL, NULL, show, NULL, &error) < 0)
        fprintf(stderr, "%s\n", bj_error_message(error));
    int failed = error != NULL;
    bj_error_destroy(error);
    bj_client_destroy(client);
    bj_options_destroy(options);
    return failed;
}
