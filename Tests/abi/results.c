/* Section "Results": every record of every sample, byte for byte; cuts, bad links, no credentials. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

static const char *const KINDS[] = {"queued", "running", "stuck_queued", "stuck_running", "succeeded", "partial",
                                    "failed", "cancelled", "empty", "large", "unfulfilled", "pending", NULL};

/* The words of the simulator's truth, in the library's. */
static int32_t outcome_of(const char *word) {
    static const struct { const char *word; int32_t outcome; } rows[] = {
        {"completed", BJ_RECORD_OK}, {"failed", BJ_RECORD_FAILED}, {"cancelled", BJ_RECORD_CANCELLED},
        {"skipped", BJ_RECORD_SKIPPED}, {"pending", BJ_RECORD_PENDING}, {"remaining", BJ_RECORD_PENDING},
        {"running", BJ_RECORD_RUNNING}, {"processing", BJ_RECORD_RUNNING},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].word, word) == 0) return rows[i].outcome;
    return -2;
}

/* The name by which the caller knows a record, taken from its bytes: a spidra item's url, a
 * veryfront file's path, else its label. */
static void check_key(const char *service, const char *key, const char *data, size_t length, const char *truth) {
    char *copy = malloc(length + 1), *found = copy;
    json_error_t problem;
    if (strcmp(service, "crustdata") == 0) CHECK_TEXT(key, NULL);
    if (strcmp(service, "reach") == 0) CHECK_TEXT(key, truth);
    if (strcmp(service, "spidra") == 0 || strcmp(service, "veryfront") == 0) {
        memcpy(copy, data, length);
        copy[length] = '\0';
        /* Not to jansson's taste: NUL in a name, integers beyond 64 bits. */
        while ((found = strstr(found, "\\u0000\":")) != NULL) memset(found, 'x', 6);
        json_t *record = json_loads(copy, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &problem);
        const char *wanted = json_string_value(json_object_get(record, service[0] == 's' ? "url" : "path"));
        if (wanted == NULL) wanted = json_string_value(json_object_get(record, "label"));
        CHECK_TEXT(key, wanted);
        json_decref(record);
    }
    free(copy);
}

struct comparison {
    const char *service;
    const json_t *truth;
    size_t count;
};

static void compare(const bj_record *record, struct comparison *comparison) {
    size_t length, wanted_length;
    const char *data = bj_record_data(record, &length);
    const json_t *outcomes = json_object_get(comparison->truth, "outcomes");
    const json_t *keys = json_object_get(comparison->truth, "keys");
    const char *text = json_string_value(json_array_get(json_object_get(comparison->truth, "records"), comparison->count));
    if (CHECK(text != NULL)) {
        char *wanted = base64_bytes(text, &wanted_length);
        CHECK_BYTES(data, length, wanted, wanted_length);
        CHECK(bj_record_data(record, NULL) == data);
        free(wanted);
    }
    CHECK_INT(bj_record_index(record), comparison->count);
    CHECK_INT(bj_record_outcome(record),
              json_is_array(outcomes) ? outcome_of(json_string_value(json_array_get(outcomes, comparison->count)))
                                      : BJ_RECORD_OK);
    check_key(comparison->service, bj_record_key(record), data, length,
              json_string_value(json_array_get(keys, comparison->count)));
    comparison->count++;
}

static int32_t compare_in_callback(const bj_record *record, void *payload) {
    compare(record, payload);
    return 0;
}

/* Whether a job's results come only once it is done. */
static int waits(const char *service, const char *kind) {
    int unfinished = strstr(kind, "queued") != NULL || strstr(kind, "running") != NULL;
    return strcmp(service, "crustdata") == 0 && (unfinished || strcmp(kind, "failed") == 0);
}

