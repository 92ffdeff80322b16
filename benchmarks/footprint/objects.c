/*
 * How much memory what the library hands out holds, in bytes as malloc counts them: a client, a client
 * with a warm connection, a page beyond that, and all jobs of the list, retained, for each of them.
 */
#include "../ours.h"
#include "held.h"

int main(int argc, char **argv) { /* objects BASE_URL ID JOBS: prints four counts */
    bj_pages *pages;
    const bj_page *page;
    bj_job *job;
    bj_error *error;
    bj_status status;
    /* A page on the wire would be counted with the one at hand. */
    char *options[] = {"prefetch=0", NULL};

    if (argc < 4) return fputs("usage: objects BASE_URL ID JOBS\n", stderr), 2;
    size_t room = (size_t)atol(argv[3]), count = 0;
    bj_job **jobs = malloc(room * sizeof *jobs);
    /* What libcurl sets up once for the whole process is no client's. */
    bj_client_destroy(client_of("crustdata", argv[1], options));
    size_t before = held();
    bj_client *client = client_of("crustdata", argv[1], options);
    size_t cold = held();
    must(bj_client_get(&job, client, argv[2], NULL, NULL, &error), &error);
    bj_job_destroy(job);
    size_t warm = held(), first = 0;
    must(bj_pages_open(&pages, client, NULL, NULL, &error), &error);
    while ((status = bj_pages_next(&page, pages, &error)) == BJ_OK) {
        if (count == 0) first = held();
        for (size_t i = 0; i < bj_page_count(page) && count < room; i++)
            must(bj_job_retain(&jobs[count++], bj_page_job(page, i), &error), &error);
    }
    must(status, &error);
    bj_pages_destroy(pages);
    size_t all = held();
    if (count != room) return fprintf(stderr, "%zu jobs\n", count), 1;
    printf("%zu %zu %zu %zu\n", cold - before, warm - before, first - warm, (all - warm) / count);
    while (count > 0) bj_job_destroy(jobs[--count]);
    free(jobs);
    bj_client_destroy(client);
    return 0;
}
