/* Section "Rate limits": what all threads of a client together may ask of the service. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

#define THREADS 8

/* Threads that share a client and ask for jobs. */
struct crowd {
    bj_client *client;
    int each; /* requests of each thread */
    atomic_int succeeded, refused, other;
    atomic_llong longest;
};

static void *ask(void *payload) {
    struct crowd *crowd = payload;
    for (int i = 0; i < crowd->each; i++) {
        bj_job *job;
        int64_t began = now_ms();
        bj_status status = bj_client_get(&job, crowd->client, sample("crustdata", "failed"), NULL, NULL, NULL);
        long long took = now_ms() - began, longest = atomic_load(&crowd->longest);
        while (took > longest && !atomic_compare_exchange_weak(&crowd->longest, &longest, took)) continue;
        bj_job_destroy(job);
        atomic_fetch_add(status == BJ_OK ? &crowd->succeeded : status == BJ_E_RATE_LIMITED ? &crowd->refused : &crowd->other, 1);
    }
    return NULL;
}

static int64_t run(struct crowd *crowd) {
    pthread_t threads[THREADS];
    int64_t began = now_ms();
    for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, ask, crowd);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    return now_ms() - began;
}

/* No more than so many in any interval, and no slower than that. */
static void own_limit(void) {
    struct crowd crowd = {make_client("crustdata", "max_requests", "10", "max_requests_interval_ms", "400", NULL), 5, 0, 0, 0, 0};
    calm();
    int64_t took = run(&crowd);
    CHECK_INT(crowd.succeeded, 40);
    CHECK_INT(request_count(), 40);
    /* Ten at 0, 400, 800 and 1200 ms. */
    CHECK(took >= 1200 && took <= 1200 + patience(2000));
    bj_client_destroy(crowd.client);
}

/* One that could go out only after its time is refused at once, without a request. */
static void refused(void) {
    bj_client *client = make_client("crustdata", "max_requests", "2", "max_requests_interval_ms", "60000",
                                    "timeout_ms", "1000", NULL);
    bj_job *job;
    bj_error *error;
    calm();
    for (int i = 0; i < 2; i++) {
        CHECK_INT(bj_client_get(&job, client, sample("crustdata", "failed"), NULL, NULL, NULL), BJ_OK);
        bj_job_destroy(job);
    }
    int64_t began = now_ms();
    bj_status status = bj_client_get(&job, client, sample("crustdata", "failed"), NULL, NULL, &error);
    CHECK(now_ms() - began <= patience(500));
    CHECK(bj_error_retry_after_ms(error) > 50000 && bj_error_retry_after_ms(error) <= 60000);
    CHECK_TEXT(bj_error_detail(error, "option"), "max_requests");
    CHECK_INT(bj_error_http_status(error), -1);
    CHECK_INT(bj_error_retryable(error), 1);
    EXPECT_ERROR(status, BJ_E_RATE_LIMITED, error);
    CHECK_INT(request_count(), 2);
    /* Lists and results are counted too; what a result host gets is not. */
    bj_pages *pages;
    const bj_page *page;
    CHECK_INT(bj_pages_open(&pages, client, NULL, NULL, NULL), BJ_OK);
    EXPECT_ERROR(bj_pages_next(&page, pages, &error), BJ_E_RATE_LIMITED, error);
    bj_pages_destroy(pages);
    bj_client_destroy(client);
    client = make_client("crustdata", "max_requests", "1", "max_requests_interval_ms", "60000", NULL);
    bj_results *results;
    const bj_record *record;
    CHECK_INT(bj_results_open(&results, client, sample("crustdata", "large"), NULL, NULL, NULL), BJ_OK);
    while ((status = bj_results_next(&record, results, NULL)) == BJ_OK) continue;
    CHECK_INT(status, BJ_END);
    CHECK_INT(bj_results_verdict(results), BJ_VERDICT_VERIFIED);
    bj_results_destroy(results);
    bj_client_destroy(client);
}

