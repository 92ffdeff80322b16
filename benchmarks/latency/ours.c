/*
 * libbatchjobs over a slow service: the caller works WORK_MS on each page while the next ones are
 * on their way. PREFETCH is the option's value, "-" leaves the default.
 */
#define _POSIX_C_SOURCE 200809L
#include "../ours.h"
#include <string.h>
#include <time.h>

int main(int argc, char **argv) { /* ours SERVICE BASE_URL WORK_MS PREFETCH */
    bj_options *options = NULL;
    bj_pages *pages;
    const bj_page *page;
    bj_error *error;
    bj_status status;
    long long jobs = 0, checksum = 0;

    if (argc < 5) return fputs("usage: ours SERVICE BASE_URL WORK_MS PREFETCH\n", stderr), 2;
    struct timespec work = {.tv_nsec = atol(argv[3]) * 1000000};
    if (strcmp(argv[4], "-") != 0) {
        must(bj_options_new(&options, &error), &error);
        must(bj_options_set(options, "prefetch", argv[4], &error), &error);
    }
    bj_client *client = client_of(argv[1], argv[2]);
    must(bj_pages_open(&pages, client, options, NULL, &error), &error);
    while ((status = bj_pages_next(&page, pages, &error)) == BJ_OK) {
        size_t count = bj_page_count(page);
        for (size_t i = 0; i < count; i++)
            checksum += (long long)strtoul(bj_job_id(bj_page_job(page, i)), NULL, 16);
        jobs += (long long)count;
        if (work.tv_nsec > 0) nanosleep(&work, NULL);
    }
    must(status, &error);
    printf("%lld %lld\n", jobs, checksum);
    bj_pages_destroy(pages);
    bj_client_destroy(client);
    bj_options_destroy(options);
    return 0;
}
