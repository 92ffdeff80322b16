/* Section "Wait": bj_waits_open and bj_waits_next. Each place has its end, and rounds are cheap. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

/* The deadline is there so that a wait that hangs fails a test and does not hold it up. */
#define QUICK "poll_min_ms", "50", "poll_max_ms", "100", "wait_timeout_ms", "120000"
#define MOST 1100

/* What came to each place. */
struct ends {
    size_t finals[MOST], progress[MOST], jobs_done;
    bj_status status[MOST]; /* of the last event; BJ_OK with a job */
    char option[MOST][24];
    bj_status end;
};

static const char *ids[MOST];
static struct ends ends;

/* The newest jobs of a service, as the first ids. */
static json_t *newest(const char *service, size_t count) {
    json_t *truth = truth_jobs(service);
    CHECK(json_array_size(truth) >= count);
    for (size_t i = 0; i < count; i++) ids[i] = json_string_value(json_array_get(truth, i));
    return truth;
}

/* A fault that hits the requests for one job. Where its id is escaped, only the part before that. */
static void plant_at(const char *service, const char *id, int times, const char *members) {
    char all[400];
    int plain = (int)strspn(id, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-");
    snprintf(all, sizeof all, "{\"path\": \"%.*s\", %s", plain, id, members + 1);
    plant(service, "get", times, 0, all);
}

static void take(const bj_event *event, size_t count) {
    int64_t place = bj_event_index(event);
    const bj_job *job = bj_event_job(event);
    const bj_error *error = bj_event_error(event);
    if (!CHECK(place >= 0 && place < (int64_t)count)) return;
    CHECK((job == NULL) != (error == NULL));
    CHECK_INT(ends.finals[place], 0); /* nothing comes behind the last */
    if (!bj_event_is_final(event)) {
        CHECK(job != NULL && bj_job_phase(job) != BJ_PHASE_DONE);
        ends.progress[place]++;
        return;
    }
    ends.finals[place]++;
    if (job != NULL) {
        CHECK_TEXT(bj_job_id(job), ids[place]);
        CHECK_INT(bj_job_phase(job), BJ_PHASE_DONE);
        ends.jobs_done++;
    } else {
        const char *option = bj_error_detail(error, "option");
        ends.status[place] = bj_error_status(error);
        if (getenv("TEST_TALK") != NULL) fprintf(stderr, "    %ld: %s\n", (long)place, bj_error_message(error));
        CHECK_TEXT(bj_error_job_id(error), ids[place]);
        CHECK(bj_error_message(error) != NULL && bj_error_message(error)[0] != '\0');
        snprintf(ends.option[place], sizeof ends.option[place], "%s", option != NULL ? option : "");
    }
}

/* Walks to the end; each place has its final event, and the end stays one. */
static void walk(bj_waits *waits, size_t count) {
    const bj_event *event = NULL;
    bj_error *error = (bj_error *)1;
    memset(&ends, 0, sizeof ends);
    while ((ends.end = bj_waits_next(&event, waits, &error)) == BJ_OK) take(event, count);
    CHECK_INT(ends.end, BJ_END);
    CHECK(event == NULL && error == NULL);
    CHECK_INT(bj_waits_next(&event, waits, NULL), BJ_END);
    for (size_t i = 0; i < count; i++) CHECK_INT(ends.finals[i], 1);
}

static void wait_for(bj_client *client, size_t count, const bj_options *options) {
    bj_waits *waits;
    if (!CHECK_INT(bj_waits_open(&waits, client, ids, count, options, NULL, NULL), BJ_OK)) return;
    walk(waits, count);
    bj_waits_destroy(waits);
}

static void opening(void) {
    static const char *const none[] = {NULL};
    static const struct { const char *ids[3]; size_t count; const char *says; } bad[] = {
        {{"a", "", "b"}, 3, "ids[1]"}, {{"a", NULL, "b"}, 3, "ids[1]"}, {{"..", "a", "b"}, 3, "ids[0]"},
        {{"a", "b", "c\nd"}, 3, "ids[2]"}, {{"\xff", "a", "b"}, 3, "ids[0]"}, {{".", NULL, NULL}, 1, "no job id"},
    };
    bj_client *client = make_client("crustdata", NULL, NULL);
    bj_waits *waits = (bj_waits *)1;
    const bj_event *event = (const bj_event *)1;
    bj_error *error = (bj_error *)1;
    calm();
    for (int i = 0; i < 2; i++) { /* nobody to wait for */
        CHECK_INT(bj_waits_open(&waits, client, i ? none : NULL, 0, NULL, NULL, &error), BJ_OK);
        CHECK(error == NULL);
        CHECK_INT(bj_waits_next(&event, waits, &error), BJ_END);
        CHECK(event == NULL && error == NULL);
        CHECK_INT(bj_waits_next(&event, waits, NULL), BJ_END);
        bj_waits_destroy(waits);
    }
    EXPECT_ERROR(bj_waits_open(&waits, client, NULL, 1, NULL, NULL, &error), BJ_E_ARGUMENT, error);
    CHECK(waits == NULL);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        bj_status status = bj_waits_open(&waits, client, bad[i].ids, bad[i].count, NULL, NULL, &error);
        CHECK_HAS(bj_error_message(error), bad[i].says);
        EXPECT_ERROR(status, BJ_E_ARGUMENT, error);
        CHECK(waits == NULL);
    }
    const char **many = malloc(100001 * sizeof *many);
    for (size_t i = 0; i < 100001; i++) many[i] = "a";
    EXPECT_ERROR(bj_waits_open(&waits, client, many, 100001, NULL, NULL, &error), BJ_E_ARGUMENT, error);
    CHECK_INT(bj_waits_open(&waits, client, many, 100000, NULL, NULL, NULL), BJ_OK);
    bj_waits_destroy(waits);
    free(many);
    EXPECT_ERROR(bj_waits_open(&waits, client, none, (size_t)-1, NULL, NULL, &error), BJ_E_ARGUMENT, error);
    EXPECT_ERROR(bj_waits_open(NULL, client, none, 0, NULL, NULL, &error), BJ_E_ARGUMENT, error);
    EXPECT_ERROR(bj_waits_open(&waits, NULL, none, 0, NULL, NULL, &error), BJ_E_ARGUMENT, error);
    EXPECT_ERROR(bj_waits_next(&event, NULL, &error), BJ_E_ARGUMENT, error);
    bj_options *wrong = make_options("max_requests", "3", NULL); /* the client's */
    EXPECT_ERROR(bj_waits_open(&waits, client, bad[0].ids, 1, wrong, NULL, &error), BJ_E_ARGUMENT, error);
    bj_options_destroy(wrong);
    ids[0] = "x"; /* nothing is sent before the first event is asked for */
    CHECK_INT(bj_waits_open(&waits, client, ids, 1, NULL, NULL, NULL), BJ_OK);
    EXPECT_ERROR(bj_waits_next(NULL, waits, &error), BJ_E_ARGUMENT, error);
    bj_waits_destroy(waits);
    CHECK_INT(request_count(), 0);
    bj_waits_destroy(NULL);
    CHECK_INT(bj_event_index(NULL), -1);
    CHECK_INT(bj_event_is_final(NULL), -1);
    CHECK(bj_event_job(NULL) == NULL && bj_event_error(NULL) == NULL);
    bj_client_destroy(client);
}