/* No more than so many at once; the last place is not taken by what is sent ahead. */
static void at_once(void) {
    static const struct { const char *most; int64_t least; } rows[] = {{"1", 1200}, {"2", 600}, {"8", 150}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct crowd crowd = {make_client("crustdata", "max_concurrent_requests", rows[i].most, NULL), 3, 0, 0, 0, 0};
        check_context("%s", rows[i].most);
        calm();
        plant("crustdata", "get", -1, 0, "{\"fault\": \"delay\", \"seconds\": 0.05}");
        int64_t took = run(&crowd);
        CHECK_INT(crowd.succeeded, 24);
        if (!CHECK(took >= rows[i].least && took <= rows[i].least + patience(4800)))
            fprintf(stderr, "    %ld ms\n", (long)took);
        bj_client_destroy(crowd.client);
    }
    calm();
    /* An iterator that holds a page on the wire does not lock others out. */
    bj_client *client = make_client("crustdata", "max_concurrent_requests", "2", "page_size", "10", "timeout_ms", "3000", NULL);
    bj_pages *pages[3];
    const bj_page *page;
    bj_job *job;
    for (int i = 0; i < 3; i++) {
        CHECK_INT(bj_pages_open(&pages[i], client, NULL, NULL, NULL), BJ_OK);
        CHECK_INT(bj_pages_next(&page, pages[i], NULL), BJ_OK);
    }
    CHECK_INT(bj_client_get(&job, client, sample("crustdata", "failed"), NULL, NULL, NULL), BJ_OK);
    bj_job_destroy(job);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(bj_pages_next(&page, pages[i], NULL), BJ_OK);
        bj_pages_destroy(pages[i]);
    }
    bj_client_destroy(client);
}

/* An answer for crustdata's failed job with these headers. */
static void answer_with(const char *headers, int times) {
    size_t length;
    char path[300], *body;
    snprintf(path, sizeof path, "/batch/%s", sample("crustdata", "failed"));
    body = fetch("crustdata", path, &length);
    json_error_t wrong;
    json_t *document = json_pack("{ss ss si ss ss so}", "service", "crustdata", "operation", "get", "times", times, "fault",
                                 "body", "body", body, "headers", json_loads(headers, 0, &wrong));
    json_object_set_new(document, "content_type", json_string("application/json"));
    json_decref(control("PUT", "/faults", document));
    json_decref(document);
    free(body);
}

/* What the service says is left holds for all threads. */
static void the_services_limit(void) {
    static const struct { const char *headers; int64_t least, most; } rows[] = {
        {"{\"X-RateLimit-Remaining\": \"0\", \"X-RateLimit-Reset\": \"1\"}", 1000, 3500},
        {"{\"RateLimit-Remaining\": \"0\", \"RateLimit-Reset\": \"0.4\"}", 400, 2000},
        {"{\"RateLimit\": \"limit=9, remaining=0, reset=0.4\"}", 400, 2000},
        {"{\"X-RateLimit-Remaining\": \"50\", \"X-RateLimit-Reset\": \"60\"}", 0, 2000},
        {"{\"X-RateLimit-Remaining\": \"none\", \"X-RateLimit-Reset\": \"60\"}", 0, 2000},
        {"{\"X-RateLimit-Remaining\": \"0\", \"X-RateLimit-Reset\": \"99999999\"}", 0, 2000}, /* rubbish */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct crowd crowd = {make_client("crustdata", NULL, NULL), 1, 0, 0, 0, 0};
        bj_job *job;
        check_context("%s", rows[i].headers);
        calm();
        answer_with(rows[i].headers, 1);
        json_decref(control("DELETE", "/requests", NULL));
        CHECK_INT(bj_client_get(&job, crowd.client, sample("crustdata", "failed"), NULL, NULL, NULL), BJ_OK);
        bj_job_destroy(job);
        CHECK_INT(request_count(), 1);
        int64_t took = run(&crowd);
        CHECK_INT(crowd.succeeded, THREADS);
        if (!CHECK(took >= rows[i].least && took <= patience(rows[i].most))) fprintf(stderr, "    %ld ms\n", (long)took);
        CHECK_INT(request_count(), 1 + THREADS);
        bj_client_destroy(crowd.client);
    }
    /* Longer than a call may take: at once, without a request, and with how long. */
    bj_client *client = make_client("crustdata", "timeout_ms", "2000", NULL);
    bj_job *job;
    bj_error *error;
    calm();
    answer_with("{\"X-RateLimit-Remaining\": \"0\", \"X-RateLimit-Reset\": \"30\"}", 1);
    json_decref(control("DELETE", "/requests", NULL));
    CHECK_INT(bj_client_get(&job, client, sample("crustdata", "failed"), NULL, NULL, NULL), BJ_OK);
    bj_job_destroy(job);
    bj_status status = bj_client_get(&job, client, sample("crustdata", "failed"), NULL, NULL, &error);
    CHECK(bj_error_retry_after_ms(error) > 20000 && bj_error_retry_after_ms(error) <= 30000);
    CHECK_HAS(bj_error_message(error), "crustdata");
    EXPECT_ERROR(status, BJ_E_RATE_LIMITED, error);
    CHECK_INT(request_count(), 1);
    bj_client_destroy(client);
    calm();
}

