/* Time limits: connect, first byte, stall and the whole call. Each ends a call in its time and is named. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peers.h"
#include "support.h"

typedef bj_status (*calling)(bj_client *, bj_error **);

static int32_t take_page(const bj_page *page, void *payload) {
    (void)page, (void)payload;
    return 0;
}

static int32_t take_record(const bj_record *record, void *payload) {
    (void)record, (void)payload;
    return 0;
}

static bj_status call_list(bj_client *client, bj_error **error) {
    return bj_client_list(client, NULL, NULL, take_page, NULL, error);
}

static bj_status call_get(bj_client *client, bj_error **error) {
    bj_job *job;
    bj_status status = bj_client_get(&job, client, sample("crustdata", "large"), NULL, NULL, error);
    bj_job_destroy(job);
    return status;
}

static bj_status call_results(bj_client *client, bj_error **error) {
    return bj_client_results(client, sample("crustdata", "large"), NULL, NULL, take_record, NULL, error);
}

static bj_status call_records(bj_client *client, bj_error **error) {
    bj_results *results;
    const bj_record *record;
    bj_status status = bj_results_open(&results, client, sample("crustdata", "large"), NULL, NULL, error);
    if (status < 0) return status;
    while ((status = bj_results_next(&record, results, error)) == BJ_OK) {}
    bj_results_destroy(results);
    return status;
}

static const struct {
    const char *name;
    calling call;
    const char *service, *operation; /* what to hold up for the call to block */
} CALLS[] = {
    {"list", call_list, "crustdata", "list"},          {"get", call_get, "crustdata", "get"},
    {"results, job", call_results, "crustdata", "get"}, {"results, file", call_results, "storage", "results"},
    {"records, file", call_records, "storage", "results"},
};
enum { CALL_COUNT = sizeof CALLS / sizeof *CALLS };

/* A call that a limit of `limit` ms must end, and no other. */
static void ends_in_time(bj_client *client, calling call, const char *option, int limit, bj_status wanted) {
    bj_error *error = NULL;
    int64_t began = now_ms();
    bj_status status = call(client, &error);
    int64_t took = now_ms() - began;
    CHECK(took >= limit - 5);
    CHECK(took <= limit + patience(500));
    CHECK_HAS(bj_error_message(error), option);
    CHECK_TEXT(bj_error_detail(error, "option"), option);
    CHECK_INT(bj_error_retryable(error), 1);
    CHECK_INT(bj_error_http_status(error), -1);
    EXPECT_ERROR(status, wanted, error);
}

static void of_answers(void) {
    static const struct { const char *option; int stall_at; } rows[] = {
        {"first_byte_timeout_ms", 0}, {"stall_timeout_ms", 30}, {"stall_timeout_ms", 400},
        {"timeout_ms", 0}, {"timeout_ms", 400},
    };
    bj_client *first = make_client("crustdata", NULL, NULL);
    /* The simulator makes a large job when it is asked for the first time. */
    CHECK_INT(call_results(first, NULL), BJ_OK);
    bj_client_destroy(first);
    for (size_t c = 0; c < CALL_COUNT; c++) {
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            bj_client *client = make_client("crustdata", "max_attempts", "1", rows[i].option, "200", NULL);
            char json[100];
            check_context("%s, %s, stalls at %d", CALLS[c].name, rows[i].option, rows[i].stall_at);
            calm();
            snprintf(json, sizeof json, "{\"fault\": \"stall\", \"bytes\": %d, \"seconds\": 3}", rows[i].stall_at);
            plant(CALLS[c].service, CALLS[c].operation, -1, 0, json);
            /* A result file of which a part came has ended early, whatever ended it. */
            int stalls = strcmp(rows[i].option, "stall_timeout_ms") == 0 && rows[i].stall_at == 400;
            ends_in_time(client, CALLS[c].call, rows[i].option, 200,
                         stalls && strcmp(CALLS[c].service, "storage") == 0 ? BJ_E_TRUNCATED : BJ_E_TIMEOUT);
            /* The client is as good as before. */
            calm();
            CHECK_INT(call_get(client, NULL), BJ_OK);
            bj_client_destroy(client);
        }
    }
    calm();
}

