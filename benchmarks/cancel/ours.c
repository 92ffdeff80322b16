/*
 * How long a blocked call goes on after bj_cancel_fire. Another thread fires at a moment drawn
 * between 5 and 65 ms, so that it falls anywhere between two looks of the library at its cancel.
 * Each sample has a client of its own: connections and the retry budget are fresh.
 */
#define _POSIX_C_SOURCE 200809L
#include "../ours.h"
#include <pthread.h>
#include <stdint.h>
#include <time.h>

struct shot {
    bj_cancel *cancel;
    struct timespec pause, fired;
};

static void *fire(void *payload) {
    struct shot *shot = payload;
    nanosleep(&shot->pause, NULL);
    clock_gettime(CLOCK_MONOTONIC, &shot->fired);
    bj_cancel_fire(shot->cancel);
    return NULL;
}

/* Microseconds between fire and return; -1 when the call ended otherwise. */
static long sample(const bj_options *options, long pause_us) {
    struct shot shot = {.pause = {.tv_nsec = pause_us * 1000}};
    struct timespec now;
    pthread_t thread;
    bj_client *client;
    bj_job *job;
    if (bj_cancel_new(&shot.cancel, NULL) < 0) return -1;
    if (bj_client_new(&client, "crustdata", options, NULL) < 0) return -1;
    if (pthread_create(&thread, NULL, fire, &shot) != 0) return -1;
    bj_status status = bj_client_get(&job, client, "any", NULL, shot.cancel, NULL);
    clock_gettime(CLOCK_MONOTONIC, &now);
    pthread_join(thread, NULL);
    bj_client_destroy(client);
    bj_cancel_destroy(shot.cancel);
    if (status != BJ_E_CANCELLED) {
        fprintf(stderr, "%s where BJ_E_CANCELLED was due\n", bj_status_name(status));
        return -1;
    }
    return (now.tv_sec - shot.fired.tv_sec) * 1000000 + (now.tv_nsec - shot.fired.tv_nsec) / 1000;
}

static int order(const void *a, const void *b) {
    long x = *(const long *)a, y = *(const long *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv) { /* ours BASE_URL SAMPLES: prints p50 p99 max, in microseconds */
    uint32_t random = 1;

    if (argc < 3) return fputs("usage: ours BASE_URL SAMPLES\n", stderr), 2;
    size_t count = (size_t)atol(argv[2]);
    long *times = calloc(count, sizeof *times);
    if (times == NULL || count == 0) return 1;
    bj_options *options = options_of(argv[1], argv + 3);
    for (size_t i = 0; i < count; i++) {
        random = random * 1664525u + 1013904223u;
        times[i] = sample(options, 5000 + (long)((random >> 8) % 60000));
        if (times[i] < 0) return 1;
    }
    qsort(times, count, sizeof *times, order);
    printf("%ld %ld %ld\n", times[count / 2], times[(count * 99 + 99) / 100 - 1], times[count - 1]);
    free(times);
    bj_options_destroy(options);
    return 0;
}
