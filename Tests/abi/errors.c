/* Section "Error": each HTTP status in each service's own words, and what can go wrong on the way. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

static int32_t count_pages(const bj_page *page, void *payload) {
    (void)page;
    ++*(int *)payload;
    return 0;
}

static int32_t count_records(const bj_record *record, void *payload) {
    (void)record;
    ++*(int *)payload;
    return 0;
}

/* The three ways to meet the service. */
static const char *const OPERATIONS[] = {"list", "get", "results", NULL};

static bj_status call(bj_client *client, const char *service, const char *operation, bj_error **error) {
    bj_job *job;
    int calls = 0;
    bj_status status;
    if (strcmp(operation, "list") == 0) status = bj_client_list(client, NULL, NULL, count_pages, &calls, error);
    else if (strcmp(operation, "get") == 0) {
        status = bj_client_get(&job, client, sample(service, "succeeded"), NULL, NULL, error);
        CHECK((job != NULL) == (status == BJ_OK));
        bj_job_destroy(job);
    } else
        status = bj_client_results(client, sample(service, "succeeded"), NULL, NULL, count_records, &calls, error);
    if (status < 0) CHECK_INT(calls, 0);
    return status;
}

static int lists(const char *service) { return strcmp(service, "veryfront") != 0; }

static void http_statuses(void) {
    static const struct { int code; bj_status wanted; int retryable; } rows[] = {
        {400, BJ_E_BAD_REQUEST, 0}, {401, BJ_E_UNAUTHENTICATED, 0}, {402, BJ_E_PAYMENT, 0}, {403, BJ_E_FORBIDDEN, 0},
        {404, BJ_E_NOT_FOUND, 0}, {405, BJ_E_REFUSED, 0}, {409, BJ_E_CONFLICT, 0}, {410, BJ_E_GONE, 0},
        {418, BJ_E_REFUSED, 0}, {422, BJ_E_UNPROCESSABLE, 0}, {429, BJ_E_RATE_LIMITED, 1}, {500, BJ_E_SERVER, 1},
        {501, BJ_E_SERVER, 0}, {502, BJ_E_SERVER, 1}, {503, BJ_E_SERVER, 1}, {504, BJ_E_SERVER, 1}, {599, BJ_E_SERVER, 0},
    };
    for (size_t s = 0; SERVICES[s] != NULL; s++) {
        bj_client *client = make_client(SERVICES[s], "max_attempts", "1", NULL);
        for (size_t o = 0; OPERATIONS[o] != NULL; o++) {
            if (o == 0 && !lists(SERVICES[s])) continue;
            for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                bj_error *error;
                check_context("%s %s %d", SERVICES[s], OPERATIONS[o], rows[i].code);
                calm();
                fault("{ss ss ss si si ss s{ss}}", "service", SERVICES[s], "operation", o == 0 ? "list" : "get", "fault",
                      "status", "times", -1, "status", rows[i].code, "message", "just because", "headers",
                      "x-request-id", "req-42");
                bj_status status = call(client, SERVICES[s], OPERATIONS[o], &error);
                CHECK_INT(bj_error_http_status(error), rows[i].code);
                CHECK_HAS(bj_error_message(error), "just because");
                CHECK_TEXT(bj_error_request_id(error), "req-42");
                CHECK_INT(bj_error_retryable(error), rows[i].retryable);
                CHECK_HAS(bj_error_url(error), fact(SERVICES[s]));
                if (o > 0) CHECK_TEXT(bj_error_job_id(error), sample(SERVICES[s], "succeeded"));
                else CHECK_TEXT(bj_error_job_id(error), NULL);
                EXPECT_ERROR(status, rows[i].wanted, error);
            }
        }
        bj_client_destroy(client);
    }
    calm();
}

