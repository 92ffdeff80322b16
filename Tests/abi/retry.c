/* "RETRIES" of the header: what is sent again, how often, after which wait, and what is not. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "peers.h"
#include "support.h"

/* What a call brought: the same whether it was retried or not. */
struct haul {
    size_t count;
    uint64_t hash;
};

static void take(struct haul *haul, const char *bytes, size_t length) {
    haul->count++;
    for (size_t i = 0; i < length; i++) haul->hash = (haul->hash ^ (unsigned char)bytes[i]) * 1099511628211u;
}

typedef bj_status (*calling)(bj_client *, struct haul *, bj_error **);

static bj_status call_get(bj_client *client, struct haul *haul, bj_error **error) {
    bj_job *job;
    bj_status status = bj_client_get(&job, client, sample("crustdata", "succeeded"), NULL, NULL, error);
    if (status == BJ_OK) take(haul, bj_job_id(job), strlen(bj_job_id(job)));
    bj_job_destroy(job);
    return status;
}

static int32_t take_page(const bj_page *page, void *payload) {
    for (size_t i = 0; i < bj_page_count(page); i++) {
        const char *id = bj_job_id(bj_page_job(page, i));
        take(payload, id, strlen(id));
    }
    return 0;
}

static bj_status call_list(bj_client *client, struct haul *haul, bj_error **error) {
    return bj_client_list(client, NULL, NULL, take_page, haul, error);
}

static bj_status call_open(bj_client *client, struct haul *haul, bj_error **error) {
    bj_results *results;
    bj_status status = bj_results_open(&results, client, sample("crustdata", "succeeded"), NULL, NULL, error);
    if (status == BJ_OK) take(haul, "open", 4);
    bj_results_destroy(results);
    return status;
}

static int32_t take_record(const bj_record *record, void *payload) {
    size_t length;
    const char *bytes = bj_record_data(record, &length);
    take(payload, bytes, length);
    return 0;
}

static bj_status call_file(bj_client *client, struct haul *haul, bj_error **error) {
    return bj_client_results(client, sample("crustdata", "succeeded"), NULL, NULL, take_record, haul, error);
}

static const struct {
    const char *name;
    calling call;
    const char *service, *operation; /* where its fault is */
    int after;                       /* how many of these pass before */
} CALLS[] = {
    {"get", call_get, "crustdata", "get", 0},         {"list", call_list, "crustdata", "list", 0},
    {"list, page 3", call_list, "crustdata", "list", 2}, {"results, job", call_open, "crustdata", "get", 0},
    {"results, file", call_file, "storage", "results", 0},
};
enum { CALL_COUNT = sizeof CALLS / sizeof *CALLS };

/* Nothing is read ahead here, so that counts are exact; prefetch.c counts the other way. */
static bj_client *patient(void) { return make_client("crustdata", "page_size", "60", "prefetch", "0", NULL); }

static size_t calm_count(calling call, struct haul *haul) {
    bj_client *client = patient();
    calm();
    CHECK_INT(call(client, haul, NULL), BJ_OK);
    bj_client_destroy(client);
    return request_count();
}