static void every_sample(void) {
    for (size_t s = 0; SERVICES[s] != NULL; s++) {
        bj_client *client = make_client(SERVICES[s], NULL, NULL);
        for (size_t k = 0; KINDS[k] != NULL; k++) {
            const char *id = sample(SERVICES[s], KINDS[k]);
            bj_results *results;
            const bj_record *record;
            bj_error *error;
            bj_status status;
            if (id == NULL) continue;
            check_context("%s %s", SERVICES[s], KINDS[k]);
            calm();
            if (waits(SERVICES[s], KINDS[k])) {
                /* A failed job may also be empty; what it must not be is a list of made-up records. */
                status = bj_results_open(&results, client, id, NULL, NULL, &error);
                if (status == BJ_OK) CHECK_INT(bj_results_next(&record, results, NULL), BJ_END);
                else EXPECT_ERROR(status, BJ_E_NOT_READY, error);
                if (strcmp(KINDS[k], "failed") != 0) CHECK_INT(status, BJ_E_NOT_READY);
                bj_results_destroy(results);
                continue;
            }
            json_t *truth = truth_of(SERVICES[s], id);
            size_t total = json_array_size(json_object_get(truth, "records"));
            struct comparison pulled = {SERVICES[s], truth, 0}, pushed = {SERVICES[s], truth, 0};
            if (CHECK_INT(bj_results_open(&results, client, id, NULL, NULL, &error), BJ_OK)) {
                CHECK_TEXT(bj_job_id(bj_results_job(results)), id);
                while ((status = bj_results_next(&record, results, &error)) == BJ_OK) compare(record, &pulled);
                CHECK(record == NULL);
                if (!CHECK_INT(status, BJ_END)) fprintf(stderr, "    %s\n", bj_error_message(error));
                CHECK_INT(pulled.count, total);
                CHECK_INT(bj_results_next(&record, results, NULL), BJ_END);
                CHECK_INT(bj_results_next(&record, results, NULL), BJ_END);
            } else fprintf(stderr, "    %s\n", bj_error_message(error));
            bj_error_destroy(error);
            bj_results_destroy(results);
            CHECK_INT(bj_client_results(client, id, NULL, NULL, compare_in_callback, &pushed, &error), BJ_OK);
            CHECK(error == NULL);
            CHECK_INT(pushed.count, total);
            json_decref(truth);
        }
        bj_client_destroy(client);
    }
}

/* All other jobs of a list that have results, quickly: their number and bytes. */
static void every_listed_job(void) {
    for (size_t s = 0; LISTING[s] != NULL; s++) {
        bj_client *client = make_client(LISTING[s], "status", "done", "max_items", "60", NULL);
        bj_pages *pages;
        const bj_page *page;
        bj_pages_open(&pages, client, NULL, NULL, NULL);
        while (bj_pages_next(&page, pages, NULL) == BJ_OK)
            for (size_t i = 0; i < bj_page_count(page); i++) {
                const bj_job *job = bj_page_job(page, i);
                if (strcmp(LISTING[s], "crustdata") == 0 && bj_job_outcome(job) == BJ_OUTCOME_FAILED) continue;
                json_t *truth = truth_of(LISTING[s], bj_job_id(job));
                struct comparison comparison = {LISTING[s], truth, 0};
                check_context("%s %s", LISTING[s], bj_job_id(job));
                CHECK_INT(bj_client_results(client, bj_job_id(job), NULL, NULL, compare_in_callback, &comparison, NULL),
                          BJ_OK);
                CHECK_INT(comparison.count, json_array_size(json_object_get(truth, "records")));
                json_decref(truth);
            }
        bj_pages_destroy(pages);
        bj_client_destroy(client);
    }
}

static int32_t stop_at_third(const bj_record *record, void *payload) {
    (void)record;
    return ++*(int *)payload == 3;
}

static void stopped(void) {
    for (size_t s = 0; SERVICES[s] != NULL; s++) {
        bj_client *client = make_client(SERVICES[s], NULL, NULL);
        int calls = 0;
        bj_error *error = (bj_error *)1;
        check_context("%s", SERVICES[s]);
        CHECK_INT(bj_client_results(client, sample(SERVICES[s], "large"), NULL, NULL, stop_at_third, &calls, &error),
                  BJ_STOPPED);
        CHECK(error == NULL);
        CHECK_INT(calls, 3);
        bj_client_destroy(client);
    }
}

/* The client serves calls from inside its own callback, another result stream among them. */
struct nested {
    bj_client *client;
    const char *service;
    int asked;
    size_t inner;
};

static int32_t count_records(const bj_record *record, void *payload) {
    (void)record;
    ++*(size_t *)payload;
    return 0;
}

static int32_t ask_inside(const bj_record *record, void *payload) {
    struct nested *nested = payload;
    bj_job *job;
    (void)record;
    if (nested->asked++ > 2) return 1;
    CHECK_INT(bj_client_get(&job, nested->client, sample(nested->service, "succeeded"), NULL, NULL, NULL), BJ_OK);
    bj_job_destroy(job);
    nested->inner = 0;
    CHECK_INT(bj_client_results(nested->client, sample(nested->service, "large"), NULL, NULL, count_records,
                                &nested->inner, NULL),
              BJ_OK);
    return 0;
}