/* A limit bounds its own time only: an answer that is slow, and not late, passes. */
static void slow_is_not_stalled(void) {
    bj_client *client = make_client("crustdata", "max_attempts", "1", "first_byte_timeout_ms", "300", "stall_timeout_ms",
                                    "300", NULL);
    calm();
    plant("crustdata", "get", 1, 0, "{\"fault\": \"slow\", \"rate\": 4000}");
    int64_t began = now_ms();
    CHECK_INT(call_get(client, NULL), BJ_OK);
    CHECK(now_ms() - began > 400);
    bj_client_destroy(client);
    calm();
}

/* timeout_ms covers the retries too: attempts that each stall end together. */
static void all_attempts_together(void) {
    bj_client *client = make_client("crustdata", "stall_timeout_ms", "150", "timeout_ms", "400", NULL);
    bj_error *error = NULL;
    calm();
    plant("crustdata", "get", -1, 0, "{\"fault\": \"stall\", \"bytes\": 100, \"seconds\": 2}");
    int64_t began = now_ms();
    bj_status status = call_get(client, &error);
    CHECK(now_ms() - began <= 400 + patience(500));
    EXPECT_ERROR(status, BJ_E_TIMEOUT, error);
    bj_client_destroy(client);
    /* And an attempt that stalls is followed by one that does not. */
    client = make_client("crustdata", "stall_timeout_ms", "150", NULL);
    calm();
    plant("crustdata", "get", 1, 0, "{\"fault\": \"stall\", \"bytes\": 100, \"seconds\": 2}");
    CHECK_INT(call_get(client, NULL), BJ_OK);
    CHECK_INT(request_count(), 2);
    bj_client_destroy(client);
    calm();
}

/* Before the request: a queue that is full, a TLS handshake that gets no answer. */
static void of_connections(void) {
    for (int full = 0; full < 2; full++) {
        static const char *const options[] = {"connect_timeout_ms", "timeout_ms"};
        for (size_t i = 0; i < 2; i++) {
            struct peer peer;
            check_context("%s, %s", full ? "full queue" : "silent handshake", options[i]);
            if (full) peer_full(&peer);
            else peer_silent(&peer);
            bj_client *client = make_client("crustdata", "base_url", peer_url(&peer, full ? "http" : "https"),
                                            "max_attempts", "1", options[i], "200", NULL);
            ends_in_time(client, call_get, options[i], 200, BJ_E_TIMEOUT);
            ends_in_time(client, call_list, options[i], 200, BJ_E_TIMEOUT);
            bj_client_destroy(client);
            peer_close(&peer);
        }
    }
}

/* The caller's pauses between two calls of an iterator cost nothing. */
static void pauses_are_free(void) {
    static const char *const ahead[] = {"0", "4"};
    for (size_t i = 0; i < 2; i++) {
        bj_client *client = make_client("crustdata", "page_size", "60", "timeout_ms", "400", "stall_timeout_ms", "300",
                                        "first_byte_timeout_ms", "300", "connect_timeout_ms", "300", "max_attempts", "1",
                                        "prefetch", ahead[i], NULL);
        bj_pages *pages;
        bj_results *results;
        const bj_page *page;
        const bj_record *record;
        bj_status status;
        size_t records = 0, jobs = 0;
        check_context("prefetch %s", ahead[i]);
        calm();
        CHECK_INT(bj_pages_open(&pages, client, NULL, NULL, NULL), BJ_OK);
        sleep_ms(450);
        while ((status = bj_pages_next(&page, pages, NULL)) == BJ_OK) {
            jobs += bj_page_count(page);
            sleep_ms(450);
        }
        CHECK_INT(status, BJ_END);
        CHECK_INT(jobs, 230);
        bj_pages_destroy(pages);
        CHECK_INT(bj_results_open(&results, client, sample("crustdata", "large"), NULL, NULL, NULL), BJ_OK);
        while ((status = bj_results_next(&record, results, NULL)) == BJ_OK)
            if (records++ % 2000 == 0) sleep_ms(450);
        CHECK_INT(status, BJ_END);
        CHECK_INT(records, bj_job_count(bj_results_job(results), BJ_COUNT_RESULTS));
        bj_results_destroy(results);
        bj_client_destroy(client);
    }
}

