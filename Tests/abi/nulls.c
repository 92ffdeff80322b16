/* NULL in place of every argument of every function of the header: an answer, never a crash.
 * Getters and destroyers take NULL; calls that can fail answer BJ_E_ARGUMENT, set their outputs to
 * NULL, and send nothing. A gate holds that no function of the header is missing here. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "support.h"

static int32_t on_page(const bj_page *page, void *payload) {
    (void)page, (void)payload;
    return 0;
}

static int32_t on_record(const bj_record *record, void *payload) {
    (void)record, (void)payload;
    return 0;
}

static int32_t on_progress(int64_t bytes, int64_t total, int64_t records, void *payload) {
    (void)bytes, (void)total, (void)records, (void)payload;
    return 0;
}

static int32_t on_job(const bj_job *job, void *payload) {
    (void)job, (void)payload;
    return 0;
}

static int32_t on_interrupt(void *payload) {
    (void)payload;
    return 0;
}

static int32_t on_token(bj_token *sink, void *payload) {
    (void)sink, (void)payload;
    return 1;
}

static void on_log(int32_t level, const char *line, void *payload) { (void)level, (void)line, (void)payload; }

/* Getters of nothing. */
static void getters(void) {
    size_t length = 99;
    int32_t kind = 99;
    const int64_t *offsets = (const int64_t *)1;

    CHECK(bj_version() != NULL);
    CHECK(bj_abi_version() > 0);
    CHECK(bj_status_name(12345) == NULL);
    CHECK(bj_phase_name(12345) == NULL);
    CHECK(bj_outcome_name(12345) == NULL);
    CHECK(bj_record_outcome_name(12345) == NULL);
    CHECK(bj_provider_count() > 0);
    CHECK(bj_provider_name(12345) == NULL);
    CHECK_INT(bj_provider_supports(NULL, BJ_CAN_LIST), -1);
    CHECK_INT(bj_provider_accepts(NULL, NULL), -1);
    CHECK_INT(bj_provider_accepts("reach", NULL), -1);
    CHECK_INT(bj_provider_accepts(NULL, "api_key"), -1);
    CHECK(bj_option_count() > 0);
    CHECK(bj_option_name(12345) == NULL);
    CHECK_INT(bj_option_kind(12345), -1);
    CHECK(bj_option_range(12345) == NULL);
    CHECK(bj_option_default(12345) == NULL);
    CHECK(bj_option_help(12345) == NULL);
    CHECK(bj_option_client_only(12345) <= 0);
    CHECK_INT(bj_client_supports(NULL, BJ_CAN_LIST), -1);

    CHECK_INT(bj_page_count(NULL), 0);
    CHECK(bj_page_job(NULL, 0) == NULL);
    CHECK(bj_page_next_cursor(NULL) == NULL);
    CHECK(bj_page_raw_json(NULL, &length) == NULL && length == 0);
    CHECK(bj_page_raw_json(NULL, NULL) == NULL);

    CHECK_INT(bj_columns_count(NULL), 0);
    CHECK(bj_columns_text(NULL, BJ_TEXT_ID, &offsets) == NULL && offsets == NULL);
    CHECK(bj_columns_text(NULL, BJ_TEXT_ID, NULL) == NULL);
    CHECK(bj_columns_phases(NULL) == NULL);
    CHECK(bj_columns_outcomes(NULL) == NULL);
    CHECK(bj_columns_counts(NULL, BJ_COUNT_TOTAL) == NULL);
    CHECK(bj_columns_times(NULL, BJ_TIME_CREATED) == NULL);

    CHECK(bj_job_id(NULL) == NULL);
    CHECK(bj_job_provider(NULL) == NULL);
    CHECK(bj_job_kind(NULL) == NULL);
    CHECK(bj_job_status_word(NULL) == NULL);
    CHECK(bj_job_error_text(NULL) == NULL);
    CHECK_INT(bj_job_phase(NULL), -1);
    CHECK_INT(bj_job_outcome(NULL), -1);
    CHECK_INT(bj_job_count(NULL, BJ_COUNT_TOTAL), -1);
    CHECK_INT(bj_job_time(NULL, BJ_TIME_CREATED), BJ_TIME_NONE);
    length = 99;
    CHECK(bj_job_field(NULL, "", &length, &kind) == NULL && length == 0 && kind == BJ_JSON_ABSENT);
    CHECK(bj_job_field(NULL, NULL, NULL, NULL) == NULL);
    length = 99;
    CHECK(bj_job_raw_json(NULL, &length) == NULL && length == 0);
    CHECK(bj_job_raw_json(NULL, NULL) == NULL);

    CHECK(bj_results_job(NULL) == NULL);
    CHECK_INT(bj_event_index(NULL), -1);
    CHECK(bj_event_job(NULL) == NULL);
    CHECK(bj_event_error(NULL) == NULL);
    CHECK_INT(bj_event_is_final(NULL), -1);
    CHECK_INT(bj_results_verdict(NULL), -1);
    CHECK_INT(bj_results_records(NULL), -1);
    CHECK_INT(bj_results_expected(NULL), -1);
    CHECK_INT(bj_results_bytes(NULL), -1);
    CHECK_INT(bj_results_bytes_total(NULL), -1);
    CHECK_INT(bj_results_parts(NULL), -1);
    CHECK_INT(bj_results_parts_done(NULL), -1);
    CHECK_INT(bj_batch_count(NULL), 0);
    length = 99;
    CHECK(bj_batch_data(NULL, &length) == NULL && length == 0);
    CHECK(bj_batch_data(NULL, NULL) == NULL);
    CHECK(bj_batch_offsets(NULL) == NULL);
    CHECK_INT(bj_batch_first_index(NULL), -1);
    CHECK(bj_batch_outcomes(NULL) == NULL);
    offsets = (const int64_t *)1;
    CHECK(bj_batch_keys(NULL, &offsets) == NULL && offsets == NULL);
    CHECK(bj_batch_keys(NULL, NULL) == NULL);
    length = 99;
    CHECK(bj_record_data(NULL, &length) == NULL && length == 0);
    CHECK(bj_record_data(NULL, NULL) == NULL);
    CHECK(bj_record_key(NULL) == NULL);
    CHECK_INT(bj_record_outcome(NULL), -1);
    CHECK_INT(bj_record_index(NULL), -1);

    bj_error_status(NULL); /* of nothing it is only held that it answers */
    CHECK(bj_error_message(NULL) == NULL);
    CHECK_INT(bj_error_http_status(NULL), -1);
    CHECK(bj_error_code(NULL) == NULL);
    CHECK(bj_error_request_id(NULL) == NULL);
    CHECK_INT(bj_error_retryable(NULL), -1);
    CHECK_INT(bj_error_retry_after_ms(NULL), -1);
    CHECK(bj_error_job_id(NULL) == NULL);
    CHECK(bj_error_url(NULL) == NULL);
    CHECK(bj_error_detail(NULL, NULL) == NULL);
    CHECK(bj_error_detail(NULL, "path") == NULL);
    CHECK_INT(bj_error_detail_count(NULL), 0);
    CHECK(bj_error_detail_name(NULL, 0) == NULL);
}

