/* bj_client_set_token_provider: asked on 401, once in a call, and for all threads; what it may answer. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

/* What the provider does. */
struct giver {
    const char *text;
    size_t length;
    int32_t answer;
    int sets; /* how often it hands the token over */
    int64_t slow;
    pthread_t thread;
    atomic_int calls, wrong_thread;
};

static int32_t give(bj_token *sink, void *payload) {
    struct giver *giver = payload;
    atomic_fetch_add(&giver->calls, 1);
    if (!pthread_equal(giver->thread, pthread_self())) atomic_fetch_add(&giver->wrong_thread, 1);
    if (giver->slow > 0) sleep_ms(giver->slow);
    for (int i = 0; i < giver->sets; i++) bj_token_set(sink, giver->text, giver->length);
    return giver->answer;
}

static void gives(struct giver *giver, const char *text) {
    memset(giver, 0, sizeof *giver);
    giver->text = text;
    giver->length = text != NULL ? strlen(text) : 0;
    giver->sets = 1;
    giver->thread = pthread_self();
}

static bj_status get(bj_client *client, const char *service, bj_error **error) {
    bj_job *job;
    bj_status status = bj_client_get(&job, client, sample(service, "succeeded"), NULL, NULL, error);
    CHECK((job != NULL) == (status == BJ_OK));
    bj_job_destroy(job);
    return status;
}

/* The simulator takes only its own key: spidra calls another one 403, so it is told to say 401. */
#define EXPIRED "{\"fault\": \"status\", \"status\": 401, \"having\": \"stale-key-of-yesterday\"}"

static bj_client *stale_client(const char *service) {
    calm();
    if (strcmp(service, "spidra") == 0) plant("spidra", "any", -1, 0, EXPIRED);
    return make_client(service, "api_key", "stale-key-of-yesterday", NULL);
}

static void once_and_kept(void) {
    for (size_t s = 0; SERVICES[s] != NULL; s++) {
        const char *service = SERVICES[s];
        struct giver giver;
        bj_error *error;
        check_context("%s", service);
        bj_client *client = stale_client(service);
        if (strcmp(service, "spidra") != 0) {
            /* Nobody to ask: an error, at once. */
            EXPECT_ERROR(get(client, service, &error), BJ_E_UNAUTHENTICATED, error);
            CHECK_INT(request_count(), 1);
            json_decref(control("DELETE", "/requests", NULL));
        }
        gives(&giver, service_key(service));
        bj_client_set_token_provider(client, give, &giver);
        CHECK_INT(get(client, service, &error), BJ_OK);
        CHECK_INT(giver.calls, 1);
        CHECK_INT(request_count(), 2);
        /* It is the client's from now on. */
        CHECK_INT(get(client, service, &error), BJ_OK);
        CHECK_INT(giver.calls, 1);
        CHECK_INT(request_count(), 3);
        CHECK_INT(giver.wrong_thread, 0);
        bj_client_destroy(client);
    }
}

static int32_t take_page(const bj_page *page, void *payload) {
    *(size_t *)payload += bj_page_count(page);
    return 0;
}

static int32_t take_record(const bj_record *record, void *payload) {
    *(size_t *)payload += bj_record_index(record) >= 0;
    return 0;
}

