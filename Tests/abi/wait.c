/* Section "Wait": bj_client_wait. Waits end, cost little, live through what passes, and tell. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

/* The newest job of each service, made to run for `seconds` of job time. */
static const char *busy(const char *service, double seconds) {
    static char id[200];
    json_t *truth = truth_jobs(service);
    snprintf(id, sizeof id, "%s", json_string_value(json_array_get(truth, 0)));
    json_decref(truth);
    set_busy(service, 1, seconds, 0);
    return id;
}

struct progress {
    int calls, done, stop_at;
    int advance; /* seconds of job time with each call */
    char last[200];
};

static int32_t note(const bj_job *job, void *payload) {
    struct progress *progress = payload;
    progress->calls++;
    progress->done += bj_job_phase(job) == BJ_PHASE_DONE;
    snprintf(progress->last, sizeof progress->last, "%s", bj_job_status_word(job) ? bj_job_status_word(job) : "");
    if (progress->advance > 0 && bj_job_phase(job) != BJ_PHASE_DONE) advance_clock(progress->advance);
    return progress->calls == progress->stop_at;
}

/* Quick polling for all tests; the default pace is the Swift tests' business. */
#define QUICK "poll_min_ms", "50", "poll_max_ms", "100", "wait_timeout_ms", "300000"

static void until_done(void) {
    for (size_t s = 0; SERVICES[s] != NULL; s++) {
        const char *id = busy(SERVICES[s], 100);
        bj_client *client = make_client(SERVICES[s], QUICK, NULL);
        struct progress progress = {0, 0, 0, 40, ""};
        bj_job *job = NULL;
        bj_error *error = (bj_error *)1;
        check_context("%s", SERVICES[s]);
        calm();
        int64_t began = now_ms();
        CHECK_INT(bj_client_wait(&job, client, id, NULL, NULL, note, &progress, &error), BJ_OK);
        CHECK(now_ms() - began <= patience(5000));
        CHECK(error == NULL);
        CHECK_TEXT(bj_job_id(job), id);
        CHECK_INT(bj_job_phase(job), BJ_PHASE_DONE);
        CHECK_INT(bj_job_outcome(job), BJ_OUTCOME_SUCCEEDED);
        /* Running at 0, 40 and 80 of 100 seconds, then done. */
        CHECK_INT(progress.calls, 4);
        CHECK_INT(progress.done, 1);
        CHECK_INT(request_count(), 4);
        CHECK_INT(request_count_of(SERVICES[s], "get"), 4);
        bj_job_destroy(job);
        /* One that is done costs one request; no function is needed. */
        calm();
        CHECK_INT(bj_client_wait(&job, client, id, NULL, NULL, NULL, NULL, NULL), BJ_OK);
        CHECK_INT(bj_job_phase(job), BJ_PHASE_DONE);
        CHECK_INT(request_count(), 1);
        bj_job_destroy(job);
        bj_client_destroy(client);
        set_busy(SERVICES[s], 0, 0, 0);
    }
}

/* However a job ended, that is no error of the wait. */
static void ends_of_all_kinds(void) {
    static const char *const ends[] = {"succeeded", "failed", "cancelled", "partial", "empty", NULL};
    for (size_t s = 0; SERVICES[s] != NULL; s++) {
        bj_client *client = make_client(SERVICES[s], NULL, NULL);
        for (size_t i = 0; ends[i] != NULL; i++) {
            const char *id = sample(SERVICES[s], ends[i]);
            bj_job *job;
            if (id == NULL) continue;
            check_context("%s %s", SERVICES[s], ends[i]);
            CHECK_INT(bj_client_wait(&job, client, id, NULL, NULL, NULL, NULL, NULL), BJ_OK);
            CHECK_INT(bj_job_phase(job), BJ_PHASE_DONE);
            bj_job_destroy(job);
        }
        bj_client_destroy(client);
    }
}