/* Jobs that end one after the other, one that does not exist, and ids that stand there twice. */
static void ids_of_all_kinds(void) {
    for (size_t s = 0; SERVICES[s] != NULL; s++) {
        json_t *truth = newest(SERVICES[s], 6);
        bj_client *client = make_client(SERVICES[s], QUICK, NULL);
        bj_waits *waits;
        const bj_event *event;
        check_context("%s", SERVICES[s]);
        ids[6] = "00000000-0000-4000-8000-000000000000";
        ids[7] = ids[2], ids[8] = ids[6], ids[9] = ids[2];
        set_busy(SERVICES[s], 6, 10, 10);
        calm();
        CHECK_INT(bj_waits_open(&waits, client, ids, 10, NULL, NULL, NULL), BJ_OK);
        bj_client_destroy(client); /* the iterator holds it */
        memset(&ends, 0, sizeof ends);
        size_t ended = 0;
        while ((ends.end = bj_waits_next(&event, waits, NULL)) == BJ_OK) {
            take(event, 10);
            ended += bj_event_is_final(event) == 1;
            if (ended < 10 && bj_event_index(event) == 0 && !bj_event_is_final(event)) advance_clock(15);
            if (bj_event_is_final(event) && bj_event_job(event) != NULL) advance_clock(11);
        }
        CHECK_INT(ends.end, BJ_END);
        CHECK_INT(ended, 10);
        CHECK_INT(ends.jobs_done, 8);
        for (size_t i = 0; i < 10; i++) {
            CHECK_INT(ends.finals[i], 1);
            CHECK_INT(ends.status[i], i == 6 || i == 8 ? BJ_E_NOT_FOUND : BJ_OK);
            CHECK_INT(ends.progress[i] > 0, i != 6 && i != 8);
        }
        CHECK_INT(ends.progress[2], ends.progress[7]);
        CHECK_INT(ends.progress[2], ends.progress[9]);
        /* The unknown one was asked for once, though the list was read again and again. */
        json_t *list = requests(), *one;
        size_t i, unknown = 0;
        json_array_foreach(list, i, one)
            unknown += strstr(json_string_value(json_object_get(one, "target")), ids[6]) != NULL;
        CHECK_INT(unknown, 1);
        json_decref(list);
        bj_waits_destroy(waits);
        set_busy(SERVICES[s], 0, 0, 0);
        json_decref(truth);
    }
}