static void client_inside_callback(void) {
    for (size_t s = 0; SERVICES[s] != NULL; s++) {
        bj_client *client = make_client(SERVICES[s], NULL, NULL);
        struct nested nested = {client, SERVICES[s], 0, 0};
        json_t *truth = truth_of(SERVICES[s], sample(SERVICES[s], "large"));
        check_context("%s", SERVICES[s]);
        CHECK_INT(bj_client_results(client, sample(SERVICES[s], "large"), NULL, NULL, ask_inside, &nested, NULL),
                  BJ_STOPPED);
        CHECK_INT(nested.inner, json_array_size(json_object_get(truth, "records")));
        json_decref(truth);
        bj_client_destroy(client);
    }
}

static void callback_never_runs(void) {
    int calls = 0;
    bj_error *error;
    bj_client *client = make_client("crustdata", NULL, NULL);
    EXPECT_ERROR(bj_client_results(client, "", NULL, NULL, stop_at_third, &calls, &error), BJ_E_ARGUMENT, error);
    EXPECT_ERROR(bj_client_results(client, NULL, NULL, NULL, stop_at_third, &calls, &error), BJ_E_ARGUMENT, error);
    EXPECT_ERROR(bj_client_results(client, "x", NULL, NULL, NULL, &calls, &error), BJ_E_ARGUMENT, error);
    EXPECT_ERROR(bj_client_results(NULL, "x", NULL, NULL, stop_at_third, &calls, &error), BJ_E_ARGUMENT, error);
    EXPECT_ERROR(bj_client_results(client, "no-such-job", NULL, NULL, stop_at_third, &calls, &error), BJ_E_NOT_FOUND,
                 error);
    EXPECT_ERROR(bj_client_results(client, sample("crustdata", "running"), NULL, NULL, stop_at_third, &calls, &error),
                 BJ_E_NOT_READY, error);
    CHECK_INT(calls, 0);
    bj_client_destroy(client);
}

/* Nothing that proves who we are goes to the host of the result files: looked up where it arrives. */
static void no_credentials_at_storage(void) {
    bj_client *client = make_client("crustdata", "header.X-Secret", "hush", NULL);
    size_t records = 0, at, storage = 0;
    json_t *request;
    calm();
    CHECK_INT(bj_client_results(client, sample("crustdata", "large"), NULL, NULL, count_records, &records, NULL), BJ_OK);
    CHECK(records > 0);
    json_t *report = control("GET", "/requests", NULL);
    json_array_foreach(json_object_get(report, "requests"), at, request) {
        if (strcmp(json_string_value(json_object_get(request, "service")), "storage") != 0) continue;
        char *text = json_dumps(request, 0);
        storage++;
        CHECK(strstr(text, service_key("crustdata")) == NULL);
        CHECK(strstr(text, "hush") == NULL);
        CHECK_TEXT(request_header(request, "Authorization"), NULL);
        CHECK_TEXT(request_header(request, "x-api-version"), NULL);
        CHECK_TEXT(request_header(request, "X-Secret"), NULL);
        CHECK_TEXT(request_header(request, "Referer"), NULL);
        free(text);
    }
    CHECK(storage > 0);
    CHECK(json_object_get(json_object_get(report, "counters"), "credentials_at_storage") == NULL);
    json_decref(report);
    bj_client_destroy(client);
}

/* A job without records may name a file that was never written: it is not even asked for. */
static void empty_job(void) {
    bj_client *client = make_client("crustdata", NULL, NULL);
    size_t records = 0;
    calm();
    CHECK_INT(bj_client_results(client, sample("crustdata", "empty"), NULL, NULL, count_records, &records, NULL), BJ_OK);
    CHECK_INT(records, 0);
    CHECK_INT(request_count(), 1);
    bj_client_destroy(client);
}

/* The file ends early, at every byte of a small answer: all records before the cut and an error where
 * nothing is tried again, and all records there are where the transfer may go on. */
static void cut_at(bj_client *client, const json_t *truth, size_t bytes, int times, size_t *errors, size_t *whole) {
    size_t total = json_array_size(json_object_get(truth, "records"));
    struct comparison comparison = {"crustdata", truth, 0};
    bj_error *error;
    check_context("cut after %zu bytes, %d times", bytes, times);
    calm();
    fault("{ss ss ss sI si}", "service", "storage", "operation", "results", "fault", "cut", "bytes", (json_int_t)bytes,
          "times", times);
    bj_status status =
        bj_client_results(client, sample("crustdata", "unfulfilled"), NULL, NULL, compare_in_callback, &comparison, &error);
    if (status == BJ_OK) {
        /* Only when nothing was missing. */
        CHECK_INT(comparison.count, total);
        ++*whole;
        return;
    }
    ++*errors;
    /* Nothing of the file arrived, or a part. */
    CHECK(status == BJ_E_TRUNCATED || status == BJ_E_TRANSPORT);
    CHECK(comparison.count <= total); /* all, where only the end of gzip is missing */
    EXPECT_ERROR(status, status, error);
}

