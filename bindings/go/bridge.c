#include "bridge.h"
#include "_cgo_export.h"

/* The Go call at work on this thread. A hook may call the library in turn, so each puts back what
 * was there before. */
static _Thread_local uintptr_t call_now;

#define ON_BEHALF_OF(call, expression)  \
    uintptr_t before = call_now;        \
    call_now = (call);                  \
    bj_status status = (expression);    \
    call_now = before;                  \
    return status

/* Hooks */

static void on_log(int32_t level, const char *line, void *payload) {
    (void)payload;
    if (call_now != 0) bjgoLog(call_now, level, (char *)line);
}

static int32_t on_token(bj_token *sink, void *payload) {
    (void)payload;
    return call_now != 0 ? bjgoToken(call_now, sink) : 1;
}

static int32_t on_update(const bj_job *job, void *payload) {
    (void)payload;
    return bjgoUpdate(call_now, (bj_job *)job);
}

static int32_t on_progress(int64_t bytes, int64_t total, int64_t records, void *payload) {
    (void)payload;
    return bjgoProgress(call_now, bytes, total, records);
}

void bjgo_set_hooks(bj_client *client, int log, int token) {
    if (log) bj_client_set_log(client, BJ_LOG_DEBUG, on_log, NULL);
    if (token) bj_client_set_token_provider(client, on_token, NULL);
}

/* Calls that block */

bj_status bjgo_get(uintptr_t call, bj_job **out, bj_client *client, const char *id, const bj_options *options,
                   bj_cancel *cancel, bj_error **error) {
    ON_BEHALF_OF(call, bj_client_get(out, client, id, options, cancel, error));
}

bj_status bjgo_wait(uintptr_t call, int updates, bj_job **out, bj_client *client, const char *id,
                    const bj_options *options, bj_cancel *cancel, bj_error **error) {
    ON_BEHALF_OF(call, bj_client_wait(out, client, id, options, cancel, updates ? on_update : NULL, NULL, error));
}

bj_status bjgo_waits_next(uintptr_t call, const bj_event **out, bj_waits *waits, bj_error **error) {
    ON_BEHALF_OF(call, bj_waits_next(out, waits, error));
}

bj_status bjgo_pages_next(uintptr_t call, const bj_page **out, bj_pages *pages, bj_error **error) {
    ON_BEHALF_OF(call, bj_pages_next(out, pages, error));
}

bj_status bjgo_results_open(uintptr_t call, bj_results **out, bj_client *client, const char *id,
                            const bj_options *options, bj_cancel *cancel, bj_error **error) {
    ON_BEHALF_OF(call, bj_results_open(out, client, id, options, cancel, error));
}

bj_status bjgo_save(uintptr_t call, int progress, bj_client *client, const char *id, const char *path,
                    const bj_options *options, bj_cancel *cancel, bj_error **error) {
    ON_BEHALF_OF(call, bj_client_save(client, id, path, options, cancel, progress ? on_progress : NULL, NULL, error));
}

static bj_status next_batch(bjgo_batch *out, bj_results *results, bj_error **error) {
    const bj_batch *batch;
    bj_status status = bj_results_next_batch(&batch, results, error);
    if (status == BJ_OK) {
        out->count = bj_batch_count(batch);
        out->data = bj_batch_data(batch, &out->length);
        out->offsets = bj_batch_offsets(batch);
        out->outcomes = bj_batch_outcomes(batch);
        out->keys = bj_batch_keys(batch, &out->key_offsets);
        out->keys_length = out->keys != NULL ? (size_t)out->key_offsets[out->count] : 0;
        out->first = bj_batch_first_index(batch);
    }
    bjgo_read_standing(results, &out->standing);
    return status;
}

bj_status bjgo_next_batch(uintptr_t call, bjgo_batch *out, bj_results *results, bj_error **error) {
    ON_BEHALF_OF(call, next_batch(out, results, error));
}

/* Many values at once */

void bjgo_read_job(const bj_job *job, bjgo_job *out) {
    out->id = bj_job_id(job);
    out->provider = bj_job_provider(job);
    out->kind = bj_job_kind(job);
    out->word = bj_job_status_word(job);
    out->error = bj_job_error_text(job);
    out->raw = bj_job_raw_json(job, &out->raw_length);
    out->phase = bj_job_phase(job);
    out->outcome = bj_job_outcome(job);
    for (int32_t i = 0; i < BJGO_COUNTS; i++) out->counts[i] = bj_job_count(job, i);
    for (int32_t i = 0; i < BJGO_TIMES; i++) out->times[i] = bj_job_time(job, i);
}

void bjgo_read_columns(const bj_columns *columns, bjgo_columns *out) {
    out->count = bj_columns_count(columns);
    for (int32_t i = 0; i < BJGO_TEXTS; i++) out->texts[i] = bj_columns_text(columns, i, &out->offsets[i]);
    out->phases = bj_columns_phases(columns);
    out->outcomes = bj_columns_outcomes(columns);
    for (int32_t i = 0; i < BJGO_COUNTS; i++) out->counts[i] = bj_columns_counts(columns, i);
    for (int32_t i = 0; i < BJGO_TIMES; i++) out->times[i] = bj_columns_times(columns, i);
}

void bjgo_read_standing(const bj_results *results, bjgo_standing *out) {
    out->records = bj_results_records(results);
    out->expected = bj_results_expected(results);
    out->bytes = bj_results_bytes(results);
    out->bytes_total = bj_results_bytes_total(results);
    out->parts = bj_results_parts(results);
    out->parts_done = bj_results_parts_done(results);
    out->verdict = bj_results_verdict(results);
}
