/* From the end of a job, which the service tells in milliseconds since 1970, to its event. */
#ifndef BENCH_WAITING_H
#define BENCH_WAITING_H

#include "../ours.h"
#include <stdlib.h>
#include <time.h>

static inline long long now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline long long late(const bj_job *job) {
    return now_ms() - strtoll(bj_job_field(job, "/ends_at_ms", NULL, NULL), NULL, 10);
}

static int by_size(const void *one, const void *other) {
    long long a = *(const long long *)one, b = *(const long long *)other;
    return (a > b) - (a < b);
}

/* The jobs, and of the delays the median, the one that 99 of 100 do not exceed, and the highest. */
static inline void print_delays(long long *delays, long count) {
    qsort(delays, (size_t)count, sizeof *delays, by_size);
    printf("%ld %lld %lld %lld\n", count, delays[count / 2], delays[count * 99 / 100], delays[count - 1]);
}

/* "job-0" and on; they live until the program ends. */
static inline char **ids_of(long count) {
    char **ids = malloc((size_t)count * sizeof *ids);
    for (long i = 0; i < count; i++) {
        ids[i] = malloc(32);
        snprintf(ids[i], 32, "job-%ld", i);
    }
    return ids;
}

#endif