static void destroyers(void) {
    bj_options_destroy(NULL);
    bj_cancel_destroy(NULL);
    bj_cancel_fire(NULL);
    bj_client_destroy(NULL);
    bj_client_cancel(NULL);
    bj_client_set_interrupt(NULL, on_interrupt, NULL);
    bj_client_set_interrupt(NULL, NULL, NULL);
    bj_client_set_token_provider(NULL, on_token, NULL);
    bj_client_set_token_provider(NULL, NULL, NULL);
    bj_client_set_log(NULL, BJ_LOG_DEBUG, on_log, NULL);
    bj_client_set_log(NULL, BJ_LOG_DEBUG, NULL, NULL);
    bj_token_set(NULL, "x", 1);
    bj_token_set(NULL, NULL, 0);
    bj_columns_destroy(NULL);
    bj_pages_destroy(NULL);
    bj_waits_destroy(NULL);
    bj_job_destroy(NULL);
    bj_results_destroy(NULL);
    bj_error_destroy(NULL);
    CHECK(1);
}

/* Each argument by itself, and all of them; once with a place for the error and once without. */
#define REFUSED(call_with_error, call_without)               \
    do {                                                     \
        error = (bj_error *)1;                               \
        EXPECT_ERROR(call_with_error, BJ_E_ARGUMENT, error); \
        CHECK_INT(call_without, BJ_E_ARGUMENT);              \
    } while (0)