static void cut_at_every_byte(void) {
    bj_client *client = make_client("crustdata", "max_attempts", "1", NULL);
    json_t *truth = truth_of("crustdata", sample("crustdata", "unfulfilled"));
    size_t errors = 0, whole = 0, step = patience(1) > 1 ? 97 : 1;
    for (size_t bytes = 0; bytes < 100000 && whole < 3; bytes += step) {
        size_t before = whole;
        cut_at(client, truth, bytes, -1, &errors, &whole);
        /* Once it is whole, more bytes make it no less so. */
        CHECK(before == 0 || whole > before);
    }
    CHECK(errors > (step > 1 ? 5 : 500));
    CHECK_INT(whole, 3);
    json_decref(truth);
    bj_client_destroy(client);
    calm();
}

static void cut_and_resumed(void) {
    bj_client *client = make_client("crustdata", NULL, NULL);
    json_t *truth = truth_of("crustdata", sample("crustdata", "unfulfilled"));
    size_t errors = 0, whole = 0, cases = 0;
    for (size_t bytes = 0;; bytes += 61, cases++) {
        cut_at(client, truth, bytes, 1, &errors, &whole);
        if (request_count_of("storage", "any") != 2) break; /* the answer is no longer than that */
    }
    CHECK(cases > 10);
    CHECK_INT(errors, 0);
    CHECK_INT(whole, cases + 1);
    json_decref(truth);
    bj_client_destroy(client);
    calm();
}

/* What the storage answers in place of the file. */
static void storage_errors(void) {
    static const struct { int code; bj_status wanted; } rows[] = {
        {400, BJ_E_LINK}, {403, BJ_E_LINK}, /* what an expired link meets, or one whose file is gone */
        {404, BJ_E_LINK}, {410, BJ_E_LINK}, {429, BJ_E_RATE_LIMITED}, {500, BJ_E_SERVER}, {503, BJ_E_SERVER},
    };
    bj_client *client = make_client("crustdata", "max_attempts", "1", NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t records = 0;
        bj_error *error;
        check_context("%d", rows[i].code);
        calm();
        fault("{ss ss ss si si}", "service", "storage", "operation", "results", "fault", "status", "status",
              rows[i].code, "times", -1);
        bj_status status =
            bj_client_results(client, sample("crustdata", "succeeded"), NULL, NULL, count_records, &records, &error);
        CHECK_INT(bj_error_http_status(error), rows[i].code);
        CHECK_INT(records, 0);
        CHECK_TEXT(bj_error_job_id(error), sample("crustdata", "succeeded"));
        EXPECT_ERROR(status, rows[i].wanted, error);
    }
    bj_client_destroy(client);
    calm();
}

/* A redirect of the storage is followed with nothing that proves who we are, and not to everywhere. */
static void storage_redirects(void) {
    static const struct { const char *location; bj_status wanted; size_t asked; } rows[] = {
        {NULL, BJ_E_UNAUTHENTICATED, 3}, /* the service itself, which misses a key */
        {"ftp://127.0.0.1/x", BJ_E_REDIRECT, 2},
        {"file:///etc/passwd", BJ_E_REDIRECT, 2},
        {"", BJ_E_REDIRECT, 2},
    };
    bj_client *client = make_client("crustdata", "max_attempts", "1", "header.X-Secret", "hush", NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *location = rows[i].location != NULL ? rows[i].location : fact("crustdata");
        size_t records = 0, at;
        json_t *request, *list;
        bj_error *error;
        check_context("to \"%s\"", location);
        calm();
        fault("{ss ss ss ss si}", "service", "storage", "operation", "results", "fault", "redirect", "location", location,
              "times", -1);
        bj_status status =
            bj_client_results(client, sample("crustdata", "succeeded"), NULL, NULL, count_records, &records, &error);
        EXPECT_ERROR(status, rows[i].wanted, error);
        CHECK_INT(records, 0);
        list = requests();
        CHECK_INT(json_array_size(list), rows[i].asked);
        json_array_foreach(list, at, request) {
            if (at == 0) continue; /* which asks for the job */
            CHECK_TEXT(request_header(request, "Authorization"), NULL);
            CHECK_TEXT(request_header(request, "X-Secret"), NULL);
        }
        json_decref(list);
    }
    bj_client_destroy(client);
    calm();
}

