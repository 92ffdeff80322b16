/* libbatchjobs: every job, every field that the library has a getter for. */
#include "../ours.h"

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

int main(int argc, char **argv) { /* ours BASE_URL [OPTION=VALUE]... */
    bj_pages *pages;
    const bj_page *page;
    bj_error *error;
    bj_status status;
    long long jobs = 0, checksum = 0;

    if (argc < 2) return fputs("usage: ours BASE_URL [OPTION=VALUE]...\n", stderr), 2;
    bj_client *client = client_of("crustdata", argv[1], argv + 2);
    must(bj_pages_open(&pages, client, NULL, NULL, &error), &error);
    while ((status = bj_pages_next(&page, pages, &error)) == BJ_OK) {
        size_t count = bj_page_count(page);
        for (size_t i = 0; i < count; i++) checksum += sum(bj_page_job(page, i));
        jobs += (long long)count;
    }
    must(status, &error);
    printf("%lld %lld\n", jobs, checksum);
    bj_pages_destroy(pages);
    bj_client_destroy(client);
    return 0;
}
