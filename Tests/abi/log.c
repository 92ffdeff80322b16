/* bj_client_set_log: which lines there are, on which thread, and that nothing secret is in them or in an error. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support.h"

/* All lines of a test. */
struct book {
    pthread_t thread;
    bj_client *client; /* to be used from inside, when set */
    int lines[4], wrong, depth, inner;
    char text[1 << 17];
    size_t length;
};

static void write_down(int32_t level, const char *line, void *payload) {
    struct book *book = payload;
    book->wrong += level < BJ_LOG_WARN || level > BJ_LOG_DEBUG || !pthread_equal(book->thread, pthread_self());
    book->wrong += line == NULL || line[0] == '\0' || strpbrk(line, "\r\n") != NULL;
    if (level >= 0 && level <= 3) book->lines[level]++;
    size_t length = strlen(line);
    if (book->length + length + 2 < sizeof book->text) {
        memcpy(book->text + book->length, line, length);
        book->length += length;
        book->text[book->length++] = '\n';
        book->text[book->length] = '\0';
    } else {
        book->wrong++;
    }
    if (book->client != NULL) {
        bj_job *job;
        book->depth++;
        if (book->depth > 1) book->wrong++;
        if (bj_client_get(&job, book->client, sample("crustdata", "failed"), NULL, NULL, NULL) == BJ_OK) book->inner++;
        bj_job_destroy(job);
        book->depth--;
    }
}

static struct book *opened(void) {
    static struct book book;
    memset(&book, 0, sizeof book);
    book.thread = pthread_self();
    return &book;
}

static int32_t give_token(bj_token *sink, void *payload) {
    bj_token_set(sink, payload, strlen(payload));
    return 0;
}

static bj_status get(bj_client *client, bj_error **error) {
    bj_job *job;
    bj_status status = bj_client_get(&job, client, sample("crustdata", "succeeded"), NULL, NULL, error);
    bj_job_destroy(job);
    return status;
}