/* Results are not asked for: of reach, whose switch for them the client may even have set. */
static void without_results(void) {
    const char *id = sample("reach", "pending");
    bj_client *client = make_client("reach", "include_pending", "true", NULL);
    bj_job *job;
    calm();
    CHECK_INT(bj_client_wait(&job, client, id, NULL, NULL, NULL, NULL, NULL), BJ_OK);
    json_t *list = requests();
    CHECK(strchr(json_string_value(json_object_get(json_array_get(list, 0), "target")), '?') == NULL);
    json_decref(list);
    bj_job_destroy(job);
    bj_client_destroy(client);
}

/* Time is up: the error says what is known, and nothing goes on beyond the limit. */
static void time_is_up(void) {
    static const struct { const char *service, *word, *phase; } rows[] = {
        {"crustdata", "processing", "running"}, {"spidra", "running", "running"}, {"reach", "processing", "running"},
        {"veryfront", NULL, "running"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *id = sample(rows[i].service, "stuck_running");
        bj_client *client = make_client(rows[i].service, QUICK, "wait_timeout_ms", "600", NULL);
        struct progress progress = {0, 0, 0, 0, ""};
        bj_job *job = (bj_job *)1;
        bj_error *error;
        check_context("%s", rows[i].service);
        calm();
        int64_t began = now_ms();
        bj_status status = bj_client_wait(&job, client, id, NULL, NULL, note, &progress, &error);
        int64_t took = now_ms() - began;
        CHECK(took >= 600 && took <= 600 + patience(500));
        CHECK(job == NULL);
        CHECK_TEXT(bj_error_job_id(error), id);
        CHECK_TEXT(bj_error_detail(error, "phase"), rows[i].phase);
        CHECK_TEXT(bj_error_detail(error, "word"), rows[i].word);
        CHECK_TEXT(bj_error_detail(error, "option"), "wait_timeout_ms");
        CHECK_HAS(bj_error_message(error), id);
        CHECK_HAS(bj_error_message(error), "still runs");
        CHECK_HAS(bj_error_message(error), rows[i].word != NULL ? rows[i].word : "running");
        CHECK_INT(bj_error_retryable(error), 1);
        EXPECT_ERROR(status, BJ_E_TIMEOUT, error);
        CHECK_INT(progress.calls, 1); /* the first snapshot; no other was new */
        if (rows[i].word != NULL) CHECK_TEXT(progress.last, rows[i].word);
        CHECK(request_count() >= 3 && request_count() <= 12);
        bj_client_destroy(client);
    }
}

/* The limit holds where a request hangs, and the error is still the wait's. */
static void a_request_that_hangs(void) {
    bj_client *client = make_client("crustdata", "wait_timeout_ms", "400", NULL);
    bj_job *job;
    bj_error *error;
    calm();
    plant("crustdata", "get", -1, 0, "{\"fault\": \"stall\", \"seconds\": 20}");
    int64_t began = now_ms();
    bj_status status = bj_client_wait(&job, client, sample("crustdata", "stuck_running"), NULL, NULL, NULL, NULL, &error);
    CHECK(now_ms() - began <= 400 + patience(500));
    CHECK(bj_error_detail(error, "word") == NULL);
    CHECK_TEXT(bj_error_detail(error, "option"), "wait_timeout_ms");
    EXPECT_ERROR(status, BJ_E_TIMEOUT, error);
    bj_client_destroy(client);

    /* timeout_ms bounds each request; one that hangs is one of those a wait lives through. */
    calm();
    plant("crustdata", "get", 3, 0, "{\"fault\": \"stall\", \"seconds\": 20}");
    client = make_client("crustdata", QUICK, "timeout_ms", "300", "max_attempts", "1", NULL);
    CHECK_INT(bj_client_wait(&job, client, sample("crustdata", "succeeded"), NULL, NULL, NULL, NULL, NULL), BJ_OK);
    CHECK_INT(request_count(), 4);
    bj_job_destroy(job);
    bj_client_destroy(client);
    calm();
}

/* Five failures in a row pass; a sixth does not, and what is for good ends the wait at once. */
static void failures(void) {
    static const struct { const char *fault; int times; bj_status wanted; int requests; } rows[] = {
        {"{\"fault\": \"status\", \"status\": 503, \"retry_in\": 0}", 5, BJ_OK, 6},
        {"{\"fault\": \"status\", \"status\": 502}", 5, BJ_OK, 6},
        {"{\"fault\": \"reset\"}", 5, BJ_OK, 6},
        {"{\"fault\": \"cut\", \"bytes\": 300}", 5, BJ_OK, 6},
        {"{\"fault\": \"status\", \"status\": 429, \"retry_in\": 0, \"headers\": {\"Retry-After\": \"0\"}}", 5, BJ_OK, 6},
        {"{\"fault\": \"status\", \"status\": 500}", 6, BJ_E_SERVER, 6},
        {"{\"fault\": \"status\", \"status\": 404}", 1, BJ_E_NOT_FOUND, 1},
        {"{\"fault\": \"status\", \"status\": 401}", 1, BJ_E_UNAUTHENTICATED, 1},
        {"{\"fault\": \"status\", \"status\": 403}", 1, BJ_E_FORBIDDEN, 1},
        {"{\"fault\": \"status\", \"status\": 410}", 1, BJ_E_GONE, 1},
        {"{\"fault\": \"redirect\", \"location\": \"http://127.0.0.1:1/\"}", 1, BJ_E_REDIRECT, 1},
        {"{\"fault\": \"html\"}", 1, BJ_E_PROTOCOL, 1},
        {"{\"fault\": \"body\", \"body\": \"{}\"}", 1, BJ_E_PROTOCOL, 1},
        /* Asked to come back after the end: at once, with how long that is. */
        {"{\"fault\": \"status\", \"status\": 429, \"headers\": {\"Retry-After\": \"90\"}}", 1, BJ_E_RATE_LIMITED, 1},
    };
    for (size_t s = 0; SERVICES[s] != NULL; s++) {
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            bj_client *client = make_client(SERVICES[s], QUICK, "poll_max_ms", "50", "max_attempts", "1", "wait_timeout_ms", "60000", NULL);
            struct progress progress = {0, 0, 0, 0, ""};
            bj_job *job;
            bj_error *error;
            check_context("%s %s x%d", SERVICES[s], rows[i].fault, rows[i].times);
            calm();
            plant(SERVICES[s], "get", rows[i].times, 0, rows[i].fault);
            int64_t began = now_ms();
            bj_status status = bj_client_wait(&job, client, sample(SERVICES[s], "succeeded"), NULL, NULL, note, &progress, &error);
            CHECK(now_ms() - began <= patience(7500));
            if (rows[i].wanted == BJ_OK) {
                CHECK_INT(status, BJ_OK);
                CHECK_INT(progress.calls, 1);
                bj_error_destroy(error);
            } else {
                CHECK(job == NULL);
                CHECK_INT(progress.calls, 0);
                CHECK_TEXT(bj_error_job_id(error), sample(SERVICES[s], "succeeded"));
                if (rows[i].wanted == BJ_E_RATE_LIMITED) CHECK_INT(bj_error_retry_after_ms(error), 90000);
                EXPECT_ERROR(status, rows[i].wanted, error);
            }
            CHECK_INT(request_count(), rows[i].requests);
            bj_job_destroy(job);
            bj_client_destroy(client);
        }
    }
    calm();
}

