/* What the Go files see of C: the library's header, and calls that gather what would be many. */
#ifndef BJGO_BRIDGE_H
#define BJGO_BRIDGE_H

#include <batchjobs.h>

/* This package is written for one interface; a program built against another would misread it. */
#if BJ_ABI_VERSION != 1
#error "this version of the Go package needs batchjobs.h with BJ_ABI_VERSION 1"
#endif
#if BJ_VERSION_MAJOR == 0 && BJ_VERSION_MINOR < 1
#error "this version of the Go package needs libbatchjobs 0.1.0 or later"
#endif

#define BJGO_COUNTS (BJ_COUNT_RESULTS + 1)
#define BJGO_TIMES (BJ_TIME_UPDATED + 1)
#define BJGO_TEXTS (BJ_TEXT_RAW_JSON + 1)

/* The calls that block, each on behalf of a Go call: a cgo.Handle that the hooks find again, since
 * they run on the thread of the call. 0: there are none. */
bj_status bjgo_get(uintptr_t call, bj_job **out, bj_client *client, const char *id, const bj_options *options,
                   bj_cancel *cancel, bj_error **error);
bj_status bjgo_wait(uintptr_t call, int updates, bj_job **out, bj_client *client, const char *id,
                    const bj_options *options, bj_cancel *cancel, bj_error **error);
bj_status bjgo_waits_next(uintptr_t call, const bj_event **out, bj_waits *waits, bj_error **error);
bj_status bjgo_pages_next(uintptr_t call, const bj_page **out, bj_pages *pages, bj_error **error);
bj_status bjgo_results_open(uintptr_t call, bj_results **out, bj_client *client, const char *id,
                            const bj_options *options, bj_cancel *cancel, bj_error **error);
bj_status bjgo_save(uintptr_t call, int progress, bj_client *client, const char *id, const char *path,
                    const bj_options *options, bj_cancel *cancel, bj_error **error);

/* Hooks of a client; nonzero asks for them. */
void bjgo_set_hooks(bj_client *client, int log, int token);

/* One job with all its fields, borrowed from it. */
typedef struct {
    const char *id, *provider, *kind, *word, *error, *raw;
    size_t raw_length;
    int32_t phase, outcome;
    int64_t counts[BJGO_COUNTS], times[BJGO_TIMES];
} bjgo_job;
void bjgo_read_job(const bj_job *job, bjgo_job *out);

/* All columns of a page, borrowed from them. */
typedef struct {
    size_t count;
    const char *texts[BJGO_TEXTS];
    const int64_t *offsets[BJGO_TEXTS];
    const int32_t *phases, *outcomes;
    const int64_t *counts[BJGO_COUNTS], *times[BJGO_TIMES];
} bjgo_columns;
void bjgo_read_columns(const bj_columns *columns, bjgo_columns *out);

/* How a stream of results stands. */
typedef struct {
    int64_t records, expected, bytes, bytes_total, parts, parts_done;
    int32_t verdict;
} bjgo_standing;
void bjgo_read_standing(const bj_results *results, bjgo_standing *out);

/* A batch of records, borrowed, and how the stream stands with it. */
typedef struct {
    size_t count, length, keys_length;
    const char *data, *keys;
    const int64_t *offsets, *key_offsets;
    const int32_t *outcomes;
    int64_t first;
    bjgo_standing standing;
} bjgo_batch;
bj_status bjgo_next_batch(uintptr_t call, bjgo_batch *out, bj_results *results, bj_error **error);

#endif
