/* libbatchjobs: every job, every field that the library has a getter for. */
#include <batchjobs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static long long length(const char *text) { return text == NULL ? 0 : (long long)strlen(text); }

/* The same sum as the peers make; what the service does not give adds nothing. */
static long long sum(const bj_job *job) {
    long long sum = (long long)strtoul(bj_job_id(job), NULL, 16);
    sum += bj_job_phase(job) + bj_job_outcome(job);
    sum += length(bj_job_status_word(job)) + length(bj_job_kind(job));
    sum += length(bj_job_error_text(job));
    for (int32_t which = BJ_COUNT_TOTAL; which <= BJ_COUNT_RESULTS; which++) {
        int64_t count = bj_job_count(job, which);
        if (count >= 0) sum += count;
    }
    for (int32_t which = BJ_TIME_CREATED; which <= BJ_TIME_UPDATED; which++) {
        int64_t time = bj_job_time(job, which);
        if (time != BJ_TIME_NONE) sum += time;
    }
    return sum;
}

static int fail(bj_error *error) {
    fprintf(stderr, "%s\n", bj_error_message(error));
    bj_error_destroy(error);
    return 1;
}

int main(int argc, char **argv) { /* ours BASE_URL */
    bj_options *options;
    bj_client *client;
    bj_pages *pages;
    const bj_page *page;
    bj_error *error;
    bj_status status;
    long long jobs = 0, checksum = 0;

    if (argc < 2) return fputs("usage: ours BASE_URL\n", stderr), 2;
    if (bj_options_new(&options, &error) < 0 ||
        bj_options_set(options, "api_key", "key", &error) < 0 ||
        bj_options_set(options, "base_url", argv[1], &error) < 0 ||
        bj_client_new(&client, "crustdata", options, &error) < 0 ||
        bj_pages_open(&pages, client, NULL, NULL, &error) < 0)
        return fail(error);
    while ((status = bj_pages_next(&page, pages, &error)) == BJ_OK) {
        size_t count = bj_page_count(page);
        for (size_t i = 0; i < count; i++) checksum += sum(bj_page_job(page, i));
        jobs += (long long)count;
    }
    if (status < 0) return fail(error);
    printf("%lld %lld\n", jobs, checksum);
    bj_pages_destroy(pages);
    bj_client_destroy(client);
    bj_options_destroy(options);
    return 0;
}
