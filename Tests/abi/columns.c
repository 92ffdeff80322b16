/* bj_page_columns: field by field what the accessors say job by job, in memory of its own. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

enum { COUNTS = BJ_COUNT_RESULTS + 1, TIMES = BJ_TIME_UPDATED + 1 };

/* What an accessor says of a text: absent is empty in a column. */
static void same_text(const bj_columns *columns, int32_t which, size_t at, const char *wanted, size_t length) {
    const int64_t *offsets;
    const char *bytes = bj_columns_text(columns, which, &offsets);
    if (!CHECK(bytes != NULL && offsets != NULL)) return;
    int64_t begin = offsets[at], end = offsets[at + 1];
    CHECK_INT(end - begin, length);
    CHECK(end - begin == (int64_t)length && (length == 0 || memcmp(bytes + begin, wanted, length) == 0));
}

static size_t length_of(const char *text) { return text != NULL ? strlen(text) : 0; }

static void same_as_jobs(const bj_columns *columns, const bj_page *page) {
    size_t count = bj_page_count(page);
    if (!CHECK_INT(bj_columns_count(columns), count)) return;
    for (int32_t which = BJ_TEXT_ID; which <= BJ_TEXT_RAW_JSON; which++) {
        const int64_t *offsets;
        const char *bytes = bj_columns_text(columns, which, &offsets);
        CHECK(bytes != NULL);
        CHECK(bytes == bj_columns_text(columns, which, NULL));
        CHECK_INT(offsets[0], 0);
        for (size_t i = 0; i < count; i++) CHECK(offsets[i] <= offsets[i + 1]);
    }
    const int32_t *phases = bj_columns_phases(columns), *outcomes = bj_columns_outcomes(columns);
    CHECK(phases != NULL && outcomes != NULL);
    for (size_t i = 0; i < count; i++) {
        const bj_job *job = bj_page_job(page, i);
        size_t length;
        const char *raw = bj_job_raw_json(job, &length);
        same_text(columns, BJ_TEXT_ID, i, bj_job_id(job), length_of(bj_job_id(job)));
        same_text(columns, BJ_TEXT_KIND, i, bj_job_kind(job), length_of(bj_job_kind(job)));
        same_text(columns, BJ_TEXT_STATUS_WORD, i, bj_job_status_word(job), length_of(bj_job_status_word(job)));
        same_text(columns, BJ_TEXT_ERROR, i, bj_job_error_text(job), length_of(bj_job_error_text(job)));
        same_text(columns, BJ_TEXT_RAW_JSON, i, raw, length);
        CHECK_INT(phases[i], bj_job_phase(job));
        CHECK_INT(outcomes[i], bj_job_outcome(job));
        for (int32_t which = 0; which < COUNTS; which++) {
            if (!CHECK(bj_columns_counts(columns, which) != NULL)) return;
            CHECK_INT(bj_columns_counts(columns, which)[i], bj_job_count(job, which));
        }
        for (int32_t which = 0; which < TIMES; which++) {
            if (!CHECK(bj_columns_times(columns, which) != NULL)) return;
            CHECK_INT(bj_columns_times(columns, which)[i], bj_job_time(job, which));
        }
    }
}

static void equal_the_accessors(void) {
    for (size_t s = 0; LISTING[s] != NULL; s++) {
        bj_client *client = make_client(LISTING[s], "page_size", "50", NULL);
        bj_pages *pages;
        const bj_page *page;
        size_t seen = 0;
        check_context("%s", LISTING[s]);
        calm();
        CHECK_INT(bj_pages_open(&pages, client, NULL, NULL, NULL), BJ_OK);
        while (bj_pages_next(&page, pages, NULL) == BJ_OK) {
            bj_columns *columns, *again;
            bj_error *error = (bj_error *)1;
            CHECK_INT(bj_page_columns(&columns, page, &error), BJ_OK);
            CHECK(error == NULL);
            same_as_jobs(columns, page);
            /* As often as one likes, each time a copy. */
            CHECK_INT(bj_page_columns(&again, page, NULL), BJ_OK);
            CHECK(again != columns);
            CHECK(bj_columns_phases(again) != bj_columns_phases(columns));
            bj_columns_destroy(columns);
            same_as_jobs(again, page);
            bj_columns_destroy(again);
            seen += bj_page_count(page);
        }
        CHECK_INT(seen, 230);
        bj_pages_destroy(pages);
        bj_client_destroy(client);
    }
}

