/*
 * libbatchjobs over a slow service: the caller works WORK_MS on each page while the next ones are
 * on their way.
 */
#define _POSIX_C_SOURCE 200809L
#include "../ours.h"
#include <time.h>

int main(int argc, char **argv) { /* ours SERVICE BASE_URL WORK_MS [OPTION=VALUE]... */
    bj_pages *pages;
    const bj_page *page;
    bj_error *error;
    bj_status status;
    long long jobs = 0, checksum = 0;

    if (argc < 4) return fputs("usage: ours SERVICE BASE_URL WORK_MS [OPTION=VALUE]...\n", stderr), 2;
    struct timespec work = {.tv_nsec = atol(argv[3]) * 1000000};
    bj_client *client = client_of(argv[1], argv[2], argv + 4);
    must(bj_pages_open(&pages, client, NULL, NULL, &error), &error);
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
    return 0;
}