/* Fewer failures than attempts: the call succeeds, and brings what it would have. As many: it fails. */
static void statuses(void) {
    static const int transient[] = {408, 425, 429, 500, 502, 503, 504};
    for (size_t c = 0; c < CALL_COUNT; c++) {
        struct haul wanted = {0, 0};
        size_t base = calm_count(CALLS[c].call, &wanted);
        for (size_t s = 0; s < sizeof transient / sizeof *transient; s++) {
            for (int times = 1; times <= 4; times++) {
                /* The others differ in no way worth the time. */
                if (times < 3 && transient[s] != 503) continue;
                bj_client *client = patient();
                bj_error *error;
                struct haul haul = {0, 0};
                char json[200];
                snprintf(json, sizeof json, "{\"fault\": \"status\", \"status\": %d, \"headers\": {\"retry-after-ms\": \"2\"}}",
                         transient[s]);
                check_context("%s, %d times %d", CALLS[c].name, transient[s], times);
                calm();
                plant(CALLS[c].service, CALLS[c].operation, times, CALLS[c].after, json);
                bj_status status = CALLS[c].call(client, &haul, &error);
                if (times < 4) {
                    CHECK_INT(status, BJ_OK);
                    CHECK(error == NULL);
                    CHECK_INT(haul.count, wanted.count);
                    CHECK(haul.hash == wanted.hash);
                    CHECK_INT(request_count(), base + (size_t)times);
                } else {
                    CHECK_INT(bj_error_http_status(error), transient[s]);
                    CHECK_INT(bj_error_retryable(error), 1);
                    CHECK_INT(bj_error_retry_after_ms(error), 2);
                    EXPECT_ERROR(status, transient[s] == 429 ? BJ_E_RATE_LIMITED
                                         : transient[s] >= 500 ? BJ_E_SERVER : BJ_E_REFUSED, error);
                    CHECK_INT(request_count_of(CALLS[c].service, CALLS[c].operation), CALLS[c].after + 4);
                }
                bj_client_destroy(client);
            }
        }
    }
    calm();
}

/* Connections that break. No service says how long to wait here, so each of these takes real time. */
static void broken_connections(void) {
    static const char *const ways[] = {
        "{\"fault\": \"close\"}", "{\"fault\": \"reset\"}", "{\"fault\": \"cut\", \"bytes\": 40}",
        "{\"fault\": \"cut\", \"bytes\": 420}", "{\"fault\": \"reset\", \"bytes\": 420}",
    };
    for (size_t c = 0; c < CALL_COUNT; c++) {
        struct haul wanted = {0, 0};
        size_t base = calm_count(CALLS[c].call, &wanted);
        for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
            /* A file that breaks off amid its records is BJ_E_TRUNCATED: results.c. */
            if (strcmp(CALLS[c].service, "storage") == 0 && w > 2) continue;
            bj_client *client = patient();
            struct haul haul = {0, 0};
            check_context("%s, %s", CALLS[c].name, ways[w]);
            calm();
            plant(CALLS[c].service, CALLS[c].operation, 1, CALLS[c].after, ways[w]);
            int64_t began = now_ms();
            CHECK_INT(CALLS[c].call(client, &haul, NULL), BJ_OK);
            CHECK(now_ms() - began <= 500 + patience(1000));
            CHECK_INT(haul.count, wanted.count);
            CHECK(haul.hash == wanted.hash);
            CHECK_INT(request_count(), base + 1);
            bj_client_destroy(client);
        }
    }
    /* As often as there are attempts. */
    for (int times = 3; times <= 4; times++) {
        bj_client *client = patient();
        bj_error *error;
        struct haul haul = {0, 0};
        check_context("reset %d times", times);
        calm();
        plant("crustdata", "get", times, 0, "{\"fault\": \"reset\"}");
        int64_t began = now_ms();
        bj_status status = call_get(client, &haul, &error);
        CHECK(now_ms() - began <= 3500 + patience(1000));
        CHECK_INT(request_count(), 4);
        if (times == 3) CHECK_INT(status, BJ_OK);
        else {
            CHECK_INT(bj_error_http_status(error), -1);
            CHECK_INT(bj_error_retryable(error), 1);
            EXPECT_ERROR(status, BJ_E_TRANSPORT, error);
        }
        bj_client_destroy(client);
    }
    calm();
}