/* A refused token, a retry, and then an answer: one refresh, one retry, three requests. */
static void levels(void) {
    static const struct { int32_t level; int warn, info, least_debug; } rows[] = {
        {BJ_LOG_OFF, 0, 0, 0}, {BJ_LOG_WARN, 1, 0, 0}, {BJ_LOG_INFO, 1, 1, 0}, {BJ_LOG_DEBUG, 1, 1, 3},
        {-7, 0, 0, 0}, {99, 1, 1, 3}, {INT32_MAX, 1, 1, 3}, {INT32_MIN, 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct book *book = opened();
        bj_client *client = make_client("crustdata", NULL, NULL);
        bj_error *error;
        check_context("level %d", (int)rows[i].level);
        calm();
        plant("crustdata", "get", 1, 0, "{\"fault\": \"status\", \"status\": 401}");
        plant("crustdata", "get", 1, 1, "{\"fault\": \"status\", \"status\": 503, \"headers\": {\"retry-after-ms\": \"3\"}}");
        bj_client_set_token_provider(client, give_token, (void *)service_key("crustdata"));
        bj_client_set_log(client, rows[i].level, write_down, book);
        CHECK_INT(get(client, &error), BJ_OK);
        CHECK_INT(book->lines[BJ_LOG_WARN], rows[i].warn);
        CHECK_INT(book->lines[BJ_LOG_INFO], rows[i].info);
        CHECK(rows[i].least_debug == 0 ? book->lines[BJ_LOG_DEBUG] == 0 : book->lines[BJ_LOG_DEBUG] >= rows[i].least_debug);
        CHECK_INT(book->wrong, 0);
        if (rows[i].warn) {
            CHECK_HAS(book->text, "crustdata");
            CHECK_HAS(book->text, "attempt 2 of 4");
            CHECK_HAS(book->text, "503");
            CHECK_HAS(book->text, "3 ms");
        }
        if (rows[i].info) CHECK_HAS(book->text, "token");
        if (rows[i].least_debug) CHECK_HAS(book->text, sample("crustdata", "succeeded"));
        bj_client_destroy(client);
    }
    calm();
}

/* A call that fails after its retries says so; one that fails at once is only an error. */
static void failures(void) {
    struct book *book = opened();
    bj_client *client = make_client("crustdata", NULL, NULL);
    bj_error *error;
    bj_client_set_log(client, BJ_LOG_WARN, write_down, book);
    calm();
    plant("crustdata", "get", -1, 0, "{\"fault\": \"status\", \"status\": 503, \"headers\": {\"retry-after-ms\": \"1\"}}");
    EXPECT_ERROR(get(client, &error), BJ_E_SERVER, error);
    CHECK_INT(book->lines[BJ_LOG_WARN], 4);
    CHECK_HAS(book->text, "after 4 attempts");
    calm();
    plant("crustdata", "get", 1, 0, "{\"fault\": \"status\", \"status\": 404}");
    EXPECT_ERROR(get(client, &error), BJ_E_NOT_FOUND, error);
    CHECK_INT(book->lines[BJ_LOG_WARN], 4);
    /* Taken away: nothing more. */
    bj_client_set_log(client, BJ_LOG_DEBUG, NULL, book);
    CHECK_INT(get(client, &error), BJ_OK);
    bj_client_set_log(NULL, BJ_LOG_DEBUG, write_down, book);
    CHECK_INT(book->lines[BJ_LOG_DEBUG], 0);
    CHECK_INT(book->wrong, 0);
    bj_client_destroy(client);
    calm();
}

/* Without a function nothing is written anywhere: not to the standard streams either. */
static void nothing_by_itself(void) {
    char path[400];
    snprintf(path, sizeof path, "%s/log-nothing.txt", getenv("TEST_FOLDER") != NULL ? getenv("TEST_FOLDER") : ".");
    FILE *file = fopen(path, "w+");
    if (!CHECK(file != NULL)) return;
    fflush(stdout);
    fflush(stderr);
    int out = dup(1), err = dup(2);
    dup2(fileno(file), 1);
    dup2(fileno(file), 2);
    bj_client *client = make_client("crustdata", NULL, NULL);
    calm();
    plant("crustdata", "get", 2, 0, "{\"fault\": \"status\", \"status\": 503, \"headers\": {\"retry-after-ms\": \"1\"}}");
    bj_status status = get(client, NULL);
    bj_client_destroy(client);
    fflush(stdout);
    fflush(stderr);
    dup2(out, 1);
    dup2(err, 2);
    close(out);
    close(err);
    fseek(file, 0, SEEK_END);
    CHECK_INT(ftell(file), 0);
    CHECK_INT(status, BJ_OK);
    fclose(file);
    remove(path);
    calm();
}

/* The function may use the client; what it does there makes no lines, so that it ends. */
static void from_inside(void) {
    struct book *book = opened();
    bj_client *client = make_client("crustdata", NULL, NULL);
    bj_error *error;
    book->client = client;
    bj_client_set_log(client, BJ_LOG_DEBUG, write_down, book);
    calm();
    plant("crustdata", "get", 1, 0, "{\"fault\": \"status\", \"status\": 503, \"headers\": {\"retry-after-ms\": \"1\"}}");
    CHECK_INT(get(client, &error), BJ_OK);
    int lines = book->lines[1] + book->lines[2] + book->lines[3];
    CHECK(lines >= 3);
    CHECK_INT(book->inner, lines);
    CHECK_INT(request_count(), 2 + (size_t)lines);
    CHECK_INT(book->wrong, 0);
    bj_client_destroy(client);
    calm();
}

/* Each thread hears its own calls. */
static void *log_on_thread(void *payload) {
    struct book *book = payload;
    book->thread = pthread_self();
    bj_client_set_log(book->client, BJ_LOG_DEBUG, write_down, book);
    bj_client *client = book->client;
    book->client = NULL;
    for (int i = 0; i < 5; i++) get(client, NULL);
    bj_client_destroy(client);
    return NULL;
}

static void threads(void) {
    enum { THREADS = 4 };
    static struct book books[THREADS];
    pthread_t threads[THREADS];
    calm();
    for (int i = 0; i < THREADS; i++) {
        memset(&books[i], 0, sizeof books[i]);
        books[i].client = make_client("crustdata", NULL, NULL);
        pthread_create(&threads[i], NULL, log_on_thread, &books[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        CHECK_INT(books[i].wrong, 0);
        CHECK_INT(books[i].lines[BJ_LOG_DEBUG], 5);
    }
}

/* Secrets */

#define HEADER "planted-header-9d21c7"
#define TOKEN "planted-token-77c2e0"
#define KEY "planted-key-41bb09"

static char signed_link[2500], query[2000], signature[200];
static struct book *secret_book;

static void holds_none(const char *where, const char *text) {
    const char *secrets[] = {HEADER, TOKEN, KEY, service_key("crustdata"), query, signature};
    if (text == NULL) return;
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
        if (secrets[i][0] == '\0') continue;
        if (!CHECK(strstr(text, secrets[i]) == NULL)) fprintf(stderr, "    %s holds \"%s\": %.600s\n", where, secrets[i], text);
    }
}

static void error_holds_none(bj_error *error) {
    holds_none("the message", bj_error_message(error));
    holds_none("the code", bj_error_code(error));
    holds_none("the request id", bj_error_request_id(error));
    holds_none("the url", bj_error_url(error));
    holds_none("the job id", bj_error_job_id(error));
    for (size_t i = 0; i < bj_error_detail_count(error); i++) {
        holds_none("a detail's name", bj_error_detail_name(error, i));
        holds_none("a detail", bj_error_detail(error, bj_error_detail_name(error, i)));
    }
    bj_error_destroy(error);
}

static int32_t take_page(const bj_page *page, void *payload) {
    (void)page, (void)payload;
    return 0;
}

static int32_t take_record(const bj_record *record, void *payload) {
    (void)record, (void)payload;
    return 0;
}

/* All calls, with all that is said about them. */
static void say_all(bj_client *client) {
    bj_error *error;
    get(client, &error);
    error_holds_none(error);
    bj_client_list(client, NULL, NULL, take_page, NULL, &error);
    error_holds_none(error);
    bj_client_results(client, sample("crustdata", "succeeded"), NULL, NULL, take_record, NULL, &error);
    error_holds_none(error);
    holds_none("the log", secret_book->text);
    CHECK_INT(secret_book->wrong, 0);
    secret_book->length = 0;
}

static bj_client *client_with_secrets(const char *key) {
    bj_client *client = make_client("crustdata", "api_key", key, "header.X-Secret", HEADER, "timeout_ms", "600",
                                    "stall_timeout_ms", "60", "first_byte_timeout_ms", "60", "max_attempts", "2", NULL);
    secret_book = opened();
    bj_client_set_log(client, BJ_LOG_DEBUG, write_down, secret_book);
    return client;
}

/* A signed link of a result file, as the service gives it. */
static void read_link(void) {
    char path[300];
    size_t length;
    json_error_t problem;
    snprintf(path, sizeof path, "/batch/%s", sample("crustdata", "succeeded"));
    calm();
    char *text = fetch("crustdata", path, &length);
    json_t *job = json_loadb(text, length, 0, &problem);
    const char *found = json_string_value(json_array_get(json_object_get(job, "download_urls"), 0));
    if (CHECK(found != NULL && strchr(found, '?') != NULL)) {
        snprintf(signed_link, sizeof signed_link, "%s", found);
        snprintf(query, sizeof query, "%s", strchr(signed_link, '?') + 1);
        const char *at = strstr(query, "X-Amz-Signature=");
        if (CHECK(at != NULL)) {
            snprintf(signature, sizeof signature, "%s", at + strlen("X-Amz-Signature="));
            signature[strcspn(signature, "&")] = '\0';
        }
    }
    json_decref(job);
    free(text);
}

/* Every way an answer can repeat something. */
static const char *const ECHOES[] = {
    "{\"error\": {\"type\": \"%s\", \"message\": \"the key %s is not good, %s\"}}", "{\"error\": \"%s %s %s\"}",
    "{\"message\": \"%s\", \"code\": \"%s\", \"errors\": [\"%s\"]}", "{\"detail\": \"%s%s%s\"}", "{\"%s\": [\"%s\", \"%s\"]}",
    "{\"non_field_errors\": [\"%s\"], \"%s\": \"%s\"}", "plain %s and %s and %s",
    "<?xml version=\"1.0\"?><Error><Code>%s</Code><Message>no %s, %s</Message></Error>", "<html>%s %s %s</html>",
    "{\"batch_id\": \"%s\", \"status\": \"%s\", \"action\": \"%s\"}", "{\"jobs\": \"%s\", \"next_cursor\": \"%s\", \"x\": \"%s\"}",
    "{\"jobs\": [{\"batch_id\": \"%s\", \"status\": 5, \"%s\": \"%s\"}]}", "{\"%s\": %s %s",
};

static void echoed(void) {
    static const int statuses[] = {200, 301, 400, 401, 403, 404, 422, 429, 503};
    read_link();
    const char *secrets[] = {KEY, HEADER, query, signature};
    for (size_t n = 0; n < sizeof secrets / sizeof *secrets; n++) {
        const char *secret = secrets[n];
        for (size_t e = 0; e < sizeof ECHOES / sizeof *ECHOES; e++) {
            for (size_t s = 0; s < sizeof statuses / sizeof *statuses; s++) {
                char body[8000], location[2100];
                if (statuses[s] == 200 && n > 1) continue;
                /* The api has no link's query to repeat, the storage no key: neither was sent there. */
                const char *service = n > 1 ? "storage" : "crustdata";
                check_context("%s, %d, %s", n == 0 ? "key" : n == 1 ? "header" : n == 2 ? "query" : "signature", statuses[s], ECHOES[e]);
                calm();
                snprintf(body, sizeof body, ECHOES[e], secret, secret, secret);
                snprintf(location, sizeof location, "http://127.0.0.1:1/?%s", secret);
                fault("{ss ss ss si si ss s{ss ss ss ss}}", "service", service, "operation", "any", "fault", "status", "times",
                      -1, "status", statuses[s], "body", body, "headers", "Location", location, "x-request-id", secret,
                      "WWW-Authenticate", secret, "retry-after-ms", "1");
                /* The service would sign another one in the next second. */
                if (n > 1) fault("{ss ss si ss ss ss}", "service", "crustdata", "operation", "get", "times", -1, "fault", "mutate",
                                 "pointer", "/download_urls/0", "value", signed_link);
                bj_client *client = client_with_secrets(n == 0 ? KEY : service_key("crustdata"));
                if (n <= 1) say_all(client);
                else {
                    bj_error *error;
                    CHECK(bj_client_results(client, sample("crustdata", "succeeded"), NULL, NULL, take_record, NULL, &error) < 0);
                    error_holds_none(error);
                    holds_none("the log", secret_book->text);
                }
                bj_client_destroy(client);
            }
        }
    }
    calm();
}

/* A token that was just given, and the one it replaced. */
static void echoed_tokens(void) {
    for (size_t e = 0; e < sizeof ECHOES / sizeof *ECHOES; e++) {
        for (int fresh = 0; fresh < 2; fresh++) {
            char body[1000];
            const char *secret = fresh ? TOKEN : KEY;
            check_context("%s token, %s", fresh ? "fresh" : "old", ECHOES[e]);
            calm();
            snprintf(body, sizeof body, ECHOES[e], secret, secret, secret);
            /* The service repeats what it was sent, and cannot know a token before. */
            fault("{ss ss si si ss ss s{ss}}", "service", "crustdata", "fault", "status", "times", -1, "status", 401,
                  "having", secret, "body", body, "headers", "x-request-id", secret);
            bj_client *client = client_with_secrets(KEY);
            bj_client_set_token_provider(client, give_token, TOKEN);
            say_all(client);
            say_all(client);
            bj_client_destroy(client);
        }
    }
    calm();
}

/* The other faults, at every place: what the library itself says of them. */
static void all_faults(void) {
    static const char *const faults[] = {
        "{\"fault\": \"redirect\", \"location\": \"http://127.0.0.1:1/" KEY "?k=" KEY "\"}", "{\"fault\": \"html\"}",
        "{\"fault\": \"body\", \"body\": \"" KEY "\"}", "{\"fault\": \"close\"}", "{\"fault\": \"reset\"}",
        "{\"fault\": \"reset\", \"bytes\": 300}", "{\"fault\": \"cut\", \"bytes\": 300}", "{\"fault\": \"cut\", \"bytes\": 20}",
        "{\"fault\": \"stall\", \"bytes\": 300, \"seconds\": 0.2}", "{\"fault\": \"delay\", \"seconds\": 0.2}",
        "{\"fault\": \"mutate\", \"pointer\": \"/jobs/0/status\", \"value\": {\"x\": \"" KEY "\"}}",
        "{\"fault\": \"mutate\", \"pointer\": \"/status\", \"value\": [\"" KEY "\"]}",
        "{\"fault\": \"mutate\", \"pointer\": \"/batch_id\", \"value\": \"" KEY "\"}",
        "{\"fault\": \"mutate\", \"pointer\": \"/download_urls/0\", \"value\": \"ftp://127.0.0.1/?" KEY "\"}",
        "{\"fault\": \"mutate\", \"pointer\": \"/download_urls/0\", \"value\": \"http://u:" KEY "@127.0.0.1:1/" "?" KEY "\"}",
        "{\"fault\": \"mutate\", \"pointer\": \"/next_cursor\", \"value\": \"" KEY "\"}",
        "{\"fault\": \"same_cursor\"}", "{\"fault\": \"same_rows\"}",
    };
    static const char *const places[] = {"crustdata", "storage"};
    read_link();
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        for (size_t p = 0; p < 2; p++) {
            if (p == 1 && strstr(faults[i], "same_") != NULL) continue;
            check_context("%s, %s", places[p], faults[i]);
            calm();
            plant(places[p], "any", -1, 0, faults[i]);
            /* The simulator itself takes any key here only where the fault comes before it looks. */
            bj_client *client = client_with_secrets(strstr(faults[i], KEY) != NULL && strstr(faults[i], "mutate") == NULL
                                                        ? KEY : service_key("crustdata"));
            if (strstr(faults[i], "mutate") == NULL || p == 1) {
                say_all(client);
            } else {
                /* Here KEY is not the client's key but what a link hides. */
                bj_error *error;
                get(client, &error);
                if (strstr(faults[i], "download_urls") != NULL) error_holds_none(error);
                else bj_error_destroy(error);
                bj_client_results(client, sample("crustdata", "succeeded"), NULL, NULL, take_record, NULL, &error);
                if (strstr(faults[i], "download_urls") != NULL) error_holds_none(error);
                else bj_error_destroy(error);
            }
            bj_client_destroy(client);
        }
    }
    calm();
}

int main(void) {
    RUN(levels);
    RUN(failures);
    RUN(nothing_by_itself);
    RUN(from_inside);
    RUN(threads);
    RUN(echoed);
    RUN(echoed_tokens);
    RUN(all_faults);
    return check_report("log");
}