#define UNSET(pointer) ((pointer) = (void *)1)

static void calls(void) {
    char path[300];
    snprintf(path, sizeof path, "%s/nulls-never-made", getenv("TEST_FOLDER"));
    bj_client *client = make_client("crustdata", NULL, NULL), *new_client;
    bj_options *options = make_options("api_key", "k", NULL);
    bj_error *error;
    bj_pages *pages;
    const bj_page *page;
    bj_columns *columns;
    bj_results *results;
    const bj_record *record;
    const bj_batch *batch;
    const char *token;
    bj_job *job;
    bj_waits *waits;
    const bj_event *event;
    const char *const ids[] = {"id"}, *const hole[] = {"id", NULL};
    calm();

    REFUSED(bj_options_new(NULL, &error), bj_options_new(NULL, NULL));
    REFUSED(bj_options_set(NULL, "page_size", "1", &error), bj_options_set(NULL, "page_size", "1", NULL));
    REFUSED(bj_options_set(options, NULL, "1", &error), bj_options_set(options, NULL, "1", NULL));
    REFUSED(bj_options_set(NULL, NULL, NULL, &error), bj_options_set(NULL, NULL, NULL, NULL));
    REFUSED(bj_cancel_new(NULL, &error), bj_cancel_new(NULL, NULL));

    REFUSED(bj_client_new(NULL, "crustdata", options, &error), bj_client_new(NULL, "crustdata", options, NULL));
    UNSET(new_client);
    REFUSED(bj_client_new(&new_client, NULL, options, &error), bj_client_new(&new_client, NULL, options, NULL));
    CHECK(new_client == NULL);
    UNSET(new_client);
    REFUSED(bj_client_new(&new_client, "crustdata", NULL, &error), bj_client_new(&new_client, "crustdata", NULL, NULL));
    CHECK(new_client == NULL);
    REFUSED(bj_client_new(NULL, NULL, NULL, &error), bj_client_new(NULL, NULL, NULL, NULL));

    REFUSED(bj_client_list(NULL, NULL, NULL, on_page, NULL, &error), bj_client_list(NULL, NULL, NULL, on_page, NULL, NULL));
    REFUSED(bj_client_list(client, NULL, NULL, NULL, NULL, &error), bj_client_list(client, NULL, NULL, NULL, NULL, NULL));
    REFUSED(bj_client_list(NULL, NULL, NULL, NULL, NULL, &error), bj_client_list(NULL, NULL, NULL, NULL, NULL, NULL));
    REFUSED(bj_pages_open(NULL, client, NULL, NULL, &error), bj_pages_open(NULL, client, NULL, NULL, NULL));
    UNSET(pages);
    REFUSED(bj_pages_open(&pages, NULL, NULL, NULL, &error), bj_pages_open(&pages, NULL, NULL, NULL, NULL));
    CHECK(pages == NULL);
    UNSET(page);
    REFUSED(bj_pages_next(&page, NULL, &error), bj_pages_next(&page, NULL, NULL));
    CHECK(page == NULL);
    CHECK_INT(bj_pages_open(&pages, client, NULL, NULL, NULL), BJ_OK);
    REFUSED(bj_pages_next(NULL, pages, &error), bj_pages_next(NULL, pages, NULL));
    REFUSED(bj_pages_next(NULL, NULL, &error), bj_pages_next(NULL, NULL, NULL));
    bj_pages_destroy(pages);
    UNSET(columns);
    REFUSED(bj_page_columns(&columns, NULL, &error), bj_page_columns(&columns, NULL, NULL));
    CHECK(columns == NULL);
    REFUSED(bj_page_columns(NULL, NULL, &error), bj_page_columns(NULL, NULL, NULL));

    REFUSED(bj_client_get(NULL, client, "id", NULL, NULL, &error), bj_client_get(NULL, client, "id", NULL, NULL, NULL));
    UNSET(job);
    REFUSED(bj_client_get(&job, NULL, "id", NULL, NULL, &error), bj_client_get(&job, NULL, "id", NULL, NULL, NULL));
    CHECK(job == NULL);
    UNSET(job);
    REFUSED(bj_client_get(&job, client, NULL, NULL, NULL, &error), bj_client_get(&job, client, NULL, NULL, NULL, NULL));
    CHECK(job == NULL);
    UNSET(job);
    REFUSED(bj_job_retain(&job, NULL, &error), bj_job_retain(&job, NULL, NULL));
    CHECK(job == NULL);
    REFUSED(bj_client_wait(NULL, client, "id", NULL, NULL, on_job, NULL, &error),
            bj_client_wait(NULL, client, "id", NULL, NULL, on_job, NULL, NULL));
    UNSET(job);
    REFUSED(bj_client_wait(&job, NULL, "id", NULL, NULL, on_job, NULL, &error),
            bj_client_wait(&job, NULL, "id", NULL, NULL, on_job, NULL, NULL));
    CHECK(job == NULL);
    UNSET(job);
    REFUSED(bj_client_wait(&job, client, NULL, NULL, NULL, on_job, NULL, &error),
            bj_client_wait(&job, client, NULL, NULL, NULL, on_job, NULL, NULL));
    CHECK(job == NULL);
    REFUSED(bj_waits_open(NULL, client, ids, 1, NULL, NULL, &error), bj_waits_open(NULL, client, ids, 1, NULL, NULL, NULL));
    UNSET(waits);
    REFUSED(bj_waits_open(&waits, NULL, ids, 1, NULL, NULL, &error), bj_waits_open(&waits, NULL, ids, 1, NULL, NULL, NULL));
    CHECK(waits == NULL);
    UNSET(waits);
    REFUSED(bj_waits_open(&waits, client, NULL, 1, NULL, NULL, &error),
            bj_waits_open(&waits, client, NULL, 1, NULL, NULL, NULL));
    CHECK(waits == NULL);
    REFUSED(bj_waits_open(&waits, client, hole, 2, NULL, NULL, &error),
            bj_waits_open(&waits, client, hole, 2, NULL, NULL, NULL));
    UNSET(event);
    REFUSED(bj_waits_next(&event, NULL, &error), bj_waits_next(&event, NULL, NULL));
    CHECK(event == NULL);
    CHECK_INT(bj_waits_open(&waits, client, ids, 1, NULL, NULL, NULL), BJ_OK);
    REFUSED(bj_waits_next(NULL, waits, &error), bj_waits_next(NULL, waits, NULL));
    bj_waits_destroy(waits);

    CHECK_INT(request_count(), 0);
    CHECK_INT(bj_client_get(&job, client, sample("crustdata", "succeeded"), NULL, NULL, NULL), BJ_OK);
    REFUSED(bj_job_retain(NULL, job, &error), bj_job_retain(NULL, job, NULL));
    bj_job_destroy(job);
    calm();

    REFUSED(bj_client_results(NULL, "id", NULL, NULL, on_record, NULL, &error),
            bj_client_results(NULL, "id", NULL, NULL, on_record, NULL, NULL));
    REFUSED(bj_client_results(client, NULL, NULL, NULL, on_record, NULL, &error),
            bj_client_results(client, NULL, NULL, NULL, on_record, NULL, NULL));
    REFUSED(bj_client_results(client, "id", NULL, NULL, NULL, NULL, &error),
            bj_client_results(client, "id", NULL, NULL, NULL, NULL, NULL));
    REFUSED(bj_results_open(NULL, client, "id", NULL, NULL, &error), bj_results_open(NULL, client, "id", NULL, NULL, NULL));
    UNSET(results);
    REFUSED(bj_results_open(&results, NULL, "id", NULL, NULL, &error), bj_results_open(&results, NULL, "id", NULL, NULL, NULL));
    CHECK(results == NULL);
    UNSET(results);
    REFUSED(bj_results_open(&results, client, NULL, NULL, NULL, &error),
            bj_results_open(&results, client, NULL, NULL, NULL, NULL));
    CHECK(results == NULL);
    UNSET(record);
    REFUSED(bj_results_next(&record, NULL, &error), bj_results_next(&record, NULL, NULL));
    CHECK(record == NULL);
    UNSET(batch);
    REFUSED(bj_results_next_batch(&batch, NULL, &error), bj_results_next_batch(&batch, NULL, NULL));
    CHECK(batch == NULL);
    UNSET(token);
    REFUSED(bj_results_token_at(&token, NULL, -1, &error), bj_results_token_at(&token, NULL, -1, NULL));
    CHECK(token == NULL);
    REFUSED(bj_results_save(NULL, 1, on_progress, NULL, &error), bj_results_save(NULL, 1, on_progress, NULL, NULL));
    REFUSED(bj_client_save(NULL, "id", path, NULL, NULL, on_progress, NULL, &error),
            bj_client_save(NULL, "id", path, NULL, NULL, on_progress, NULL, NULL));
    REFUSED(bj_client_save(client, NULL, path, NULL, NULL, on_progress, NULL, &error),
            bj_client_save(client, NULL, path, NULL, NULL, on_progress, NULL, NULL));
    REFUSED(bj_client_save(client, "id", NULL, NULL, NULL, on_progress, NULL, &error),
            bj_client_save(client, "id", NULL, NULL, NULL, on_progress, NULL, NULL));
    REFUSED(bj_client_save(NULL, NULL, NULL, NULL, NULL, NULL, NULL, &error),
            bj_client_save(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL));
    CHECK_INT(request_count(), 0);
    CHECK_INT(access(path, F_OK), -1);
    CHECK_INT(bj_results_open(&results, client, sample("crustdata", "succeeded"), NULL, NULL, NULL), BJ_OK);
    REFUSED(bj_results_next(NULL, results, &error), bj_results_next(NULL, results, NULL));
    REFUSED(bj_results_next_batch(NULL, results, &error), bj_results_next_batch(NULL, results, NULL));
    REFUSED(bj_results_token_at(NULL, results, -1, &error), bj_results_token_at(NULL, results, -1, NULL));
    bj_results_destroy(results);

    bj_options_destroy(options);
    bj_client_destroy(client);
}

/* An error argument of NULL changes nothing else; one that holds rubbish is set. */
static void error_argument(void) {
    bj_client *client = make_client("crustdata", NULL, NULL);
    bj_job *job;
    bj_error *error = (bj_error *)1;
    CHECK_INT(bj_client_get(&job, client, "no-such-job", NULL, NULL, NULL), BJ_E_NOT_FOUND);
    CHECK(job == NULL);
    CHECK_INT(bj_client_get(&job, client, sample("crustdata", "failed"), NULL, NULL, &error), BJ_OK);
    CHECK(error == NULL);
    bj_job_destroy(job);
    bj_client_destroy(client);
}

int main(void) {
    RUN(getters);
    RUN(destroyers);
    RUN(calls);
    RUN(error_argument);
    return check_report("nulls");
}