/* Retries within a request come first: six times four requests. */
static void retries_count_once(void) {
    bj_client *client = make_client("crustdata", QUICK, NULL);
    bj_job *job;
    bj_error *error;
    calm();
    plant("crustdata", "get", -1, 0, "{\"fault\": \"status\", \"status\": 503, \"headers\": {\"Retry-After-Ms\": \"1\"}}");
    EXPECT_ERROR(bj_client_wait(&job, client, sample("crustdata", "succeeded"), NULL, NULL, NULL, NULL, &error),
                 BJ_E_SERVER, error);
    CHECK_INT(request_count(), 24);
    calm();
    bj_client_destroy(client);
}

/* A word nobody knows does not end a wait, and is given on. */
static void unknown_words(void) {
    static const char *const services[] = {"crustdata", "spidra", "reach", NULL};
    static const char *const pointers[] = {"/status", "/status", "/data/status"};
    for (size_t s = 0; services[s] != NULL; s++) {
        bj_client *client = make_client(services[s], QUICK, NULL);
        struct progress progress = {0, 0, 0, 0, ""};
        bj_job *job;
        check_context("%s", services[s]);
        calm();
        fault("{ss ss ss ss ss si}", "service", services[s], "operation", "get", "fault", "mutate", "pointer",
              pointers[s], "value", "succeeded_very_much", "times", 3);
        CHECK_INT(bj_client_wait(&job, client, sample(services[s], "succeeded"), NULL, NULL, note, &progress, NULL), BJ_OK);
        CHECK_INT(request_count(), 4);
        /* Each answer of crustdata to a job with files has other links, and is new for that. */
        CHECK_INT(progress.calls, s == 0 ? 4 : 2);
        bj_job_destroy(job);
        bj_client_destroy(client);
    }
    calm();
}