/* The jobs end at a time, not at a call, so that rounds without news come between. */
static int32_t end_jobs(void *payload) {
    int64_t *when = payload;
    if (*when > 0 && now_ms() >= *when) {
        *when = 0;
        advance_clock(1000);
    }
    return 0;
}

/* 500 running jobs and one straggler far down: five pages and one request in each round. */
static void five_hundred(void) {
    static const struct { const char *service; int pages; } rows[] = {{"crustdata", 5}, {"reach", 5}, {"spidra", 10}};
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        json_t *truth = newest(rows[r].service, 500);
        bj_client *client = make_client(rows[r].service, QUICK, "poll_min_ms", "200", "poll_max_ms", "200", NULL);
        bj_waits *waits;
        const bj_event *event;
        size_t rounds, pages, singles;
        check_context("%s", rows[r].service);
        ids[500] = json_string_value(json_array_get(truth, 1150));
        set_busy(rows[r].service, 1151, 900, 0);
        calm();
        CHECK_INT(bj_waits_open(&waits, client, ids, 501, NULL, NULL, NULL), BJ_OK);
        memset(&ends, 0, sizeof ends);
        int64_t began = now_ms(), when = began + patience(400);
        bj_client_set_interrupt(client, end_jobs, &when);
        while ((ends.end = bj_waits_next(&event, waits, NULL)) == BJ_OK) take(event, 501);
        CHECK(now_ms() - began <= patience(20000));
        CHECK_INT(ends.end, BJ_END);
        CHECK_INT(ends.jobs_done, 501);
        pages = request_count_of(rows[r].service, "list");
        singles = request_count_of(rows[r].service, "get");
        rounds = singles > 1 ? singles : 1;
        CHECK(rounds >= 2 && rounds <= (size_t)patience(40));
        /* One page more in the first round, which looks for the straggler; never a list for nothing. */
        if (!CHECK(pages <= rounds * (size_t)rows[r].pages + (size_t)rows[r].pages * 2))
            fprintf(stderr, "    %zu pages and %zu singles\n", pages, singles);
        bj_waits_destroy(waits);
        bj_client_destroy(client);
        set_busy(rows[r].service, 0, 0, 0);
        json_decref(truth);
    }
}

/* A thousand, by the list and without one. */
static void a_thousand(void) {
    static const char *const services[] = {"crustdata", "veryfront", NULL};
    for (size_t s = 0; services[s] != NULL; s++) {
        json_t *truth = newest(services[s], 1000);
        bj_client *client = make_client(services[s], QUICK, NULL);
        check_context("%s", services[s]);
        set_busy(services[s], 1000, -1, 0);
        ids[1000] = ids[999], ids[1001] = "no-such-job";
        calm();
        int64_t began = now_ms();
        wait_for(client, 1002, NULL);
        CHECK(now_ms() - began <= patience(30000));
        CHECK_INT(ends.jobs_done, 1001);
        CHECK_INT(ends.status[1001], BJ_E_NOT_FOUND);
        CHECK_INT(request_count_of(services[s], "list"), s == 0 ? 11 : 0); /* one in vain */
        CHECK_INT(request_count_of(services[s], "get"), s == 0 ? 1 : 1001);
        set_busy(services[s], 0, 0, 0);
        bj_client_destroy(client);
        json_decref(truth);
    }
}