/* Only what is delivered: max_items cuts a page, and a filter takes rows out of it. */
static void of_a_cut_page(void) {
    for (size_t s = 0; LISTING[s] != NULL; s++) {
        bj_client *client = make_client(LISTING[s], "page_size", "50", NULL);
        bj_options *calls[] = {make_options("max_items", "7", NULL), make_options("status", "failed", NULL)};
        for (size_t i = 0; i < 2; i++) {
            bj_pages *pages;
            const bj_page *page;
            bj_columns *columns;
            check_context("%s, %zu", LISTING[s], i);
            CHECK_INT(bj_pages_open(&pages, client, calls[i], NULL, NULL), BJ_OK);
            CHECK_INT(bj_pages_next(&page, pages, NULL), BJ_OK);
            if (i == 0) CHECK_INT(bj_page_count(page), 7);
            CHECK_INT(bj_page_columns(&columns, page, NULL), BJ_OK);
            same_as_jobs(columns, page);
            bj_columns_destroy(columns);
            bj_pages_destroy(pages);
            bj_options_destroy(calls[i]);
        }
        bj_client_destroy(client);
    }
}

/* Values that are hard to carry: escapes, absent members, a status nobody knows, a time of no day. */
static void of_odd_rows(void) {
    static const char *const mutations[] = {
        "{\"fault\": \"mutate\", \"pointer\": \"/jobs/0/status\", \"value\": \"pa\\\"us\\u00e9d\\n\\ud83d\\ude00\"}",
        "{\"fault\": \"mutate\", \"pointer\": \"/jobs/1/error_message\", \"value\": \"\"}",
        "{\"fault\": \"mutate\", \"pointer\": \"/jobs/2/error_message\", \"value\": \"a\\tb\"}",
        "{\"fault\": \"mutate\", \"pointer\": \"/jobs/3/created_at\", \"value\": null}",
        "{\"fault\": \"mutate\", \"pointer\": \"/jobs/4/completed_at\", \"delete\": true}",
        "{\"fault\": \"mutate\", \"pointer\": \"/jobs/5/entities_requested\", \"value\": 9007199254740993}",
        "{\"fault\": \"mutate\", \"pointer\": \"/jobs/6/action\", \"value\": \"\"}",
    };
    bj_client *client = make_client("crustdata", "page_size", "20", "max_items", "20", NULL);
    bj_pages *pages;
    const bj_page *page;
    bj_columns *columns;
    calm();
    for (size_t i = 0; i < sizeof mutations / sizeof *mutations; i++) plant("crustdata", "list", -1, 0, mutations[i]);
    CHECK_INT(bj_pages_open(&pages, client, NULL, NULL, NULL), BJ_OK);
    CHECK_INT(bj_pages_next(&page, pages, NULL), BJ_OK);
    CHECK_INT(bj_page_columns(&columns, page, NULL), BJ_OK);
    CHECK_HAS(bj_job_status_word(bj_page_job(page, 0)), "pa\"us\xc3\xa9" "d\n");
    CHECK_INT(bj_job_count(bj_page_job(page, 5), BJ_COUNT_TOTAL), 9007199254740993);
    same_as_jobs(columns, page);
    CHECK_INT(bj_columns_times(columns, BJ_TIME_CREATED)[3], BJ_TIME_NONE);
    bj_columns_destroy(columns);
    bj_pages_destroy(pages);
    bj_client_destroy(client);
    calm();
}

/* The columns are all that is left, and another thread reads and frees them. */
static void *read_and_free(void *payload) {
    bj_columns *columns = payload;
    size_t sum = 0;
    for (int32_t which = BJ_TEXT_ID; which <= BJ_TEXT_RAW_JSON; which++) {
        const int64_t *offsets;
        const char *bytes = bj_columns_text(columns, which, &offsets);
        for (int64_t i = 0; i < offsets[bj_columns_count(columns)]; i++) sum += (unsigned char)bytes[i];
    }
    for (size_t i = 0; i < bj_columns_count(columns); i++)
        sum += (size_t)(bj_columns_phases(columns)[i] + bj_columns_outcomes(columns)[i] + bj_columns_counts(columns, 0)[i] +
                        bj_columns_times(columns, 0)[i]);
    bj_columns_destroy(columns);
    return sum != 0 ? payload : NULL;
}