/* Bytes that are no gzip of lines: an error, and no record made up. */
static void bad_files(void) {
    static const struct { const char *name, *bytes; size_t length; } rows[] = {
        {"nothing", "", 0},
        {"magic only", "\x1f\x8b", 2},
        {"header only", "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", 10},
        {"broken deflate", "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xff\xff\xff\xff", 14},
        {"another method", "\x1f\x8b\x07\x00\x00\x00\x00\x00\x00\x03\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00", 20},
        {"an empty member", "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00", 20},
        {"a wrong sum", "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x03\x00\x01\x00\x00\x00\x00\x00\x00\x00", 20},
        {"html", "<html><body>sign in</body></html>", 33},
    };
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    bj_client *client = make_client("crustdata", NULL, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char encoded[200], *to = encoded;
        size_t records = 0;
        bj_error *error;
        for (size_t at = 0; at < rows[i].length; at += 3) {
            unsigned int bits = 0;
            for (size_t k = 0; k < 3; k++)
                bits = bits << 8 | (at + k < rows[i].length ? (unsigned char)rows[i].bytes[at + k] : 0);
            for (size_t k = 0; k < 4; k++)
                *to++ = at + k > rows[i].length ? '=' : letters[bits >> (18 - 6 * k) & 63];
        }
        *to = '\0';
        check_context("%s", rows[i].name);
        calm();
        fault("{ss ss ss ss si}", "service", "storage", "operation", "results", "fault", "body", "base64", encoded,
              "times", -1);
        bj_status status =
            bj_client_results(client, sample("crustdata", "succeeded"), NULL, NULL, count_records, &records, &error);
        CHECK(status == BJ_E_TRUNCATED || status == BJ_E_PROTOCOL);
        EXPECT_ERROR(status, status, error);
    }
    bj_client_destroy(client);
    calm();
}

/* A job whose results are asked for by an id nobody has; and links nobody should follow. */
static void bad_links(void) {
    static const char *const links[] = {"file:///etc/passwd", "ftp://127.0.0.1/x", "/relative", "", "gopher://x",
                                        "http://user:pw@127.0.0.1/x", "http://127.0.0.1:1/\r\nX: y",
                                        "http://elsewhere.example/x", NULL};
    bj_client *client = make_client("crustdata", NULL, NULL);
    for (size_t i = 0; links[i] != NULL; i++) {
        size_t records = 0;
        bj_error *error;
        check_context("%s", links[i]);
        calm();
        fault("{ss ss ss ss s[s]}", "service", "crustdata", "operation", "get", "fault", "mutate", "pointer",
              "/download_urls", "value", links[i]);
        bj_status status =
            bj_client_results(client, sample("crustdata", "succeeded"), NULL, NULL, count_records, &records, &error);
        CHECK(status == BJ_E_LINK || status == BJ_E_PROTOCOL || status == BJ_E_ARGUMENT);
        CHECK_INT(records, 0);
        EXPECT_ERROR(status, status, error);
        CHECK_INT(request_count(), 1);
    }
    bj_client_destroy(client);
    calm();
}

/* max_record_bytes bounds a line, and says so. */
static void record_cap(void) {
    bj_client *client = make_client("crustdata", "max_record_bytes", "1024", NULL);
    size_t records = 0;
    bj_error *error;
    char *line = malloc(4001);
    memset(line, 'x', 4000);
    line[0] = line[3999] = '"';
    line[4000] = '\0';
    calm();
    fault("{ss ss ss ss}", "service", "storage", "operation", "results", "fault", "body", "body", line);
    bj_status status =
        bj_client_results(client, sample("crustdata", "succeeded"), NULL, NULL, count_records, &records, &error);
    CHECK_HAS(bj_error_message(error), "max_record_bytes");
    EXPECT_ERROR(status, BJ_E_LIMIT, error);
    CHECK_INT(records, 0);
    free(line);
    bj_client_destroy(client);
    calm();
}

int main(void) {
    RUN(every_sample);
    RUN(every_listed_job);
    RUN(stopped);
    RUN(client_inside_callback);
    RUN(callback_never_runs);
    RUN(no_credentials_at_storage);
    RUN(empty_job);
    RUN(cut_at_every_byte);
    RUN(cut_and_resumed);
    RUN(storage_errors);
    RUN(storage_redirects);
    RUN(bad_files);
    RUN(bad_links);
    RUN(record_cap);
    return check_report("results");
}
