/* What every program over the library begins and ends with. */
#ifndef BENCH_OURS_H
#define BENCH_OURS_H

#include <batchjobs.h>
#include <stdio.h>
#include <stdlib.h>

/* Ends the program where a call failed. */
static inline void must(bj_status status, bj_error **error) {
    if (status >= 0) return;
    fprintf(stderr, "%s: %s\n", bj_status_name(status), bj_error_message(*error));
    exit(1);
}

static inline bj_options *options_of(const char *base) {
    bj_options *options;
    bj_error *error;
    must(bj_options_new(&options, &error), &error);
    must(bj_options_set(options, "api_key", "key", &error), &error);
    must(bj_options_set(options, "base_url", base, &error), &error);
    return options;
}

static inline bj_client *client_of(const char *service, const char *base) {
    bj_options *options = options_of(base);
    bj_client *client;
    bj_error *error;
    must(bj_client_new(&client, service, options, &error), &error);
    bj_options_destroy(options);
    return client;
}

#endif