static void outlive_all(void) {
    bj_client *client = make_client("reach", "page_size", "50", NULL);
    bj_pages *pages;
    const bj_page *page;
    bj_columns *columns, *other;
    char id[200];
    CHECK_INT(bj_pages_open(&pages, client, NULL, NULL, NULL), BJ_OK);
    CHECK_INT(bj_pages_next(&page, pages, NULL), BJ_OK);
    CHECK_INT(bj_page_columns(&columns, page, NULL), BJ_OK);
    CHECK_INT(bj_page_columns(&other, page, NULL), BJ_OK);
    strncpy(id, bj_job_id(bj_page_job(page, 49)), sizeof id - 1);
    id[sizeof id - 1] = '\0';
    CHECK_INT(bj_pages_next(&page, pages, NULL), BJ_OK);
    bj_pages_destroy(pages);
    bj_client_destroy(client);
    CHECK_INT(bj_columns_count(columns), 50);
    same_text(columns, BJ_TEXT_ID, 49, id, strlen(id));
    pthread_t thread;
    void *answer;
    pthread_create(&thread, NULL, read_and_free, other);
    pthread_join(thread, &answer);
    CHECK(answer != NULL);
    bj_columns_destroy(columns);
}

static void nothing_and_beyond(void) {
    bj_columns *columns = (bj_columns *)1;
    bj_error *error;
    const int64_t *offsets = (const int64_t *)1;
    EXPECT_ERROR(bj_page_columns(&columns, NULL, &error), BJ_E_ARGUMENT, error);
    CHECK(columns == NULL);
    EXPECT_ERROR(bj_page_columns(NULL, NULL, &error), BJ_E_ARGUMENT, error);
    CHECK_INT(bj_columns_count(NULL), 0);
    CHECK(bj_columns_text(NULL, BJ_TEXT_ID, &offsets) == NULL);
    CHECK(offsets == NULL);
    CHECK(bj_columns_text(NULL, BJ_TEXT_ID, NULL) == NULL);
    CHECK(bj_columns_phases(NULL) == NULL);
    CHECK(bj_columns_outcomes(NULL) == NULL);
    CHECK(bj_columns_counts(NULL, BJ_COUNT_TOTAL) == NULL);
    CHECK(bj_columns_times(NULL, BJ_TIME_CREATED) == NULL);
    bj_columns_destroy(NULL);

    bj_client *client = make_client("spidra", "max_items", "3", NULL);
    bj_pages *pages;
    const bj_page *page;
    static const int32_t beyond[] = {-1, 9, 1000, INT32_MAX, INT32_MIN};
    CHECK_INT(bj_pages_open(&pages, client, NULL, NULL, NULL), BJ_OK);
    CHECK_INT(bj_pages_next(&page, pages, NULL), BJ_OK);
    EXPECT_ERROR(bj_page_columns(NULL, page, &error), BJ_E_ARGUMENT, error);
    CHECK_INT(bj_page_columns(&columns, page, NULL), BJ_OK);
    for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++) {
        offsets = (const int64_t *)1;
        CHECK(bj_columns_text(columns, beyond[i], &offsets) == NULL);
        CHECK(offsets == NULL);
        CHECK(bj_columns_text(columns, beyond[i], NULL) == NULL);
        CHECK(bj_columns_counts(columns, beyond[i]) == NULL);
        CHECK(bj_columns_times(columns, beyond[i]) == NULL);
    }
    CHECK(bj_columns_times(columns, TIMES) == NULL);
    CHECK(bj_columns_text(columns, BJ_TEXT_RAW_JSON + 1, NULL) == NULL);
    bj_columns_destroy(columns);
    bj_pages_destroy(pages);
    bj_client_destroy(client);
}

int main(void) {
    RUN(equal_the_accessors);
    RUN(of_a_cut_page);
    RUN(of_odd_rows);
    RUN(outlive_all);
    RUN(nothing_and_beyond);
    return check_report("columns");
}
