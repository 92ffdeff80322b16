/*
 * The loop everybody writes, libcurl and jansson: ask for a page, wait, work WORK_MS on it, ask
 * for the next one.
 */
#define _POSIX_C_SOURCE 200809L
#include "../peer.h"
#include <jansson.h>
#include <time.h>

int main(int argc, char **argv) { /* sequential SERVICE BASE_URL WORK_MS */
    char url[256];
    struct peer peer;
    struct buffer body = {0};
    long long jobs = 0, checksum = 0, number = 1;
    int more;

    if (argc < 4) return fputs("usage: sequential SERVICE BASE_URL WORK_MS\n", stderr), 2;
    int numbered = strcmp(argv[1], "spidra") == 0;
    struct timespec work = {.tv_nsec = atol(argv[3]) * 1000000};
    peer_open(&peer, numbered ? "x-api-key: key" : "Authorization: Bearer key", collect, &body);
    snprintf(url, sizeof url, numbered ? "%s/batch/scrape?page=1&limit=50" : "%s/batch?limit=100",
             argv[2]);
    do {
        json_error_t problem;
        body.count = 0;
        peer_get(&peer, url);
        json_t *page = json_loadb(body.bytes, body.count, 0, &problem), *job;
        if (page == NULL) return fprintf(stderr, "%s\n", problem.text), 1;
        size_t index;
        json_array_foreach(json_object_get(page, "jobs"), index, job) {
            const char *id = json_string_value(json_object_get(job, numbered ? "uuid" : "batch_id"));
            checksum += (long long)strtoul(id, NULL, 16);
        }
        jobs += (long long)index;
        if (numbered) {
            json_t *pagination = json_object_get(page, "pagination");
            more = number++ < json_integer_value(json_object_get(pagination, "totalPages"));
            snprintf(url, sizeof url, "%s/batch/scrape?page=%lld&limit=50", argv[2], number);
        } else if ((more = json_is_true(json_object_get(page, "has_more")))) {
            snprintf(url, sizeof url, "%s/batch?limit=100&cursor=%s", argv[2],
                     json_string_value(json_object_get(page, "next_cursor")));
        }
        json_decref(page);
        if (work.tv_nsec > 0) nanosleep(&work, NULL);
    } while (more);
    printf("%lld %lld\n", jobs, checksum);
    free(body.bytes);
    peer_close(&peer);
    return 0;
}