/* What is wrong with one job is not wrong with the others. */
static void each_failure_is_its_own(void) {
    static const struct { const char *members; int times; bj_status wanted; } rows[] = {
        {"{\"fault\": \"status\", \"status\": 500}", -1, BJ_E_SERVER},
        {"{\"fault\": \"status\", \"status\": 404}", -1, BJ_E_NOT_FOUND},
        {"{\"fault\": \"status\", \"status\": 403}", -1, BJ_E_FORBIDDEN},
        {"{\"fault\": \"status\", \"status\": 410}", -1, BJ_E_GONE},
        {"{\"fault\": \"html\"}", -1, BJ_E_PROTOCOL},
        {"{\"fault\": \"body\", \"body\": \"{}\"}", -1, BJ_E_PROTOCOL},
        {"{\"fault\": \"reset\"}", -1, BJ_E_TRANSPORT},
        {"{\"fault\": \"cut\", \"bytes\": 250}", -1, BJ_E_TRANSPORT},
        {"{\"fault\": \"reset\"}", 3, BJ_OK},
        {"{\"fault\": \"status\", \"status\": 503, \"retry_in\": 0}", 5, BJ_OK},
    };
    enum { ROWS = sizeof rows / sizeof *rows };
    for (size_t s = 0; SERVICES[s] != NULL; s++) {
        json_t *truth = newest(SERVICES[s], 40);
        bj_client *client = make_client(SERVICES[s], QUICK, "poll_max_ms", "50", "max_attempts", "1", NULL);
        calm();
        set_busy(SERVICES[s], 40, -1, 0);
        /* The list is of no use, so each is asked for by itself. */
        if (strcmp(SERVICES[s], "veryfront") != 0) plant(SERVICES[s], "list", -1, 0, "{\"fault\": \"status\", \"status\": 403}");
        for (size_t i = 0; i < ROWS; i++) plant_at(SERVICES[s], ids[i * 3], rows[i].times, rows[i].members);
        check_context("%s", SERVICES[s]);
        wait_for(client, 40, NULL);
        for (size_t i = 0; i < 40; i++) {
            check_context("%s %zu: %s", SERVICES[s], i, i % 3 == 0 && i / 3 < ROWS ? rows[i / 3].members : "");
            CHECK_INT(ends.status[i], i % 3 == 0 && i / 3 < ROWS ? rows[i / 3].wanted : BJ_OK);
        }
        CHECK_INT(request_count_of(SERVICES[s], "list"), strcmp(SERVICES[s], "veryfront") != 0);
        set_busy(SERVICES[s], 0, 0, 0);
        bj_client_destroy(client);
        json_decref(truth);
    }
    calm();
}

/* Time is up for those that are not done, whatever is under way then. */
static void time_is_up(void) {
    static const char *const hangs[] = {NULL, "list", "get"};
    for (size_t i = 0; i < 3; i++) {
        json_t *truth = newest("crustdata", 30);
        bj_client *client = make_client("crustdata", QUICK, "wait_timeout_ms", "800", NULL);
        check_context("%s hangs", hangs[i] != NULL ? hangs[i] : "nothing");
        calm();
        set_busy("crustdata", 30, -1, 0);
        ids[10] = "no-such-job";
        if (hangs[i] == NULL) set_busy("crustdata", 30, 1000, -50);
        if (hangs[i] != NULL) plant("crustdata", hangs[i], -1, 0, "{\"fault\": \"stall\", \"seconds\": 20}");
        int64_t began = now_ms();
        wait_for(client, 30, NULL);
        int64_t took = now_ms() - began;
        CHECK(took >= 800 && took <= 800 + patience(500));
        for (size_t place = 0; place < 30; place++) {
            bj_status wanted = i == 1 || (i == 0 && place < 20) ? BJ_E_TIMEOUT : BJ_OK;
            if (place == 10) wanted = i == 0 ? BJ_E_NOT_FOUND : BJ_E_TIMEOUT;
            CHECK_INT(ends.status[place], wanted);
            CHECK_TEXT(ends.option[place], wanted == BJ_E_TIMEOUT ? "wait_timeout_ms" : "");
        }
        set_busy("crustdata", 0, 0, 0);
        bj_client_destroy(client);
        json_decref(truth);
    }
    calm();
}