/* A refusal names the time itself: the headers beside it do not hold others longer. */
static void a_refusal(void) {
    bj_client *client = make_client("crustdata", NULL, NULL);
    bj_job *job;
    calm();
    plant("crustdata", "get", 1, 0,
          "{\"fault\": \"status\", \"status\": 429, \"headers\": {\"Retry-After\": \"0.3\", "
          "\"X-RateLimit-Remaining\": \"0\", \"X-RateLimit-Reset\": \"50\"}}");
    int64_t began = now_ms();
    CHECK_INT(bj_client_get(&job, client, sample("crustdata", "failed"), NULL, NULL, NULL), BJ_OK);
    int64_t took = now_ms() - began;
    CHECK(took >= 300 && took <= 300 + patience(2000));
    CHECK_INT(request_count(), 2);
    bj_job_destroy(job);
    bj_client_destroy(client);
}

/* Opens a wait for the newest jobs of veryfront, which are done and have no list; it holds the ids. */
static bj_waits *wait_for(bj_client *client, size_t count) {
    static const char *ids[24];
    static json_t *truth;
    bj_waits *waits;
    json_decref(truth);
    truth = truth_jobs("veryfront");
    for (size_t i = 0; i < count; i++) ids[i] = json_string_value(json_array_get(truth, i));
    CHECK_INT(bj_waits_open(&waits, client, ids, count, NULL, NULL, NULL), BJ_OK);
    return waits;
}

/* Requests on the wire together are refused together, and have waited together. */
static void refused_together(void) {
    static const char *const headers[] = {"\"Retry-After\": \"1\"",
                                          "\"X-RateLimit-Remaining\": \"0\", \"X-RateLimit-Reset\": \"1\""};
    for (size_t i = 0; i < 2; i++) {
        bj_client *client = make_client("veryfront", NULL, NULL);
        const bj_event *event;
        char members[200];
        size_t jobs = 0;
        check_context("%s", headers[i]);
        calm();
        set_busy("veryfront", 24, -1, 0);
        snprintf(members, sizeof members, "{\"fault\": \"status\", \"status\": 429, \"headers\": {%s}}", headers[i]);
        plant("veryfront", "get", 8, 0, members);
        bj_waits *waits = wait_for(client, 24);
        int64_t began = now_ms();
        while (bj_waits_next(&event, waits, NULL) == BJ_OK) jobs += bj_event_job(event) != NULL;
        int64_t took = now_ms() - began;
        CHECK_INT(jobs, 24);
        /* One by one it would be eight seconds; and where the refusals alone speak of limits, half a second
         * for each of the others. */
        if (!CHECK(took >= 1000 && took <= patience(5000))) fprintf(stderr, "    %ld ms\n", (long)took);
        CHECK_INT(request_count(), 32);
        bj_waits_destroy(waits);
        bj_client_destroy(client);
    }
    set_busy("veryfront", 0, 0, 0);
    calm();
}

