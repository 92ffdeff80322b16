/* What every program over the library begins and ends with. */
#ifndef BENCH_OURS_H
#define BENCH_OURS_H

#include <batchjobs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ends the program where a call failed. */
static inline void must(bj_status status, bj_error **error) {
    if (status >= 0) return;
    fprintf(stderr, "%s: %s\n", bj_status_name(status), bj_error_message(*error));
    exit(1);
}

/* `more` are further options, each NAME=VALUE, behind the last of them NULL: the end of argv. */
static inline bj_options *options_of(const char *base, char **more) {
    bj_options *options;
    bj_error *error;
    must(bj_options_new(&options, &error), &error);
    must(bj_options_set(options, "api_key", "key", &error), &error);
    must(bj_options_set(options, "base_url", base, &error), &error);
    for (; *more != NULL; more++) {
        char name[64], *equals = strchr(*more, '=');
        if (equals == NULL || equals - *more >= (long)sizeof name) {
            fprintf(stderr, "%s is no NAME=VALUE\n", *more);
            exit(2);
        }
        memcpy(name, *more, (size_t)(equals - *more));
        name[equals - *more] = '\0';
        must(bj_options_set(options, name, equals + 1, &error), &error);
    }
    return options;
}

static inline bj_client *client_of(const char *service, const char *base, char **more) {
    bj_options *options = options_of(base, more);
    bj_client *client;
    bj_error *error;
    must(bj_client_new(&client, service, options, &error), &error);
    bj_options_destroy(options);
    return client;
}

#endif