/* The code and more, from each shape of error body that is known. */
static void error_bodies(void) {
    static const struct { const char *service; int code; const char *body, *message, *error_code, *errors; } rows[] = {
        {"crustdata", 402, NULL, NULL, "insufficient_credits", NULL},
        {"crustdata", 401, NULL, NULL, "unauthorized", NULL},
        {"crustdata", 400, "{\"error\":{\"type\":\"invalid_request\",\"reason\":\"why not\",\"metadata\":{}}}", "why not",
         "invalid_request", NULL},
        {"crustdata", 400, "{\"error\":\"plain words\"}", "plain words", NULL, NULL},
        {"crustdata", 400, "{\"detail\":\"in detail\"}", "in detail", NULL, NULL},
        {"crustdata", 400, "{\"message\":\"a message\"}", "a message", NULL, NULL},
        {"crustdata", 400, "{\"non_field_errors\":[\"no field\"]}", "no field", NULL, NULL},
        {"crustdata", 400, "{\"limit\":[\"must be a number\"]}", "must be a number", NULL, NULL},
        {"crustdata", 500, "out of order", "out of order", NULL, NULL},
        {"spidra", 402, NULL, NULL, "PAYMENT_OVERDUE", NULL},
        {"spidra", 409, NULL, NULL, "ALREADY_TERMINAL", NULL},
        {"spidra", 503, NULL, NULL, "SERVICE_BUSY", NULL},
        {"spidra", 422, "{\"status\":\"error\",\"message\":\"no good\",\"errors\":[\"a\",\"b\"]}", "no good", NULL,
         "[\"a\",\"b\"]"},
        {"spidra", 429, "{\"status\":\"error\",\"message\":\"full\",\"code\":\"TOO_MANY_PENDING_JOBS\"}", "full",
         "TOO_MANY_PENDING_JOBS", NULL},
        {"reach", 400, "{\"success\":false,\"message\":\"bad type\",\"errors\":[\"x\"]}", "bad type", NULL, "[\"x\"]"},
        {"reach", 400, "{\"message\":\"success is missing\"}", "success is missing", NULL, NULL},
        {"veryfront", 403, "{\"error\":{\"status\":403,\"message\":\"not yours\"}}", "not yours", NULL, NULL},
        /* What says nothing, or nothing that can be shown. */
        {"crustdata", 502, "<html><body><h1>Bad gateway</h1></body></html>", NULL, NULL, NULL},
        {"crustdata", 500, "", NULL, NULL, NULL}, {"crustdata", 500, "{}", NULL, NULL, NULL},
        {"crustdata", 500, "null", NULL, NULL, NULL}, {"crustdata", 500, "[]", NULL, NULL, NULL},
        {"crustdata", 500, "{\"error\":null}", NULL, NULL, NULL}, {"crustdata", 500, "{\"error\":[1]}", NULL, NULL, NULL},
        {"crustdata", 500, "{\"error\":{\"type\":5,\"message\":{}}}", NULL, NULL, NULL},
        {"crustdata", 500, "{\"error\":", NULL, NULL, NULL}, {"crustdata", 500, "\xFF\xFE\x00", NULL, NULL, NULL},
        {"crustdata", 400, "{\"error\":\"two\\nlines\\r\\nand \\u001b[31m red\"}", "two", NULL, NULL},
        {"spidra", 500, "{\"message\":12,\"code\":[],\"errors\":\"x\",\"retry_after\":\"soon\"}", NULL, NULL, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bj_client *client = make_client(rows[i].service, "max_attempts", "1", NULL);
        bj_error *error;
        check_context("%s %d %s", rows[i].service, rows[i].code, rows[i].body);
        calm();
        if (rows[i].body != NULL)
            fault("{ss ss ss si si ss}", "service", rows[i].service, "operation", "get", "fault", "status", "times", -1,
                  "status", rows[i].code, "body", rows[i].body[0] == '\xFF' ? "?" : rows[i].body);
        else
            fault("{ss ss ss si si}", "service", rows[i].service, "operation", "get", "fault", "status", "times", -1,
                  "status", rows[i].code);
        bj_status status = call(client, rows[i].service, "get", &error);
        CHECK_INT(bj_error_http_status(error), rows[i].code);
        if (rows[i].message != NULL) CHECK_HAS(bj_error_message(error), rows[i].message);
        CHECK(bj_error_message(error) != NULL && strchr(bj_error_message(error), '<') == NULL);
        CHECK(bj_error_message(error) != NULL && strchr(bj_error_message(error), 27) == NULL);
        CHECK_TEXT(bj_error_code(error), rows[i].error_code);
        CHECK_TEXT(bj_error_detail(error, "errors"), rows[i].errors);
        EXPECT_ERROR(status, status, error);
        bj_client_destroy(client);
    }
    calm();
}

/* How long the service asks to wait: a header wins over the body; what is no number of seconds
 * to come is no hint. */
static void retry_after(void) {
    static const struct { const char *service; int code; const char *header, *body; int64_t wanted; } rows[] = {
        {"crustdata", 429, "3", NULL, 3000}, {"crustdata", 503, "0", NULL, 0}, {"crustdata", 429, "120", NULL, 120000},
        {"spidra", 503, NULL, "{\"message\":\"busy\",\"code\":\"SERVICE_BUSY\",\"retry_after\":60}", 60000},
        {"spidra", 503, "2", "{\"message\":\"busy\",\"retry_after\":60}", 2000},
        {"veryfront", 429, NULL, NULL, -1}, {"veryfront", 429, "soon", NULL, -1}, {"veryfront", 429, "-5", NULL, -1},
        {"veryfront", 500, "", NULL, -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bj_client *client = make_client(rows[i].service, "max_attempts", "1", NULL);
        bj_error *error;
        check_context("%s %d %s %s", rows[i].service, rows[i].code, rows[i].header, rows[i].body);
        calm();
        json_t *headers = rows[i].header != NULL ? json_pack("{ss}", "Retry-After", rows[i].header) : json_object();
        fault("{ss ss ss si si so so}", "service", rows[i].service, "operation", "get", "fault", "status", "times", -1,
              "status", rows[i].code, "headers", headers, "body",
              json_string(rows[i].body != NULL ? rows[i].body : "{}"));
        bj_status status = call(client, rows[i].service, "get", &error);
        CHECK_INT(bj_error_retry_after_ms(error), rows[i].wanted);
        EXPECT_ERROR(status, rows[i].code == 429 ? BJ_E_RATE_LIMITED : BJ_E_SERVER, error);
        bj_client_destroy(client);
    }
    calm();
}

/* A refusal may come with the status 200 at reach. */
static void success_false(void) {
    static const char *const operations[] = {"list", "get", NULL};
    for (size_t o = 0; operations[o] != NULL; o++) {
        bj_client *client = make_client("reach", "max_attempts", "1", NULL);
        bj_error *error;
        check_context("%s", operations[o]);
        calm();
        fault("{ss ss ss si ss}", "service", "reach", "operation", operations[o], "fault", "body", "times", -1, "body",
              "{\"success\":false,\"message\":\"not today\"}");
        bj_status status = call(client, "reach", operations[o], &error);
        CHECK_HAS(bj_error_message(error), "not today");
        EXPECT_ERROR(status, BJ_E_REFUSED, error);
        bj_client_destroy(client);
    }
    calm();
}

/* A redirect is never followed, and says so; the other place hears nothing. */
static void redirects(void) {
    static const int codes[] = {301, 302, 303, 307, 308, 300, 304};
    char location[300];
    snprintf(location, sizeof location, "%s/elsewhere?token=x", fact("storage"));
    for (size_t s = 0; SERVICES[s] != NULL; s++) {
        bj_client *client = make_client(SERVICES[s], "max_attempts", "1", NULL);
        for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
            bj_error *error;
            check_context("%s %d", SERVICES[s], codes[i]);
            calm();
            fault("{ss ss ss si si ss}", "service", SERVICES[s], "operation", "get", "fault", "redirect", "times", -1,
                  "status", codes[i], "location", location);
            bj_status status = call(client, SERVICES[s], "get", &error);
            CHECK_INT(bj_error_http_status(error), codes[i]);
            EXPECT_ERROR(status, BJ_E_REDIRECT, error);
            CHECK_INT(request_count(), 1);
        }
        bj_client_destroy(client);
    }
    calm();
}

/* A wrong key, as each service answers it. */
static void wrong_keys(void) {
    static const bj_status wanted[] = {BJ_E_UNAUTHENTICATED, BJ_E_FORBIDDEN, BJ_E_UNAUTHENTICATED, BJ_E_UNAUTHENTICATED};
    for (size_t s = 0; SERVICES[s] != NULL; s++) {
        bj_client *client = make_client(SERVICES[s], "api_key", "sk-wrong-one", NULL);
        bj_error *error;
        check_context("%s", SERVICES[s]);
        calm();
        bj_status status = call(client, SERVICES[s], "get", &error);
        CHECK(bj_error_message(error) != NULL && strstr(bj_error_message(error), "sk-wrong-one") == NULL);
        EXPECT_ERROR(status, wanted[s], error);
        CHECK_INT(request_count(), 1);
        bj_client_destroy(client);
    }
}

/* The way there: no name, no listener, connections that break. */
static void on_the_way(void) {
    static const struct { const char *base_url; bj_status wanted; } rows[] = {
        {"https://no-such-host.invalid", BJ_E_DNS}, {"http://127.0.0.1:1", BJ_E_CONNECT}, {"http://[::1]:1", BJ_E_CONNECT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bj_client *client = make_client("crustdata", "base_url", rows[i].base_url, "max_attempts", "1", NULL);
        bj_error *error;
        check_context("%s", rows[i].base_url);
        int64_t began = now_ms();
        bj_status status = call(client, "crustdata", "get", &error);
        CHECK(now_ms() - began < 30000);
        CHECK_INT(bj_error_http_status(error), -1);
        CHECK_INT(bj_error_retryable(error), 1);
        CHECK_TEXT(bj_error_job_id(error), sample("crustdata", "succeeded"));
        EXPECT_ERROR(status, rows[i].wanted, error);
        bj_client_destroy(client);
    }
    /* Plain requests to this machine take no proxy; all others do, their name lookup too. */
    bj_client *client =
        make_client("crustdata", "base_url", "https://no-such-host.invalid", "proxy", "http://127.0.0.1:1", "max_attempts", "1", NULL);
    bj_error *error;
    check_context("%s", "proxy");
    EXPECT_ERROR(call(client, "crustdata", "get", &error), BJ_E_PROXY, error);
    bj_client_destroy(client);
}

/* An answer that is cut: after every byte of it, in head and body; by an end and by a reset. */
static void cut_answers(void) {
    static const char *const faults[] = {"cut", "reset", NULL};
    for (size_t f = 0; faults[f] != NULL; f++) {
        int whole = 0, step = (int)patience(1) > 1 ? 41 : f == 0 ? 1 : 37;
        bj_client *client = make_client("spidra", "max_attempts", "1", NULL);
        for (int bytes = 0; bytes < 100000; bytes += step) {
            bj_error *error;
            check_context("%s after %d bytes", faults[f], bytes);
            calm();
            fault("{ss ss ss si si}", "service", "spidra", "operation", "get", "fault", faults[f], "times", -1, "bytes", bytes);
            bj_status status = call(client, "spidra", "get", &error);
            if (status == BJ_OK) {
                if (++whole == 2) break;
                continue;
            }
            CHECK_INT(whole, 0);
            CHECK_INT(bj_error_retryable(error), 1);
            EXPECT_ERROR(status, BJ_E_TRANSPORT, error);
        }
        CHECK(whole > 0);
        bj_client_destroy(client);
    }
    bj_client *client = make_client("spidra", "max_attempts", "1", NULL);
    bj_error *error;
    check_context("%s", "closed at once");
    calm();
    fault("{ss ss ss si}", "service", "spidra", "operation", "get", "fault", "close", "times", -1);
    EXPECT_ERROR(call(client, "spidra", "get", &error), BJ_E_TRANSPORT, error);
    bj_client_destroy(client);
    calm();
}

/* Bytes that are no HTTP. */
static void not_http(void) {
    static const struct { const char *name, *base64; } rows[] = {
        {"words", "aGVsbG8gd29ybGQKCg=="},                                   /* hello world            */
        {"SSH", "U1NILTIuMC1PcGVuU1NIXzkuMg0K"},                             /* SSH-2.0-OpenSSH_9.2    */
        {"two lengths", "SFRUUC8xLjEgMjAwIE9LDQpDb250ZW50LUxlbmd0aDogMg0KQ29udGVudC1MZW5ndGg6IDcNCg0Ke30="},
        {"a length that is none", "SFRUUC8xLjEgMjAwIE9LDQpDb250ZW50LUxlbmd0aDogeA0KDQp7fQ=="},
        {"a chunk size that is none", "SFRUUC8xLjEgMjAwIE9LDQpUcmFuc2Zlci1FbmNvZGluZzogY2h1bmtlZA0KDQp6eg0Ke30="},
        {"no last chunk", "SFRUUC8xLjEgMjAwIE9LDQpUcmFuc2Zlci1FbmNvZGluZzogY2h1bmtlZA0KDQoyDQp7fQ0K"},
    };
    bj_client *client = make_client("crustdata", "max_attempts", "1", NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bj_error *error;
        check_context("%s", rows[i].name);
        calm();
        fault("{ss ss ss si ss}", "service", "crustdata", "operation", "get", "fault", "raw", "times", -1, "base64",
              rows[i].base64);
        bj_status status = call(client, "crustdata", "get", &error);
        CHECK(status == BJ_E_TRANSPORT || status == BJ_E_PROTOCOL);
        EXPECT_ERROR(status, status, error);
    }
    bj_client_destroy(client);
    calm();
}

/* max_response_bytes bounds an answer, whatever its length says. */
static void response_cap(void) {
    bj_client *client = make_client("spidra", "max_response_bytes", "4096", NULL);
    bj_error *error;
    bj_job *job;
    calm();
    bj_status status = bj_client_get(&job, client, sample("spidra", "large"), NULL, NULL, &error);
    CHECK_HAS(bj_error_message(error), "max_response_bytes");
    EXPECT_ERROR(status, BJ_E_LIMIT, error);
    bj_client_destroy(client);
}

int main(void) {
    RUN(http_statuses);
    RUN(error_bodies);
    RUN(retry_after);
    RUN(success_false);
    RUN(redirects);
    RUN(wrong_keys);
    RUN(on_the_way);
    RUN(cut_answers);
    RUN(not_http);
    RUN(response_cap);
    return check_report("errors");
}