/* Nobody listens, and then somebody does. */
static void *listen_later(void *payload) {
    sleep_ms(25);
    peer_listen(payload);
    peer_answer(payload, 1, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", 0);
    return NULL;
}

static void refused_connections(void) {
    struct peer peer;
    struct haul haul = {0, 0};
    bj_error *error;
    pthread_t thread;
    peer_absent(&peer);
    bj_client *client = make_client("crustdata", "base_url", peer_url(&peer, "http"), NULL);
    pthread_create(&thread, NULL, listen_later, &peer);
    EXPECT_ERROR(call_get(client, &haul, &error), BJ_E_NOT_FOUND, error);
    pthread_join(thread, NULL);
    bj_client_destroy(client);
    peer_close(&peer);
    peer_absent(&peer);
    client = make_client("crustdata", "base_url", peer_url(&peer, "http"), "max_attempts", "2", NULL);
    int64_t began = now_ms();
    bj_status status = call_get(client, &haul, &error);
    CHECK(now_ms() - began <= 500 + patience(1000));
    CHECK_INT(bj_error_retryable(error), 1);
    EXPECT_ERROR(status, BJ_E_CONNECT, error);
    bj_client_destroy(client);
    peer_close(&peer);
}

/* A wait that the service asks for. */
static const char *date_in(int seconds) {
    static char text[64];
    time_t at = time(NULL) + seconds;
    struct tm parts;
    gmtime_r(&at, &parts);
    strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    return text;
}

static bj_status get_from(bj_client *client, const char *service, bj_error **error) {
    bj_job *job;
    bj_status status = bj_client_get(&job, client, sample(service, "succeeded"), NULL, NULL, error);
    bj_job_destroy(job);
    return status;
}

static void waits(void) {
    static const struct {
        const char *service;
        int status;
        const char *members;    /* of the fault; %s is a date */
        int date;               /* seconds from now */
        int least, most;        /* the wait in ms; -1: the call fails at once */
        int64_t told;           /* then: what the error says, -1 anything above an hour */
    } rows[] = {
        {"reach", 429, "\"headers\": {\"Retry-After\": \"0\"}", 0, 0, 0, 0},
        {"reach", 429, "\"headers\": {\"Retry-After\": \"1\"}", 0, 1000, 1000, 0},
        {"reach", 503, "\"headers\": {\"Retry-After\": \"0.5\"}", 0, 500, 500, 0},
        {"reach", 503, "\"headers\": {\"Retry-After\": \"%s\"}", 2, 900, 2000, 0},
        {"reach", 429, "\"headers\": {\"Retry-After\": \"%s\"}", -100, 0, 0, 0},
        {"reach", 429, "\"headers\": {\"Retry-After\": \"-5\"}", 0, 0, 1000, 0},
        {"reach", 503, "\"headers\": {\"Retry-After\": \"soon\"}", 0, 0, 500, 0},
        {"reach", 503, "\"headers\": {\"Retry-After\": \"\"}", 0, 0, 500, 0},
        {"reach", 429, "\"headers\": {\"Retry-After\": \"3600\"}", 0, -1, -1, 3600000},
        {"reach", 503, "\"headers\": {\"Retry-After\": \"3600\"}", 0, -1, -1, 3600000},
        {"reach", 429, "\"headers\": {\"Retry-After\": \"99999999999999999999\"}", 0, -1, -1, -1},
        {"reach", 429, "\"headers\": {\"Retry-After\": \"%s\"}", 100000, -1, -1, -1},
        {"reach", 429, "\"headers\": {\"retry-after-ms\": \"40\", \"Retry-After\": \"3600\"}", 0, 40, 40, 0},
        /* The body of spidra's 503; an answer in another shape knows nothing of it. */
        {"spidra", 503, "\"retry_in\": 1", 0, 1000, 1000, 0},
        {"spidra", 503, "\"retry_in\": 300", 0, -1, -1, 300000},
        /* Rate-limit headers: seconds from now (crustdata), a time (spidra), and the two drafts. */
        {"crustdata", 429, "\"retry_in\": 1", 0, 1000, 1000, 0},
        {"spidra", 429, "\"retry_in\": 1", 0, 0, 1000, 0},
        {"crustdata", 429, "\"retry_in\": 3600", 0, -1, -1, 3600000},
        {"reach", 429, "\"headers\": {\"RateLimit\": \"limit=10, remaining=0, reset=3600\"}", 0, -1, -1, 3600000},
        {"reach", 429, "\"headers\": {\"RateLimit\": \"\\\"burst\\\";r=0;t=3600\"}", 0, -1, -1, 3600000},
        {"reach", 503, "\"headers\": {\"X-RateLimit-Remaining\": \"7\", \"X-RateLimit-Reset\": \"3600\"}", 0, 0, 500, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bj_client *client = make_client(rows[i].service, NULL, NULL);
        bj_error *error;
        char members[300], json[400];
        check_context("%s %d %s", rows[i].service, rows[i].status, rows[i].members);
        calm();
        snprintf(members, sizeof members, rows[i].members, date_in(rows[i].date));
        snprintf(json, sizeof json, "{\"fault\": \"status\", \"status\": %d, %s}", rows[i].status, members);
        plant(rows[i].service, "get", 1, 0, json);
        int64_t began = now_ms();
        bj_status status = get_from(client, rows[i].service, &error);
        int64_t took = now_ms() - began;
        if (rows[i].least >= 0) {
            CHECK_INT(status, BJ_OK);
            CHECK(took >= rows[i].least);
            CHECK(took <= rows[i].most + patience(400));
            CHECK_INT(request_count(), 2);
        } else {
            CHECK(took <= patience(400));
            if (rows[i].told >= 0) CHECK(llabs((long long)(bj_error_retry_after_ms(error) - rows[i].told)) < 3000);
            else CHECK(bj_error_retry_after_ms(error) > 3600000);
            CHECK_INT(bj_error_retryable(error), 1);
            EXPECT_ERROR(status, rows[i].status == 429 ? BJ_E_RATE_LIMITED : BJ_E_SERVER, error);
            CHECK_INT(request_count(), 1);
        }
        bj_client_destroy(client);
    }
    calm();
}

/* A wait is kept when it fits what is left of timeout_ms, and not begun when it does not. */
static void waits_and_deadlines(void) {
    bj_client *client = make_client("reach", "timeout_ms", "900", NULL);
    bj_error *error;
    calm();
    plant("reach", "get", -1, 0, "{\"fault\": \"status\", \"status\": 429, \"headers\": {\"Retry-After\": \"1\"}}");
    int64_t began = now_ms();
    bj_status status = get_from(client, "reach", &error);
    CHECK(now_ms() - began <= patience(400));
    CHECK_INT(bj_error_retry_after_ms(error), 1000);
    EXPECT_ERROR(status, BJ_E_RATE_LIMITED, error);
    CHECK_INT(request_count(), 1);
    /* Without any: never longer than the limit, and the error is the service's own. */
    calm();
    plant("reach", "get", -1, 0, "{\"fault\": \"status\", \"status\": 502}");
    for (int i = 0; i < 3; i++) {
        began = now_ms();
        status = get_from(client, "reach", &error);
        CHECK(now_ms() - began <= 900 + patience(500));
        CHECK_INT(bj_error_retry_after_ms(error), -1);
        EXPECT_ERROR(status, BJ_E_SERVER, error);
    }
    bj_client_destroy(client);
    calm();
}

/* What cannot get better is asked once, wherever it comes. */
static void one_request_only(void) {
    static const struct { int status; bj_status wanted, of_file; } rows[] = {
        {301, BJ_E_REDIRECT, BJ_E_REDIRECT}, {400, BJ_E_BAD_REQUEST, BJ_E_LINK}, {401, BJ_E_UNAUTHENTICATED, BJ_E_UNAUTHENTICATED},
        {402, BJ_E_PAYMENT, BJ_E_PAYMENT}, {403, BJ_E_FORBIDDEN, BJ_E_LINK}, {404, BJ_E_NOT_FOUND, BJ_E_LINK},
        {409, BJ_E_CONFLICT, BJ_E_CONFLICT}, {410, BJ_E_GONE, BJ_E_LINK}, {412, BJ_E_REFUSED, BJ_E_REFUSED},
        {416, BJ_E_REFUSED, BJ_E_REFUSED}, {422, BJ_E_UNPROCESSABLE, BJ_E_UNPROCESSABLE}, {501, BJ_E_SERVER, BJ_E_SERVER},
    };
    for (size_t c = 0; c < CALL_COUNT; c++) {
        bj_client *client = patient();
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            bj_error *error;
            struct haul haul = {0, 0};
            char json[200];
            int file = strcmp(CALLS[c].service, "storage") == 0;
            check_context("%s, %d", CALLS[c].name, rows[i].status);
            snprintf(json, sizeof json, "{\"fault\": \"status\", \"status\": %d, \"headers\": {\"Retry-After\": \"0\", \"x-request-id\": \"req-%d\"}}",
                     rows[i].status, rows[i].status);
            calm();
            plant(CALLS[c].service, CALLS[c].operation, -1, CALLS[c].after, json);
            bj_status status = CALLS[c].call(client, &haul, &error);
            /* These two may mean that a link has expired: then a fresh one is asked for, once. */
            int refreshed = file && (rows[i].status == 400 || rows[i].status == 403);
            CHECK_INT(request_count_of(CALLS[c].service, CALLS[c].operation), CALLS[c].after + 1 + refreshed);
            CHECK_INT(bj_error_http_status(error), rows[i].status);
            CHECK_INT(bj_error_retryable(error), 0);
            snprintf(json, sizeof json, "req-%d", rows[i].status);
            CHECK_TEXT(bj_error_request_id(error), json);
            EXPECT_ERROR(status, file ? rows[i].of_file : rows[i].wanted, error);
        }
        bj_client_destroy(client);
    }
    calm();
}

/* The service's own decision, where it says one. */
static void should_retry(void) {
    static const struct { int status; const char *word; size_t requests; } rows[] = {
        {503, "false", 1}, {409, "true", 2}, {503, "perhaps", 2}, {409, "", 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bj_client *client = patient();
        struct haul haul = {0, 0};
        char json[200];
        check_context("%d x-should-retry: %s", rows[i].status, rows[i].word);
        calm();
        snprintf(json, sizeof json,
                 "{\"fault\": \"status\", \"status\": %d, \"headers\": {\"x-should-retry\": \"%s\", \"retry-after-ms\": \"1\"}}",
                 rows[i].status, rows[i].word);
        plant("crustdata", "get", 1, 0, json);
        CHECK_INT(call_get(client, &haul, NULL) == BJ_OK, rows[i].requests == 2);
        CHECK_INT(request_count(), rows[i].requests);
        bj_client_destroy(client);
    }
    calm();
}

/* The option, of the client and of a call. */
static void max_attempts(void) {
    static const char *const values[] = {"1", "2", "7", "10"};
    for (int of_call = 0; of_call < 2; of_call++) {
        for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
            bj_options *options = make_options("max_attempts", values[i], NULL);
            bj_client *client = make_client("crustdata", of_call ? NULL : "max_attempts", of_call ? NULL : values[i], NULL);
            bj_error *error;
            bj_job *job;
            check_context("%s of the %s", values[i], of_call ? "call" : "client");
            calm();
            plant("crustdata", "get", -1, 0, "{\"fault\": \"status\", \"status\": 503, \"headers\": {\"retry-after-ms\": \"1\"}}");
            bj_status status = bj_client_get(&job, client, sample("crustdata", "failed"), of_call ? options : NULL, NULL, &error);
            EXPECT_ERROR(status, BJ_E_SERVER, error);
            CHECK_INT(request_count(), atoi(values[i]));
            bj_client_destroy(client);
            bj_options_destroy(options);
        }
    }
    calm();
}

/* Every service, every page, read ahead or not. */
static void any_page(void) {
    for (size_t s = 0; LISTING[s] != NULL; s++) {
        struct haul wanted = {0, 0};
        bj_client *client = make_client(LISTING[s], "page_size", "50", NULL);
        CHECK_INT(call_list(client, &wanted, NULL), BJ_OK);
        for (int ahead = 0; ahead <= 4; ahead += 4) {
            for (int after = 0; after < 5; after++) {
                struct haul haul = {0, 0};
                char number[4];
                snprintf(number, sizeof number, "%d", ahead);
                bj_options *options = make_options("prefetch", number, NULL);
                check_context("%s, page %d, prefetch %d", LISTING[s], after + 1, ahead);
                calm();
                plant(LISTING[s], "list", 3, after, "{\"fault\": \"status\", \"status\": 503, \"headers\": {\"retry-after-ms\": \"1\"}}");
                CHECK_INT(bj_client_list(client, options, NULL, take_page, &haul, NULL), BJ_OK);
                CHECK_INT(request_count(), 5 + 3);
                CHECK_INT(haul.count, wanted.count);
                CHECK(haul.hash == wanted.hash);
                bj_options_destroy(options);
            }
        }
        bj_client_destroy(client);
    }
    calm();
}

/* Each file of a job has attempts of its own. */
static void any_file(void) {
    bj_client *client = patient();
    struct haul wanted = {0, 0}, haul = {0, 0};
    const char *id = sample("crustdata", "large");
    calm();
    CHECK_INT(bj_client_results(client, id, NULL, NULL, take_record, &wanted, NULL), BJ_OK);
    size_t files = request_count_of("storage", "any");
    calm();
    CHECK_INT(files, 20);
    for (int file = 0; file < 20; file += 6) {
        check_context("file %d", file);
        calm();
        haul = (struct haul){0, 0};
        plant("storage", "any", 3, file, "{\"fault\": \"status\", \"status\": 503, \"headers\": {\"retry-after-ms\": \"1\"}}");
        CHECK_INT(bj_client_results(client, id, NULL, NULL, take_record, &haul, NULL), BJ_OK);
        CHECK_INT(haul.count, wanted.count);
        CHECK(haul.hash == wanted.hash);
        CHECK_INT(request_count_of("storage", "any"), files + 3);
    }
    bj_client_destroy(client);
    calm();
}

/* While a service fails throughout, calls soon send one request each; it comes back with it. */
static void budget(void) {
    static const struct { int status; size_t retries; } rows[] = {{503, 40}, {429, 110}};
    for (size_t i = 0; i < 2; i++) {
        bj_client *client = patient();
        struct haul haul = {0, 0};
        bj_error *error;
        char json[200];
        check_context("%d", rows[i].status);
        snprintf(json, sizeof json, "{\"fault\": \"status\", \"status\": %d, \"headers\": {\"retry-after-ms\": \"0\"}}", rows[i].status);
        calm();
        plant("crustdata", "get", -1, 0, json);
        for (int call = 0; call < 50; call++) CHECK(call_get(client, &haul, NULL) < 0);
        CHECK(request_count() > 50 + 3);
        CHECK(request_count() <= 50 + rows[i].retries);
        json_decref(control("DELETE", "/requests", NULL));
        for (int call = 0; call < 20; call++) {
            bj_status status = call_get(client, &haul, &error);
            EXPECT_ERROR(status, rows[i].status == 429 ? BJ_E_RATE_LIMITED : BJ_E_SERVER, error);
        }
        CHECK(request_count() <= 24); /* 1.2 for each */
        /* Another client is not touched by it. */
        bj_client *other = patient();
        json_decref(control("DELETE", "/requests", NULL));
        CHECK(call_get(other, &haul, NULL) < 0);
        CHECK_INT(request_count(), 4);
        bj_client_destroy(other);
        /* Successes put something back. */
        calm();
        for (int call = 0; call < 30; call++) CHECK_INT(call_get(client, &haul, NULL), BJ_OK);
        calm();
        plant("crustdata", "get", 1, 0, json);
        CHECK_INT(call_get(client, &haul, NULL), BJ_OK);
        CHECK_INT(request_count(), 2);
        bj_client_destroy(client);
    }
    calm();
}

int main(void) {
    RUN(statuses);
    RUN(broken_connections);
    RUN(refused_connections);
    RUN(waits);
    RUN(waits_and_deadlines);
    RUN(one_request_only);
    RUN(should_retry);
    RUN(max_attempts);
    RUN(any_page);
    RUN(any_file);
    RUN(budget);
    return check_report("retry");
}