/* In lists, amid them, and for results; requests that were read ahead carried the old one. */
static void everywhere(void) {
    for (size_t s = 0; LISTING[s] != NULL; s++) {
        for (int after = 0; after < 4; after++) {
            bj_client *client = make_client(LISTING[s], "page_size", "50", NULL);
            struct giver giver;
            size_t jobs = 0;
            check_context("%s, from request %d", LISTING[s], after + 1);
            gives(&giver, service_key(LISTING[s]));
            bj_client_set_token_provider(client, give, &giver);
            calm();
            plant(LISTING[s], "list", 1, after, "{\"fault\": \"status\", \"status\": 401}");
            CHECK_INT(bj_client_list(client, NULL, NULL, take_page, &jobs, NULL), BJ_OK);
            CHECK_INT(jobs, 230);
            CHECK_INT(giver.calls, 1);
            bj_client_destroy(client);
        }
    }
    /* Four numbered pages are on the wire when the token dies: one fresh token serves them all. The first page is
     * one that was fetched with the good key, since the simulator takes no other. */
    bj_client *good = make_client("spidra", "page_size", "50", NULL);
    size_t length, first_jobs = 0;
    calm();
    CHECK_INT(bj_client_list(good, NULL, NULL, take_page, &first_jobs, NULL), BJ_OK);
    bj_client_destroy(good);
    json_t *all = requests();
    const char *target = json_string_value(json_object_get(json_array_get(all, 0), "target"));
    const char *prefix = strchr(strstr(fact("spidra"), "://") + 3, '/');
    char *first = fetch("spidra", target + (prefix != NULL ? strlen(prefix) : 0), &length);
    json_decref(all);
    bj_client *client = make_client("spidra", "page_size", "50", "prefetch", "4", "api_key",
                                    "stale-key-of-yesterday", NULL);
    struct giver giver;
    size_t jobs = 0, records = 0;
    check_context("%s", "four at once");
    gives(&giver, service_key("spidra"));
    bj_client_set_token_provider(client, give, &giver);
    calm();
    plant("spidra", "list", -1, 1, EXPIRED);
    fault("{ss ss ss ss%}", "service", "spidra", "operation", "list", "fault", "body", "body", first, length);
    free(first);
    bj_error *error;
    CHECK_INT(bj_client_list(client, NULL, NULL, take_page, &jobs, &error), BJ_OK);
    CHECK_INT(jobs, 230);
    CHECK_INT(giver.calls, 1);
    bj_client_destroy(client);

    check_context("%s", "results");
    client = make_client("crustdata", "api_key", "stale-key-of-yesterday", NULL);
    gives(&giver, service_key("crustdata"));
    bj_client_set_token_provider(client, give, &giver);
    calm();
    CHECK_INT(bj_client_results(client, sample("crustdata", "succeeded"), NULL, NULL, take_record, &records, NULL), BJ_OK);
    CHECK_INT(giver.calls, 1);
    CHECK(records > 0);
    /* A result host that says 401 gets no key, and nobody is asked for one. */
    calm();
    plant("storage", "any", 1, 0, "{\"fault\": \"status\", \"status\": 401}");
    bj_status status = bj_client_results(client, sample("crustdata", "succeeded"), NULL, NULL, take_record, &records, &error);
    EXPECT_ERROR(status, BJ_E_UNAUTHENTICATED, error);
    CHECK_INT(giver.calls, 1);
    json_t *report = control("GET", "/requests", NULL);
    CHECK_INT(json_integer_value(json_object_get(json_object_get(report, "counters"), "credentials_at_storage")), 0);
    json_decref(report);
    bj_client_destroy(client);
    calm();
}

/* A service that refuses each token: asked once in a call, and the error is its own. */
static void refused_again(void) {
    bj_client *client = make_client("crustdata", "page_size", "50", NULL);
    struct giver giver;
    bj_error *error;
    gives(&giver, "another-token");
    bj_client_set_token_provider(client, give, &giver);
    calm();
    plant("crustdata", "any", -1, 0, "{\"fault\": \"status\", \"status\": 401, \"headers\": {\"x-request-id\": \"r-1\"}}");
    bj_status status = get(client, "crustdata", &error);
    CHECK_INT(bj_error_http_status(error), 401);
    CHECK_TEXT(bj_error_request_id(error), "r-1");
    EXPECT_ERROR(status, BJ_E_UNAUTHENTICATED, error);
    CHECK_INT(giver.calls, 1);
    CHECK_INT(request_count(), 2);
    EXPECT_ERROR(get(client, "crustdata", &error), BJ_E_UNAUTHENTICATED, error);
    CHECK_INT(giver.calls, 2);
    CHECK_INT(request_count(), 4);
    bj_client_destroy(client);
    calm();
}