/* The callback may stop the wait, use the client, and is not called when the call does not begin. */
static int32_t ask_inside(const bj_job *job, void *payload) {
    bj_job *same;
    if (CHECK_INT(bj_client_wait(&same, payload, sample("crustdata", "succeeded"), NULL, NULL, NULL, NULL, NULL), BJ_OK))
        CHECK_INT(bj_job_phase(same), BJ_PHASE_DONE);
    bj_job_destroy(same);
    CHECK_INT(bj_job_retain(&same, job, NULL), BJ_OK);
    bj_job_destroy(same);
    return 1;
}

static void callbacks(void) {
    bj_client *client = make_client("crustdata", QUICK, NULL);
    struct progress progress = {0, 0, 1, 0, ""};
    bj_job *job = (bj_job *)1;
    bj_error *error = (bj_error *)1;
    const char *id = sample("crustdata", "stuck_running");
    CHECK_INT(bj_client_wait(&job, client, id, NULL, NULL, note, &progress, &error), BJ_STOPPED);
    CHECK(job == NULL);
    CHECK(error == NULL);
    CHECK_INT(progress.calls, 1);
    CHECK_INT(bj_client_wait(&job, client, id, NULL, NULL, ask_inside, client, &error), BJ_STOPPED);
    /* It sees the last snapshot too, and may stop even there. */
    progress.stop_at = 1, progress.calls = 0;
    CHECK_INT(bj_client_wait(&job, client, sample("crustdata", "failed"), NULL, NULL, note, &progress, &error), BJ_STOPPED);
    CHECK(job == NULL);
    progress.calls = 0;
    calm();
    EXPECT_ERROR(bj_client_wait(&job, client, "", NULL, NULL, note, &progress, &error), BJ_E_ARGUMENT, error);
    bj_options *wrong = make_options("sort_by", "created", NULL);
    EXPECT_ERROR(bj_client_wait(&job, client, id, wrong, NULL, note, &progress, &error), BJ_E_ARGUMENT, error);
    bj_options_destroy(wrong);
    CHECK_INT(progress.calls, 0);
    CHECK_INT(request_count(), 0);
    bj_client_destroy(client);
}

/* Intervals and deadlines that make no sense are refused when they are set. */
static void absurd_options(void) {
    static const char *const names[] = {"wait_timeout_ms", "poll_min_ms", "poll_max_ms", "max_requests",
                                        "max_requests_interval_ms", "max_concurrent_requests", NULL};
    static const char *const values[] = {"0", "-1", "-9223372036854775808", "9223372036854775807", "1e9", "never", "", NULL};
    bj_options *options = make_options(NULL, NULL);
    for (size_t n = 0; names[n] != NULL; n++)
        for (size_t v = 0; values[v] != NULL; v++) {
            bj_error *error;
            check_context("%s=%s", names[n], values[v]);
            bj_status status = bj_options_set(options, names[n], values[v], &error);
            CHECK_TEXT(bj_error_detail(error, "option"), names[n]);
            EXPECT_ERROR(status, BJ_E_ARGUMENT, error);
        }
    bj_options_destroy(options);
    /* The longest that can be set does not overflow, and poll_min_ms wins over a lower poll_max_ms. */
    bj_client *client = make_client("crustdata", "wait_timeout_ms", "2592000000", "poll_max_ms", "86400000", NULL);
    bj_job *job;
    CHECK_INT(bj_client_wait(&job, client, sample("crustdata", "succeeded"), NULL, NULL, NULL, NULL, NULL), BJ_OK);
    bj_job_destroy(job);
    bj_options *call = make_options("poll_min_ms", "400", "poll_max_ms", "50", "wait_timeout_ms", "1000", NULL);
    calm();
    CHECK_INT(bj_client_wait(&job, client, sample("crustdata", "stuck_queued"), call, NULL, NULL, NULL, NULL), BJ_E_TIMEOUT);
    CHECK_INT(request_count(), 3);
    bj_options_destroy(call);
    bj_client_destroy(client);
}