/* What is sent ahead of need leaves the last request to the job that is asked for now. */
static void the_last_request(void) {
    static const char *const most[] = {"1", "3"};
    for (size_t i = 0; i < 2; i++) {
        bj_client *client = make_client("veryfront", "max_requests", most[i], "max_requests_interval_ms", "600000",
                                        "timeout_ms", "2000", "wait_timeout_ms", "60000", NULL);
        const bj_event *event;
        int64_t jobs = 0, refused = 0;
        check_context("%s", most[i]);
        calm();
        set_busy("veryfront", 16, -1, 0);
        bj_waits *waits = wait_for(client, 16);
        while (bj_waits_next(&event, waits, NULL) == BJ_OK) {
            jobs += bj_event_job(event) != NULL;
            refused += bj_error_status(bj_event_error(event)) == BJ_E_RATE_LIMITED;
        }
        CHECK_INT(jobs, atoi(most[i]));
        CHECK_INT(refused, 16 - jobs);
        CHECK_INT(request_count(), jobs);
        bj_waits_destroy(waits);
        bj_client_destroy(client);
    }
    set_busy("veryfront", 0, 0, 0);
}

/* Threads that wait under a limit take turns: who comes late again and again has not failed. */
static void *wait_too(void *payload) {
    struct crowd *crowd = payload;
    bj_job *job;
    bj_status status = bj_client_wait(&job, crowd->client, sample("crustdata", "failed"), NULL, NULL, NULL, NULL, NULL);
    bj_job_destroy(job);
    atomic_fetch_add(status == BJ_OK ? &crowd->succeeded : status == BJ_E_RATE_LIMITED ? &crowd->refused : &crowd->other, 1);
    return NULL;
}

static void turns(void) {
    if (patience(1) > 4) { /* valgrind */
        check_skip("answers take longer than timeout_ms here");
        return;
    }
    struct crowd crowd = {make_client("crustdata", "max_requests", "1", "max_requests_interval_ms", "100", "timeout_ms", "60",
                                      "wait_timeout_ms", "60000", "poll_min_ms", "50", NULL), 1, 0, 0, 0, 0};
    pthread_t threads[THREADS];
    calm();
    for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, wait_too, &crowd);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    CHECK_INT(crowd.refused, 0);
    /* timeout_ms is short, so a busy machine may be late with an answer, too. */
    CHECK_INT(crowd.succeeded + crowd.other, THREADS);
    CHECK(crowd.succeeded >= THREADS / 2);
    bj_client_destroy(crowd.client);
}

/* A wait for a place ends when it is told to. */
static void *fire_later(void *payload) {
    sleep_ms(patience(300));
    bj_cancel_fire(payload);
    return NULL;
}

static void cancelled(void) {
    bj_client *client = make_client("crustdata", "max_requests", "1", "max_requests_interval_ms", "60000", NULL);
    bj_cancel *cancel;
    bj_job *job;
    bj_error *error;
    pthread_t thread;
    calm();
    CHECK_INT(bj_client_get(&job, client, sample("crustdata", "failed"), NULL, NULL, NULL), BJ_OK);
    bj_job_destroy(job);
    CHECK_INT(bj_cancel_new(&cancel, NULL), BJ_OK);
    pthread_create(&thread, NULL, fire_later, cancel);
    int64_t began = now_ms();
    bj_status status = bj_client_get(&job, client, sample("crustdata", "failed"), NULL, cancel, &error);
    int64_t took = now_ms() - began;
    pthread_join(thread, NULL);
    EXPECT_ERROR(status, BJ_E_CANCELLED, error);
    CHECK(took <= patience(300) + patience(500));
    CHECK_INT(request_count(), 1);
    bj_cancel_destroy(cancel);
    bj_client_destroy(client);
}

int main(void) {
    RUN(own_limit);
    RUN(refused);
    RUN(at_once);
    RUN(the_services_limit);
    RUN(a_refusal);
    RUN(refused_together);
    RUN(the_last_request);
    RUN(turns);
    RUN(cancelled);
    return check_report("rates");
}