/* In the pause a page that was read ahead may even stall: only what is waited for counts. */
static void pauses_over_a_stall(void) {
    bj_client *client = make_client("crustdata", "page_size", "60", "timeout_ms", "300", "stall_timeout_ms", "200",
                                    "first_byte_timeout_ms", "200", "max_attempts", "1", "max_items", "120", NULL);
    bj_pages *pages;
    const bj_page *page;
    calm();
    plant("crustdata", "list", 1, 1, "{\"fault\": \"stall\", \"bytes\": 400, \"seconds\": 0.6}");
    CHECK_INT(bj_pages_open(&pages, client, NULL, NULL, NULL), BJ_OK);
    CHECK_INT(bj_pages_next(&page, pages, NULL), BJ_OK);
    sleep_ms(500);
    CHECK_INT(bj_pages_next(&page, pages, NULL), BJ_OK);
    CHECK_INT(request_count(), 2);
    bj_pages_destroy(pages);
    bj_client_destroy(client);
    calm();
}

/* A number that no limit can have is refused where it is set. */
static void absurd_values(void) {
    static const char *const options[] = {
        "timeout_ms", "connect_timeout_ms", "first_byte_timeout_ms", "stall_timeout_ms", "max_attempts", "prefetch",
        "page_size", "max_items", "max_pages", "max_response_bytes", "max_record_bytes",
    };
    static const char *const values[] = {
        "", "-1", "-0", "+5", " 5", "5 ", "5ms", "0x10", "1e3", "1.5", "NaN", "inf", "99999999999999999999",
        "9223372036854775808", "18446744073709551617", "\xd9\xa5", "5\n",
    };
    bj_options *set = make_options(NULL, NULL);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
            bj_error *error;
            check_context("%s=%s", options[i], values[v]);
            bj_status status = bj_options_set(set, options[i], values[v], &error);
            CHECK_TEXT(bj_error_detail(error, "option"), options[i]);
            CHECK_HAS(bj_error_message(error), options[i]);
            EXPECT_ERROR(status, BJ_E_ARGUMENT, error);
        }
        if (strcmp(options[i], "prefetch") != 0) CHECK_INT(bj_options_set(set, options[i], "0", NULL), BJ_E_ARGUMENT);
    }
    CHECK_INT(bj_options_set(set, "timeout_ms", "86400001", NULL), BJ_E_ARGUMENT);
    CHECK_INT(bj_options_set(set, "connect_timeout_ms", "600001", NULL), BJ_E_ARGUMENT);
    CHECK_INT(bj_options_set(set, "prefetch", "17", NULL), BJ_E_ARGUMENT);
    CHECK_INT(bj_options_set(set, "max_attempts", "11", NULL), BJ_E_ARGUMENT);
    bj_options_destroy(set);
    /* The least and the most there are do work. */
    bj_client *client = make_client("crustdata", "timeout_ms", "86400000", "connect_timeout_ms", "600000",
                                    "first_byte_timeout_ms", "86400000", "stall_timeout_ms", "86400000", NULL);
    calm();
    CHECK_INT(call_get(client, NULL), BJ_OK);
    bj_client_destroy(client);
    client = make_client("crustdata", "timeout_ms", "1", NULL);
    plant("crustdata", "get", -1, 0, "{\"fault\": \"delay\", \"seconds\": 0.3}");
    bj_error *error;
    EXPECT_ERROR(call_get(client, &error), BJ_E_TIMEOUT, error);
    bj_client_destroy(client);
    calm();
}

int main(void) {
    RUN(of_answers);
    RUN(slow_is_not_stalled);
    RUN(all_attempts_together);
    RUN(of_connections);
    /* Where everything is ten times slower, so short limits would pass for other reasons. */
    if (getenv("TEST_SLOW") == NULL) {
        RUN(pauses_are_free);
        RUN(pauses_over_a_stall);
    }
    RUN(absurd_values);
    return check_report("limits");
}