/* A list that fails is got around; a service that is not there costs few requests. */
static void what_concerns_all(void) {
    static const struct { const char *operation, *members; bj_status wanted; size_t most; } rows[] = {
        {"list", "{\"fault\": \"status\", \"status\": 503}", BJ_OK, 40},
        {"list", "{\"fault\": \"status\", \"status\": 429, \"headers\": {\"Retry-After\": \"0\"}}", BJ_OK, 40},
        {"list", "{\"fault\": \"status\", \"status\": 503, \"headers\": {\"Retry-After\": \"900\"}}", BJ_OK, 40},
        {"list", "{\"fault\": \"html\"}", BJ_OK, 40},
        {"list", "{\"fault\": \"same_cursor\"}", BJ_OK, 40},
        {"list", "{\"fault\": \"empty_page\"}", BJ_OK, 40},
        {"list", "{\"fault\": \"body\", \"body\": \"{\\\"jobs\\\": [{\\\"batch_id\\\": 5}]}\"}", BJ_OK, 40},
        {"any", "{\"fault\": \"reset\"}", BJ_E_TRANSPORT, 6 * 24},
        {"any", "{\"fault\": \"status\", \"status\": 500}", BJ_E_SERVER, 6 * 24},
        {"any", "{\"fault\": \"status\", \"status\": 401}", BJ_E_UNAUTHENTICATED, 1},
        {"any", "{\"fault\": \"status\", \"status\": 429, \"headers\": {\"Retry-After\": \"900\"}}", BJ_E_RATE_LIMITED, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        json_t *truth = newest("crustdata", 30);
        bj_client *client = make_client("crustdata", QUICK, "max_attempts", "1", NULL);
        check_context("%s %s", rows[i].operation, rows[i].members);
        calm();
        set_busy("crustdata", 30, -1, 0);
        plant("crustdata", rows[i].operation, -1, 0, rows[i].members);
        int64_t began = now_ms();
        wait_for(client, 30, NULL);
        int64_t took = now_ms() - began;
        if (!CHECK(took <= patience(10000))) fprintf(stderr, "    %ld ms\n", (long)took);
        for (size_t place = 0; place < 30; place++) CHECK_INT(ends.status[place], rows[i].wanted);
        if (!CHECK(request_count() <= rows[i].most))
            fprintf(stderr, "    %zu requests\n", request_count());
        set_busy("crustdata", 0, 0, 0);
        bj_client_destroy(client);
        json_decref(truth);
    }
    calm();
}

/* A token that dies while many are waited for is refreshed. */
static const char *service;

static int32_t give(bj_token *sink, void *payload) {
    ++*(int *)payload;
    bj_token_set(sink, service_key(service), strlen(service_key(service)));
    return 0;
}

static void tokens(void) {
    json_t *truth = newest("reach", 30);
    bj_client *client = make_client("reach", QUICK, "api_key", "dead", NULL);
    int calls = 0;
    service = "reach";
    bj_client_set_token_provider(client, give, &calls);
    calm();
    set_busy("reach", 30, -1, 0);
    ids[10] = "no such one";
    plant("reach", "list", 1, 1, "{\"fault\": \"status\", \"status\": 503}");
    wait_for(client, 30, NULL);
    CHECK_INT(ends.jobs_done, 29);
    CHECK_INT(calls, 1);
    set_busy("reach", 0, 0, 0);
    bj_client_destroy(client);
    json_decref(truth);
}

/* Requests on the wire with a token that is refused are sent again with the fresh one; where that has died
 * too by then, the provider is asked again. */
static void tokens_in_turn(void) {
    json_t *truth = newest("veryfront", 16);
    bj_client *client = make_client("veryfront", QUICK, NULL);
    int calls = 0;
    service = "veryfront";
    bj_client_set_token_provider(client, give, &calls);
    calm();
    set_busy("veryfront", 16, -1, 0);
    for (size_t i = 0; i < 8; i++) plant_at("veryfront", ids[i], i == 1 ? 2 : 1, "{\"fault\": \"status\", \"status\": 401}");
    wait_for(client, 16, NULL);
    CHECK_INT(ends.jobs_done, 16);
    CHECK_INT(calls, 2);
    set_busy("veryfront", 0, 0, 0);
    bj_client_destroy(client);
    json_decref(truth);
}

/* Ended from another thread: asleep between rounds, in a list page and in a job's request. */
struct ender {
    bj_cancel *cancel;
    int64_t fired_at;
};

static void *fire_later(void *payload) {
    struct ender *ender = payload;
    sleep_ms(patience(300));
    ender->fired_at = now_ms();
    bj_cancel_fire(ender->cancel);
    return NULL;
}

static void cancelled(void) {
    static const char *const places[] = {"asleep", "list", "get"};
    json_t *truth = newest("crustdata", 30);
    set_busy("crustdata", 30, 1000, 0);
    for (size_t i = 0; i < 3; i++) {
        bj_client *client = make_client("crustdata", "poll_min_ms", "60000", NULL);
        struct ender ender = {NULL, 0};
        bj_waits *waits;
        const bj_event *event;
        bj_error *error;
        bj_status status;
        pthread_t thread;
        check_context("%s", places[i]);
        calm();
        if (i > 0) plant("crustdata", "any", -1, 0, "{\"fault\": \"stall\", \"seconds\": 20}");
        CHECK_INT(bj_cancel_new(&ender.cancel, NULL), BJ_OK);
        CHECK_INT(bj_waits_open(&waits, client, ids, i == 2 ? 2 : 30, NULL, ender.cancel, NULL), BJ_OK);
        pthread_create(&thread, NULL, fire_later, &ender);
        while ((status = bj_waits_next(&event, waits, &error)) == BJ_OK) continue;
        int64_t ended = now_ms();
        pthread_join(thread, NULL);
        CHECK(event == NULL);
        EXPECT_ERROR(status, BJ_E_CANCELLED, error);
        CHECK(ended >= ender.fired_at && ended - ender.fired_at <= patience(500));
        EXPECT_ERROR(bj_waits_next(&event, waits, &error), BJ_E_CANCELLED, error);
        bj_waits_destroy(waits);
        calm();
        bj_job *job;
        CHECK_INT(bj_client_get(&job, client, ids[0], NULL, NULL, NULL), BJ_OK); /* the client is as good as new */
        bj_job_destroy(job);
        bj_cancel_destroy(ender.cancel);
        bj_client_destroy(client);
    }
    set_busy("crustdata", 0, 0, 0);
    json_decref(truth);
}

/* One thread at a time. */
struct second {
    bj_waits *waits;
    bj_status status;
};

static void *enter_too(void *payload) {
    struct second *second = payload;
    const bj_event *event;
    sleep_ms(150);
    second->status = bj_waits_next(&event, second->waits, NULL);
    return NULL;
}

static void entered_twice(void) {
    bj_client *client = make_client("crustdata", QUICK, "wait_timeout_ms", "800", NULL);
    struct second second = {NULL, BJ_OK};
    pthread_t thread;
    const bj_event *event;
    ids[0] = sample("crustdata", "stuck_running");
    calm();
    CHECK_INT(bj_waits_open(&second.waits, client, ids, 1, NULL, NULL, NULL), BJ_OK);
    CHECK_INT(bj_waits_next(&event, second.waits, NULL), BJ_OK); /* the first look */
    pthread_create(&thread, NULL, enter_too, &second);
    CHECK_INT(bj_waits_next(&event, second.waits, NULL), BJ_OK);
    CHECK_INT(bj_error_status(bj_event_error(event)), BJ_E_TIMEOUT);
    pthread_join(thread, NULL);
    CHECK_INT(second.status, BJ_E_BUSY);
    bj_waits_destroy(second.waits);
    bj_client_destroy(client);
}

/* What a caller's pause lets through comes with the next call, and the pause costs nothing. */
static void a_pause(void) {
    json_t *truth = newest("spidra", 20);
    bj_client *client = make_client("spidra", QUICK, "timeout_ms", "1000", NULL);
    bj_waits *waits;
    const bj_event *event;
    size_t finals = 0;
    calm();
    set_busy("spidra", 20, 50, 0);
    CHECK_INT(bj_waits_open(&waits, client, ids, 20, NULL, NULL, NULL), BJ_OK);
    CHECK_INT(bj_waits_next(&event, waits, NULL), BJ_OK);
    CHECK_INT(bj_event_is_final(event), 0);
    advance_clock(100);
    sleep_ms(1500); /* longer than timeout_ms, however slow the machine is */
    while (bj_waits_next(&event, waits, NULL) == BJ_OK) {
        CHECK(bj_event_error(event) == NULL);
        finals += bj_event_is_final(event) == 1;
    }
    CHECK_INT(finals, 20);
    CHECK(request_count() <= 4);
    bj_waits_destroy(waits);
    /* Given back in the middle, with requests under way. */
    plant("spidra", "list", -1, 0, "{\"fault\": \"status\", \"status\": 403}");
    CHECK_INT(bj_waits_open(&waits, client, ids, 20, NULL, NULL, NULL), BJ_OK);
    CHECK_INT(bj_waits_next(&event, waits, NULL), BJ_OK);
    bj_waits_destroy(waits);
    calm();
    set_busy("spidra", 0, 0, 0);
    bj_client_destroy(client);
    json_decref(truth);
}

/* A service that failed is left alone for a while; answers that came before tell nothing of now. */
static void nothing_stale(void) {
    json_t *truth = newest("veryfront", 16);
    bj_client *client = make_client("veryfront", QUICK, "max_attempts", "1", NULL);
    calm();
    set_busy("veryfront", 16, 900, 0);
    for (size_t i = 0; i < 8; i++)
        plant_at("veryfront", ids[i], 1, "{\"fault\": \"status\", \"status\": 503, \"headers\": {\"Retry-After\": \"1\"}}");
    int64_t when = now_ms() + 500;
    bj_client_set_interrupt(client, end_jobs, &when);
    wait_for(client, 16, NULL);
    CHECK_INT(ends.jobs_done, 16);
    for (size_t i = 0; i < 16; i++) CHECK_INT(ends.progress[i], 0);
    set_busy("veryfront", 0, 0, 0);
    bj_client_destroy(client);
    json_decref(truth);
}

/* In a forked child the iterator is of no use, asleep or not, and the parent goes on. */
static void forked(void) {
    bj_client *client = make_client("crustdata", "poll_min_ms", "500", "wait_timeout_ms", "1200", NULL);
    bj_waits *waits;
    const bj_event *event;
    int how = -1;
    ids[0] = sample("crustdata", "stuck_running");
    calm();
    CHECK_INT(bj_waits_open(&waits, client, ids, 1, NULL, NULL, NULL), BJ_OK);
    CHECK_INT(bj_waits_next(&event, waits, NULL), BJ_OK);
    fflush(stdout);
    fflush(stderr);
    pid_t child = fork();
    if (child == 0) {
        int64_t began = now_ms();
        int wrong = bj_waits_next(&event, waits, NULL) != BJ_E_STATE;
        wrong |= now_ms() - began > patience(500);
        bj_waits_destroy(waits);
        bj_client_destroy(client);
        /* exec leaves nothing for a leak checker to blame on what libcurl holds in a child. */
        execl("/bin/sh", "sh", "-c", wrong ? "exit 1" : "exit 0", (char *)NULL);
        _exit(98);
    }
    CHECK(waitpid(child, &how, 0) == child);
    CHECK(WIFEXITED(how));
    CHECK_INT(WEXITSTATUS(how), 0);
    CHECK_INT(bj_waits_next(&event, waits, NULL), BJ_OK);
    CHECK_INT(bj_error_status(bj_event_error(event)), BJ_E_TIMEOUT);
    bj_waits_destroy(waits);
    bj_client_destroy(client);
}

int main(void) {
    RUN(opening);
    RUN(ids_of_all_kinds);
    RUN(five_hundred);
    RUN(a_thousand);
    RUN(each_failure_is_its_own);
    RUN(time_is_up);
    RUN(what_concerns_all);
    RUN(tokens);
    RUN(tokens_in_turn);
    RUN(cancelled);
    RUN(entered_twice);
    RUN(a_pause);
    RUN(nothing_stale);
    RUN(forked);
    return check_report("waits");
}
