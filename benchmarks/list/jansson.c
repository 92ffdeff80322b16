/* What a C program does without us: libcurl into a buffer, jansson over it, field by field. */
#define _GNU_SOURCE
#include "../peer.h"
#include <jansson.h>
#include <time.h>

/* The service writes UTC with six digits behind the second. */
static long long milliseconds(const json_t *value) {
    const char *text = json_string_value(value), *rest;
    struct tm parts = {0};
    if (text == NULL || (rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts)) == NULL) return 0;
    return (long long)timegm(&parts) * 1000 + (*rest == '.' ? atol(rest + 1) / 1000 : 0);
}

static long long length(const json_t *value) { return (long long)json_string_length(value); }

/* The phase and the outcome of a status word, as libbatchjobs numbers them. */
static int standing(const char *word) {
    if (strcmp(word, "completed") == 0) return 3 + 1;
    if (strcmp(word, "failed") == 0) return 3 + 3;
    return strcmp(word, "processing") == 0 ? 2 : 1;
}

static long long sum(const json_t *job) {
    const json_t *word = json_object_get(job, "status");
    long long sum = (long long)strtoul(json_string_value(json_object_get(job, "batch_id")), NULL, 16);
    sum += standing(json_string_value(word)) + length(word);
    sum += length(json_object_get(job, "action")) + length(json_object_get(job, "error_message"));
    sum += json_integer_value(json_object_get(job, "entities_requested"));
    sum += json_integer_value(json_object_get(job, "entities_fulfilled"));
    sum += json_integer_value(json_object_get(job, "result_count"));
    sum += milliseconds(json_object_get(job, "created_at"));
    sum += milliseconds(json_object_get(job, "completed_at"));
    return sum;
}

int main(int argc, char **argv) { /* jansson BASE_URL */
    char url[256];
    struct peer peer;
    struct buffer body = {0};
    long long jobs = 0, checksum = 0;
    int more;

    if (argc < 2) return fputs("usage: jansson BASE_URL\n", stderr), 2;
    peer_open(&peer, "Authorization: Bearer key", collect, &body);
    snprintf(url, sizeof url, "%s/batch?limit=100", argv[1]);
    do {
        json_error_t problem;
        body.count = 0;
        peer_get(&peer, url);
        json_t *page = json_loadb(body.bytes, body.count, 0, &problem), *job;
        if (page == NULL) return fprintf(stderr, "%s\n", problem.text), 1;
        size_t index;
        json_array_foreach(json_object_get(page, "jobs"), index, job) checksum += sum(job);
        jobs += (long long)index;
        more = json_is_true(json_object_get(page, "has_more"));
        if (more)
            snprintf(url, sizeof url, "%s/batch?limit=100&cursor=%s", argv[1],
                     json_string_value(json_object_get(page, "next_cursor")));
        json_decref(page);
    } while (more);
    printf("%lld %lld\n", jobs, checksum);
    free(body.bytes);
    peer_close(&peer);
    return 0;
}