/* At most one status call a second, unless poll_min_ms says otherwise. */
static void not_more_than_once_a_second(void) {
    bj_client *client = make_client("crustdata", "wait_timeout_ms", "2400", NULL);
    bj_job *job;
    calm();
    CHECK_INT(bj_client_wait(&job, client, sample("crustdata", "stuck_running"), NULL, NULL, NULL, NULL, NULL), BJ_E_TIMEOUT);
    CHECK(request_count() >= 2 && request_count() <= 3);
    bj_client_destroy(client);
}

/* A sleep between two looks ends within 100 ms, whoever ends it. */
struct ender {
    int way;
    int64_t fired_at;
    bj_cancel *cancel;
    bj_client *client;
    atomic_int interrupted;
};

static void *end_later(void *payload) {
    struct ender *ender = payload;
    sleep_ms(patience(300));
    ender->fired_at = now_ms();
    if (ender->way == 0) bj_cancel_fire(ender->cancel);
    if (ender->way == 1) bj_client_cancel(ender->client);
    if (ender->way == 2) atomic_store(&ender->interrupted, 1);
    return NULL;
}

static int32_t interrupt(void *payload) { return atomic_load(&((struct ender *)payload)->interrupted); }

static void ended_while_asleep(void) {
    static const char *const ways[] = {"bj_cancel_fire", "bj_client_cancel", "interrupt"};
    for (int way = 0; way < 3; way++) {
        bj_client *client = make_client("crustdata", "poll_min_ms", "60000", NULL);
        bj_cancel *cancel;
        bj_job *job;
        bj_error *error;
        pthread_t thread;
        check_context("%s", ways[way]);
        CHECK_INT(bj_cancel_new(&cancel, NULL), BJ_OK);
        struct ender ender = {way, 0, cancel, client, 0};
        bj_client_set_interrupt(client, interrupt, &ender);
        calm();
        pthread_create(&thread, NULL, end_later, &ender);
        bj_status status = bj_client_wait(&job, client, sample("crustdata", "stuck_running"), NULL, cancel, NULL, NULL, &error);
        int64_t ended = now_ms();
        pthread_join(thread, NULL);
        CHECK(job == NULL);
        EXPECT_ERROR(status, BJ_E_CANCELLED, error);
        CHECK(ended >= ender.fired_at && ended - ender.fired_at <= patience(500));
        CHECK_INT(request_count(), 1);
        bj_cancel_destroy(cancel);
        bj_client_destroy(client);
    }
}

/* bj_client_cancel from within the callback ends the whole wait, though no request is under way. */
static int32_t cancel_all(const bj_job *job, void *payload) {
    (void)job;
    bj_client_cancel(payload);
    return 0;
}

static void cancelled_between(void) {
    bj_client *client = make_client("crustdata", QUICK, NULL);
    bj_job *job;
    bj_error *error;
    EXPECT_ERROR(bj_client_wait(&job, client, sample("crustdata", "stuck_running"), NULL, NULL, cancel_all, client, &error),
                 BJ_E_CANCELLED, error);
    bj_client_destroy(client);
}