/* What is no token ends the call, and is never sent. */
static void rubbish(void) {
    static char long_one[20 * 1024 + 1], longest[16 * 1024 + 1];
    memset(long_one, 'a', sizeof long_one - 1);
    memset(longest, 'b', sizeof longest - 1);
    const struct { const char *name, *text; size_t length; int32_t answer; int sets; } rows[] = {
        {"nonzero", "good-token", 10, 1, 1}, {"negative", "good-token", 10, -1, 1}, {"none", NULL, 0, 0, 0},
        {"NULL", NULL, 5, 0, 1}, {"empty", "", 0, 0, 1}, {"CR LF", "a\r\nX-Evil: 1", 12, 0, 1}, {"LF", "a\nb", 3, 0, 1},
        {"NUL", "a\0b", 3, 0, 1}, {"DEL", "a\x7f", 2, 0, 1}, {"20 KiB", long_one, sizeof long_one - 1, 0, 1},
        {"one too long", long_one, 16 * 1024 + 1, 0, 1}, {"not UTF-8", "a\xff\xfe", 3, 0, 1},
        {"half a character", "a\xc3", 2, 0, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bj_client *client = make_client("crustdata", NULL, NULL);
        struct giver giver;
        bj_error *error;
        check_context("%s", rows[i].name);
        gives(&giver, rows[i].text);
        giver.length = rows[i].length;
        giver.answer = rows[i].answer;
        giver.sets = rows[i].sets;
        bj_client_set_token_provider(client, give, &giver);
        calm();
        plant("crustdata", "get", 1, 0, "{\"fault\": \"status\", \"status\": 401}");
        bj_status status = get(client, "crustdata", &error);
        CHECK_INT(bj_error_http_status(error), 401);
        CHECK(bj_error_message(error) == NULL || strstr(bj_error_message(error), "good-token") == NULL);
        CHECK(bj_error_url(error) != NULL);
        EXPECT_ERROR(status, BJ_E_UNAUTHENTICATED, error);
        CHECK_INT(giver.calls, 1);
        CHECK_INT(request_count(), 1);
        /* The old one stays. */
        CHECK_INT(get(client, "crustdata", &error), BJ_OK);
        bj_client_destroy(client);
    }
    /* The longest there may be does go out; the last of several counts, and a NULL takes it back. */
    bj_client *client = make_client("crustdata", NULL, NULL);
    struct giver giver;
    bj_error *error;
    check_context("%s", "the longest");
    gives(&giver, longest);
    giver.sets = 3;
    bj_client_set_token_provider(client, give, &giver);
    calm();
    plant("crustdata", "get", 1, 0, "{\"fault\": \"status\", \"status\": 401}");
    EXPECT_ERROR(get(client, "crustdata", &error), BJ_E_UNAUTHENTICATED, error);
    json_t *list = requests();
    const char *sent = request_header(json_array_get(list, 1), "Authorization");
    CHECK(sent != NULL && strstr(sent, longest) != NULL);
    json_decref(list);
    bj_client_destroy(client);
    bj_token_set(NULL, "x", 1);
    calm();
}

static void taken_away(void) {
    bj_client *client = make_client("crustdata", NULL, NULL);
    struct giver giver;
    bj_error *error;
    gives(&giver, service_key("crustdata"));
    bj_client_set_token_provider(client, give, &giver);
    bj_client_set_token_provider(client, NULL, &giver);
    bj_client_set_token_provider(NULL, give, &giver);
    calm();
    plant("crustdata", "get", 1, 0, "{\"fault\": \"status\", \"status\": 401}");
    EXPECT_ERROR(get(client, "crustdata", &error), BJ_E_UNAUTHENTICATED, error);
    CHECK_INT(giver.calls, 0);
    CHECK_INT(request_count(), 1);
    bj_client_destroy(client);
    calm();
}

/* It cannot be interrupted, but its time counts. */
static void slow_provider(void) {
    bj_client *client = make_client("crustdata", "timeout_ms", "300", NULL);
    struct giver giver;
    bj_error *error;
    gives(&giver, service_key("crustdata"));
    giver.slow = 400;
    bj_client_set_token_provider(client, give, &giver);
    calm();
    plant("crustdata", "get", 1, 0, "{\"fault\": \"status\", \"status\": 401}");
    int64_t began = now_ms();
    bj_status status = get(client, "crustdata", &error);
    CHECK(now_ms() - began <= 400 + patience(500));
    CHECK_TEXT(bj_error_detail(error, "option"), "timeout_ms");
    EXPECT_ERROR(status, BJ_E_TIMEOUT, error);
    CHECK_INT(request_count(), 1);
    bj_client_destroy(client);
    calm();
}

/* It may use the client, and so may what it calls; there a 401 asks it again, once in that call. */
struct nested {
    bj_client *client;
    int depth, calls;
    bj_status inner;
};

static int32_t give_by_asking(bj_token *sink, void *payload) {
    struct nested *nested = payload;
    nested->calls++;
    if (nested->depth++ == 0) {
        bj_job *job;
        nested->inner = bj_client_get(&job, nested->client, sample("crustdata", "failed"), NULL, NULL, NULL);
        bj_job_destroy(job);
    }
    bj_token_set(sink, "draft", 5);
    bj_token_set(sink, service_key("crustdata"), strlen(service_key("crustdata")));
    return 0;
}

static void inside_it(void) {
    struct nested nested = {make_client("crustdata", "api_key", "stale-key-of-yesterday", NULL), 0, 0, -1};
    bj_error *error;
    calm();
    bj_client_set_token_provider(nested.client, give_by_asking, &nested);
    CHECK_INT(get(nested.client, "crustdata", &error), BJ_OK);
    CHECK_INT(nested.inner, BJ_OK);
    CHECK_INT(nested.calls, 2);
    bj_client_destroy(nested.client);
}

/* A thread whose request was on its way when another got a fresh token: that one serves it too. */
struct getter {
    bj_client *client;
    bj_status status;
};

static void *get_on_thread(void *payload) {
    struct getter *getter = payload;
    bj_job *job;
    getter->status = bj_client_get(&job, getter->client, sample("crustdata", "succeeded"), NULL, NULL, NULL);
    bj_job_destroy(job);
    return NULL;
}

static void one_for_two_threads(void) {
    struct getter getter = {make_client("crustdata", "api_key", "stale-key-of-yesterday", NULL), -1};
    struct giver giver;
    pthread_t thread;
    bj_error *error;
    gives(&giver, service_key("crustdata"));
    bj_client_set_token_provider(getter.client, give, &giver);
    calm();
    char json[100];
    snprintf(json, sizeof json, "{\"fault\": \"delay\", \"seconds\": %.1f}", (double)patience(600) / 1000);
    plant("crustdata", "get", 1, 0, json);
    pthread_create(&thread, NULL, get_on_thread, &getter);
    while (request_count() == 0) sleep_ms(10);
    CHECK_INT(get(getter.client, "crustdata", &error), BJ_OK);
    pthread_join(thread, NULL);
    CHECK_INT(getter.status, BJ_OK);
    CHECK_INT(giver.calls, 1);
    CHECK_INT(request_count(), 4);
    bj_client_destroy(getter.client);
    /* All at once: each is asked at most once, and all are served. */
    enum { THREADS = 6 };
    bj_client *client = make_client("crustdata", "api_key", "stale-key-of-yesterday", NULL);
    struct getter getters[THREADS];
    pthread_t threads[THREADS];
    gives(&giver, service_key("crustdata"));
    giver.slow = 20;
    bj_client_set_token_provider(client, give, &giver);
    calm();
    for (int i = 0; i < THREADS; i++) {
        getters[i] = (struct getter){client, -1};
        pthread_create(&threads[i], NULL, get_on_thread, &getters[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        CHECK_INT(getters[i].status, BJ_OK);
    }
    CHECK(giver.calls >= 1 && giver.calls <= THREADS);
    CHECK_INT(giver.wrong_thread, giver.calls);
    bj_client_destroy(client);
    calm();
}

int main(void) {
    RUN(once_and_kept);
    RUN(everywhere);
    RUN(refused_again);
    RUN(rubbish);
    RUN(taken_away);
    RUN(slow_provider);
    RUN(inside_it);
    RUN(one_for_two_threads);
    return check_report("token");
}