/* A token that dies during the wait is refreshed; a provider that fails ends it. */
struct giver {
    const char *token;
    int calls;
    int32_t answer;
};

static int32_t give(bj_token *sink, void *payload) {
    struct giver *giver = payload;
    giver->calls++;
    if (giver->token != NULL) bj_token_set(sink, giver->token, strlen(giver->token));
    return giver->answer;
}

static void tokens(void) {
    const char *id = busy("reach", 100);
    bj_client *client = make_client("reach", QUICK, NULL);
    struct giver giver = {service_key("reach"), 0, 0};
    struct progress progress = {0, 0, 0, 30, ""};
    bj_job *job;
    bj_error *error;
    bj_client_set_token_provider(client, give, &giver);
    calm();
    plant("reach", "get", 1, 1, "{\"fault\": \"status\", \"status\": 401}");
    plant("reach", "get", 1, 3, "{\"fault\": \"status\", \"status\": 401}");
    CHECK_INT(bj_client_wait(&job, client, id, NULL, NULL, note, &progress, NULL), BJ_OK);
    CHECK_INT(giver.calls, 2); /* each request is a call of its own */
    bj_job_destroy(job);
    static const struct { const char *name, *token; int32_t answer; } bad[] = {
        {"nonzero", "fresh", 1}, {"no token", NULL, 0}, {"empty", "", 0}, {"two lines", "a\r\nb", 0},
        {"refused as well", "rubbish", 0},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        check_context("%s", bad[i].name);
        calm();
        plant("reach", "get", -1, 0, "{\"fault\": \"status\", \"status\": 401}");
        giver.token = bad[i].token, giver.answer = bad[i].answer, giver.calls = 0;
        bj_status status = bj_client_wait(&job, client, id, NULL, NULL, NULL, NULL, &error);
        CHECK_TEXT(bj_error_job_id(error), id);
        EXPECT_ERROR(status, BJ_E_UNAUTHENTICATED, error);
        CHECK_INT(giver.calls, 1);
        CHECK_INT(request_count(), i == 4 ? 2 : 1);
    }
    calm();
    set_busy("reach", 0, 0, 0);
    bj_client_destroy(client);
}

/* What a service advises with an answer is kept: later and sooner than the wait would have it. */
static void advice(void) {
    bj_client *client = make_client("reach", QUICK, NULL);
    bj_job *job;
    calm();
    plant("reach", "get", 1, 1,
          "{\"fault\": \"body\", \"content_type\": \"application/json\", \"body\": "
          "\"{\\\"success\\\":true,\\\"data\\\":{\\\"batchId\\\":\\\"x\\\",\\\"status\\\":\\\"success\\\",\\\"batchType\\\":\\\"T\\\",\\\"progress\\\":{}}}\"}");
    plant("reach", "get", 1, 0,
          "{\"fault\": \"body\", \"content_type\": \"application/json\", \"headers\": {\"Retry-After\": \"1\"}, \"body\": "
          "\"{\\\"success\\\":true,\\\"data\\\":{\\\"batchId\\\":\\\"x\\\",\\\"status\\\":\\\"processing\\\",\\\"batchType\\\":\\\"T\\\",\\\"progress\\\":{}}}\"}");
    int64_t began = now_ms();
    CHECK_INT(bj_client_wait(&job, client, "x", NULL, NULL, NULL, NULL, NULL), BJ_OK);
    int64_t took = now_ms() - began;
    CHECK(took >= 1000 && took <= 1000 + patience(1000));
    CHECK_INT(request_count(), 2);
    bj_job_destroy(job);
    calm();
    bj_client_destroy(client);
}

int main(void) {
    RUN(until_done);
    RUN(ends_of_all_kinds);
    RUN(without_results);
    RUN(time_is_up);
    RUN(a_request_that_hangs);
    RUN(failures);
    RUN(retries_count_once);
    RUN(unknown_words);
    RUN(callbacks);
    RUN(absurd_options);
    RUN(not_more_than_once_a_second);
    RUN(ended_while_asleep);
    RUN(cancelled_between);
    RUN(tokens);
    RUN(advice);
    return check_report("wait");
}
