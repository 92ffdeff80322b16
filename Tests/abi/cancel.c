/* Section "Cancel", bj_client_cancel and the interrupt: every blocking call ends soon, and BJ_E_BUSY. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "peers.h"
#include "support.h"

/* The blocking calls, each as a function of client and cancel. */
typedef bj_status (*blocking)(bj_client *, bj_cancel *, bj_error **);

static int32_t take_page(const bj_page *page, void *payload) {
    (void)page, (void)payload;
    return 0;
}

static int32_t take_record(const bj_record *record, void *payload) {
    (void)record, (void)payload;
    return 0;
}

static bj_status call_list(bj_client *client, bj_cancel *cancel, bj_error **error) {
    return bj_client_list(client, NULL, cancel, take_page, NULL, error);
}

static bj_status call_pages(bj_client *client, bj_cancel *cancel, bj_error **error) {
    bj_pages *pages;
    const bj_page *page;
    bj_status status = bj_pages_open(&pages, client, NULL, cancel, error);
    if (status < 0) return status;
    do {
        bj_error_destroy(*error);
        status = bj_pages_next(&page, pages, error);
    } while (status == BJ_OK);
    bj_pages_destroy(pages);
    return status;
}

static bj_status call_get(bj_client *client, bj_cancel *cancel, bj_error **error) {
    bj_job *job;
    bj_status status = bj_client_get(&job, client, sample("crustdata", "large"), NULL, cancel, error);
    CHECK((job == NULL) == (status < 0));
    bj_job_destroy(job);
    return status;
}

static bj_status call_results(bj_client *client, bj_cancel *cancel, bj_error **error) {
    return bj_client_results(client, sample("crustdata", "large"), NULL, cancel, take_record, NULL, error);
}

static bj_status call_records(bj_client *client, bj_cancel *cancel, bj_error **error) {
    bj_results *results;
    const bj_record *record;
    bj_status status = bj_results_open(&results, client, sample("crustdata", "large"), NULL, cancel, error);
    CHECK((results == NULL) == (status < 0));
    if (status < 0) return status;
    while ((status = bj_results_next(&record, results, error)) == BJ_OK) {}
    bj_results_destroy(results);
    return status;
}

static const struct {
    const char *name;
    blocking call;
    const char *service, *operation; /* what to hold up for the call to block */
} CALLS[] = {
    {"list", call_list, "crustdata", "list"},          {"pages", call_pages, "crustdata", "list"},
    {"get", call_get, "crustdata", "get"},             {"results, job", call_results, "crustdata", "get"},
    {"results, file", call_results, "storage", "results"}, {"records, job", call_records, "crustdata", "get"},
    {"records, file", call_records, "storage", "results"},
};
enum { CALL_COUNT = sizeof CALLS / sizeof *CALLS };

static void fired_before(void) {
    bj_client *client = make_client("crustdata", NULL, NULL);
    bj_cancel *cancel;
    CHECK_INT(bj_cancel_new(&cancel, NULL), BJ_OK);
    bj_cancel_fire(cancel);
    bj_cancel_fire(cancel); /* more than once is once */
    calm();
    for (size_t i = 0; i < CALL_COUNT; i++) {
        bj_error *error = NULL;
        check_context("%s", CALLS[i].name);
        bj_status status = CALLS[i].call(client, cancel, &error);
        EXPECT_ERROR(status, BJ_E_CANCELLED, error);
    }
    CHECK_INT(request_count(), 0);
    /* Other calls of the client are not touched. */
    bj_error *error;
    CHECK_INT(call_get(client, NULL, &error), BJ_OK);
    bj_cancel_destroy(cancel);
    bj_client_destroy(client);
}

/* What ends a call from another thread, after a while. */
struct ender {
    int64_t after, fired_at;
    bj_cancel *cancel;
    bj_client *client;
};

static void *end_later(void *payload) {
    struct ender *ender = payload;
    sleep_ms(ender->after);
    ender->fired_at = now_ms();
    if (ender->cancel != NULL) bj_cancel_fire(ender->cancel);
    if (ender->client != NULL) bj_client_cancel(ender->client);
    return NULL;
}

/* How the held-up answer is held: before its first byte, or in the middle. */
static void hold(const char *service, const char *operation, int bytes) {
    calm();
    fault("{ss ss ss si si sf}", "service", service, "operation", operation, "fault", "stall", "times", -1, "bytes",
          bytes, "seconds", 20.0);
}

static void ended_from_outside(int whole_client) {
    for (size_t i = 0; i < CALL_COUNT; i++) {
        for (int bytes = 0; bytes <= 400; bytes += 400) {
            bj_client *client = make_client("crustdata", NULL, NULL);
            bj_cancel *cancel;
            bj_error *error = NULL;
            pthread_t thread;
            check_context("%s, %d bytes in", CALLS[i].name, bytes);
            bj_cancel_new(&cancel, NULL);
            hold(CALLS[i].service, CALLS[i].operation, bytes);
            struct ender ender = {patience(50), 0, whole_client ? NULL : cancel, whole_client ? client : NULL};
            pthread_create(&thread, NULL, end_later, &ender);
            bj_status status = CALLS[i].call(client, cancel, &error);
            int64_t ended = now_ms();
            pthread_join(thread, NULL);
            EXPECT_ERROR(status, BJ_E_CANCELLED, error);
            CHECK(ended - ender.fired_at <= patience(500));
            /* The client can be used again; with the fired cancel it cannot. */
            calm();
            bj_job *job;
            bj_status again = bj_client_get(&job, client, sample("crustdata", "failed"), NULL,
                                            whole_client ? cancel : NULL, NULL);
            CHECK_INT(again, BJ_OK);
            bj_job_destroy(job);
            bj_cancel_destroy(cancel);
            bj_client_destroy(client);
        }
    }
}

static void fired_from_another_thread(void) { ended_from_outside(0); }
static void client_cancelled(void) { ended_from_outside(1); }

/* From a signal handler, which may interrupt the very call. */
static bj_cancel *volatile of_handler;

static void on_alarm(int number) {
    (void)number;
    bj_cancel_fire(of_handler);
}

static void fired_from_a_signal_handler(void) {
    bj_client *client = make_client("crustdata", NULL, NULL);
    bj_cancel *cancel;
    bj_error *error = NULL;
    struct sigaction action, before;
    struct itimerval timer = {{0, 0}, {0, 50000}};
    memset(&action, 0, sizeof action);
    action.sa_handler = on_alarm;
    bj_cancel_new(&cancel, NULL);
    of_handler = cancel;
    sigaction(SIGALRM, &action, &before);
    hold("crustdata", "get", 0);
    int64_t began = now_ms();
    setitimer(ITIMER_REAL, &timer, NULL);
    bj_status status = call_get(client, cancel, &error);
    CHECK(now_ms() - began <= patience(500) + 50);
    EXPECT_ERROR(status, BJ_E_CANCELLED, error);
    sigaction(SIGALRM, &before, NULL);
    bj_cancel_destroy(cancel);
    bj_client_destroy(client);
    calm();
}

/* An iterator keeps what it needs of a cancel that was given back. */
static void cancel_goes_first(void) {
    bj_client *client = make_client("crustdata", "page_size", "10", NULL);
    bj_cancel *cancel, *other;
    bj_pages *pages, *fired;
    const bj_page *page;
    bj_error *error;
    bj_cancel_new(&cancel, NULL);
    bj_cancel_new(&other, NULL);
    CHECK_INT(bj_pages_open(&pages, client, NULL, cancel, NULL), BJ_OK);
    CHECK_INT(bj_pages_open(&fired, client, NULL, other, NULL), BJ_OK);
    bj_cancel_fire(other);
    bj_cancel_destroy(cancel);
    bj_cancel_destroy(other);
    CHECK_INT(bj_pages_next(&page, pages, NULL), BJ_OK);
    bj_status status = bj_pages_next(&page, fired, &error);
    CHECK(page == NULL);
    EXPECT_ERROR(status, BJ_E_CANCELLED, error);
    bj_pages_destroy(pages);
    bj_pages_destroy(fired);
    bj_client_destroy(client);
}

/* Firing between two calls of an iterator ends the next one, and it stays so. */
static void fired_between(void) {
    bj_client *client = make_client("crustdata", "page_size", "10", NULL);
    bj_cancel *cancel;
    bj_pages *pages;
    bj_results *results;
    const bj_page *page;
    const bj_record *record;
    bj_error *error;
    bj_cancel_new(&cancel, NULL);
    CHECK_INT(bj_pages_open(&pages, client, NULL, cancel, NULL), BJ_OK);
    CHECK_INT(bj_results_open(&results, client, sample("crustdata", "large"), NULL, cancel, NULL), BJ_OK);
    CHECK_INT(bj_pages_next(&page, pages, NULL), BJ_OK);
    CHECK_INT(bj_results_next(&record, results, NULL), BJ_OK);
    bj_cancel_fire(cancel);
    for (int i = 0; i < 2; i++) {
        bj_status status = bj_pages_next(&page, pages, &error);
        EXPECT_ERROR(status, BJ_E_CANCELLED, error);
    }
    bj_status status = bj_results_next(&record, results, &error);
    CHECK(record == NULL);
    EXPECT_ERROR(status, BJ_E_CANCELLED, error);
    bj_results_destroy(results);
    bj_pages_destroy(pages);
    bj_cancel_destroy(cancel);
    bj_client_destroy(client);
}

/* The interrupt: often enough, on the calling thread, and it ends that call only. */
struct interrupt {
    pthread_t thread;
    int calls, wrong_thread, end_at;
    int64_t last, longest;
};

static int32_t interrupted(void *payload) {
    struct interrupt *interrupt = payload;
    int64_t now = now_ms();
    interrupt->wrong_thread += !pthread_equal(interrupt->thread, pthread_self());
    if (now - interrupt->last > interrupt->longest) interrupt->longest = now - interrupt->last;
    interrupt->last = now;
    return ++interrupt->calls == interrupt->end_at;
}

static void interrupts(void) {
    for (size_t i = 0; i < CALL_COUNT; i++) {
        bj_client *client = make_client("crustdata", NULL, NULL);
        struct interrupt interrupt = {pthread_self(), 0, 0, 8, now_ms(), 0};
        bj_error *error = NULL;
        check_context("%s", CALLS[i].name);
        hold(CALLS[i].service, CALLS[i].operation, 0);
        interrupt.last = now_ms();
        bj_client_set_interrupt(client, interrupted, &interrupt);
        bj_status status = CALLS[i].call(client, NULL, &error);
        EXPECT_ERROR(status, BJ_E_CANCELLED, error);
        CHECK_INT(interrupt.calls, 8);
        CHECK_INT(interrupt.wrong_thread, 0);
        CHECK(interrupt.longest <= patience(500)); /* five times the goal */
        calm();
        /* Not nonzero any more: the next call lives. */
        CHECK_INT(call_get(client, NULL, &error), BJ_OK);
        int calls = interrupt.calls;
        bj_client_set_interrupt(client, NULL, NULL);
        CHECK_INT(call_get(client, NULL, &error), BJ_OK);
        CHECK_INT(interrupt.calls, calls);
        bj_client_destroy(client);
    }
}

/* An iterator entered again while it is at work: from the interrupt, on the same thread. */
struct again {
    bj_pages *pages;
    bj_results *results;
    int asked;
};

static int32_t enter_again(void *payload) {
    struct again *again = payload;
    bj_error *error;
    if (again->asked > 3) return 0;
    if (again->pages != NULL) {
        const bj_page *page = (const bj_page *)1;
        bj_status status = bj_pages_next(&page, again->pages, &error);
        CHECK(page == NULL);
        EXPECT_ERROR(status, BJ_E_BUSY, error);
        again->asked++;
    }
    if (again->results != NULL) {
        const bj_record *record = (const bj_record *)1;
        bj_status status = bj_results_next(&record, again->results, &error);
        CHECK(record == NULL);
        EXPECT_ERROR(status, BJ_E_BUSY, error);
        again->asked++;
    }
    return 0;
}

static void busy_by_reentry(void) {
    bj_client *client = make_client("crustdata", NULL, NULL);
    struct again again = {NULL, NULL, 0};
    const bj_page *page;
    const bj_record *record;
    bj_pages *pages;
    bj_results *results;
    calm();
    bj_pages_open(&pages, client, NULL, NULL, NULL);
    bj_results_open(&results, client, sample("crustdata", "large"), NULL, NULL, NULL);
    fault("{ss ss si sf}", "service", "any", "fault", "delay", "times", -1, "seconds", 0.4);
    bj_client_set_interrupt(client, enter_again, &again);
    again.pages = pages;
    check_context("%s", "pages");
    CHECK_INT(bj_pages_next(&page, pages, NULL), BJ_OK);
    CHECK(again.asked > 0);
    CHECK(bj_page_count(page) > 0);
    again.pages = NULL;
    again.asked = 0;
    again.results = results;
    check_context("%s", "results");
    CHECK_INT(bj_results_next(&record, results, NULL), BJ_OK);
    CHECK(again.asked > 0);
    CHECK(bj_record_data(record, NULL) != NULL);
    bj_pages_destroy(pages);
    bj_results_destroy(results);
    bj_client_destroy(client);
    calm();
}

/* And from a second thread. */
static void *next_page(void *payload) {
    const bj_page *page;
    *(bj_status *)((void **)payload)[1] = bj_pages_next(&page, ((void **)payload)[0], NULL);
    return NULL;
}

static void busy_from_another_thread(void) {
    bj_client *client = make_client("crustdata", NULL, NULL);
    bj_pages *pages;
    const bj_page *page;
    bj_error *error;
    bj_status other = BJ_END;
    pthread_t thread;
    calm();
    fault("{ss ss si sf}", "service", "any", "fault", "delay", "times", -1, "seconds", (double)patience(500) / 1000);
    bj_pages_open(&pages, client, NULL, NULL, NULL);
    void *payload[2] = {pages, &other};
    pthread_create(&thread, NULL, next_page, payload);
    sleep_ms(patience(200));
    bj_status status = bj_pages_next(&page, pages, &error);
    EXPECT_ERROR(status, BJ_E_BUSY, error);
    pthread_join(thread, NULL);
    CHECK_INT(other, BJ_OK);
    bj_pages_destroy(pages);
    bj_client_destroy(client);
    calm();
}

/* Where a call can be when it is told to end, beyond an answer that hangs. */

/* libcurl finds this one in place of libc's. It is slow for one name while it is told to be. */
static atomic_int lookup_is_slow, lookups_inside;

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **result) {
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    if (node == NULL || strcmp(node, "slow.test") != 0) return real(node, service, hints, result);
    atomic_fetch_add(&lookups_inside, 1);
    for (int i = 0; i < 500 && atomic_load(&lookup_is_slow); i++) sleep_ms(10);
    int answer = real("127.0.0.1", service, hints, result);
    atomic_fetch_sub(&lookups_inside, 1);
    return answer;
}

/* A place is set up, gives a client that hangs there, and is put right again. */
static struct peer peer;

static bj_client *hang_in_lookup(void) {
    char url[100];
    snprintf(url, sizeof url, "http://slow.test%s", strrchr(fact("crustdata"), ':'));
    atomic_store(&lookup_is_slow, 1);
    return make_client("crustdata", "base_url", url, "allow_http", "true", "prefetch", "0", NULL);
}

static void mend_lookup(bj_client *client) {
    atomic_store(&lookup_is_slow, 0);
    /* The lookup that was given up has a thread of libcurl's, which must not outlive the test. */
    while (atomic_load(&lookups_inside) > 0) sleep_ms(5);
    CHECK_INT(call_list(client, NULL, NULL), BJ_OK);
}

static bj_client *hang_in_connect(void) {
    peer_full(&peer);
    return make_client("crustdata", "base_url", peer_url(&peer, "http"), "max_attempts", "1", NULL);
}

static bj_client *hang_in_handshake(void) {
    peer_silent(&peer);
    return make_client("crustdata", "base_url", peer_url(&peer, "https"), "max_attempts", "1", NULL);
}

static void mend_peer(bj_client *client) {
    bj_error *error = NULL;
    peer_close(&peer);
    EXPECT_ERROR(call_get(client, NULL, &error), BJ_E_CONNECT, error);
}

static bj_client *hang_in_sleep(void) {
    calm();
    plant("crustdata", "any", -1, 0, "{\"fault\": \"status\", \"status\": 503, \"headers\": {\"Retry-After\": \"20\"}}");
    return make_client("crustdata", NULL, NULL);
}

static bj_client *hang_in_jitter(void) {
    calm();
    /* Waits nobody asked for: so short each, on average, that the cancel meets the third or so. */
    plant("crustdata", "any", -1, 0, "{\"fault\": \"reset\"}");
    return make_client("crustdata", "max_attempts", "10", NULL);
}

static bj_client *hang_in_body(void) {
    calm();
    plant("any", "any", -1, 0, "{\"fault\": \"slow\", \"rate\": 600}");
    return make_client("crustdata", NULL, NULL);
}

static void mend_service(bj_client *client) {
    calm();
    CHECK_INT(call_get(client, NULL, NULL), BJ_OK);
}

static const struct {
    const char *name;
    bj_client *(*hang)(void);
    void (*mend)(bj_client *);
} PLACES[] = {
    {"name lookup", hang_in_lookup, mend_lookup}, {"connect", hang_in_connect, mend_peer},
    {"TLS handshake", hang_in_handshake, mend_peer}, {"asked wait", hang_in_sleep, mend_service},
    {"own wait", hang_in_jitter, mend_service}, {"slow body", hang_in_body, mend_service},
};
enum { PLACE_COUNT = sizeof PLACES / sizeof *PLACES };

struct at_time {
    int64_t at, fired_at;
};

static int32_t interrupt_at(void *payload) {
    struct at_time *when = payload;
    if (now_ms() < when->at || when->fired_at != 0) return 0;
    when->fired_at = now_ms();
    return 1;
}

/* By a bj_cancel, by bj_client_cancel and by the interrupt, at each place, for each kind of call. */
static void at_every_place(void) {
    static const char *const ways[] = {"bj_cancel", "bj_client_cancel", "interrupt"};
    static const blocking calls[] = {call_get, call_list, call_records};
    for (size_t p = 0; p < PLACE_COUNT; p++) {
        for (size_t way = 0; way < 3; way++) {
            for (size_t c = 0; c < 3; c++) {
                check_context("%s, %s, call %zu", PLACES[p].name, ways[way], c);
                bj_client *client = PLACES[p].hang();
                bj_cancel *cancel;
                bj_error *error = NULL;
                pthread_t thread;
                bj_cancel_new(&cancel, NULL);
                struct ender ender = {patience(60), 0, way == 0 ? cancel : NULL, way == 1 ? client : NULL};
                struct at_time when = {now_ms() + patience(60), 0};
                if (way == 2) bj_client_set_interrupt(client, interrupt_at, &when);
                else pthread_create(&thread, NULL, end_later, &ender);
                bj_status status = calls[c](client, cancel, &error);
                int64_t ended = now_ms();
                if (way != 2) pthread_join(thread, NULL);
                EXPECT_ERROR(status, BJ_E_CANCELLED, error);
                CHECK(ended - (way == 2 ? when.fired_at : ender.fired_at) <= patience(500));
                PLACES[p].mend(client);
                bj_client_destroy(client);
                bj_cancel_destroy(cancel);
            }
        }
    }
    calm();
}

/* From inside a callback: the list or the stream ends with the next step, and asks no more. */
struct inside {
    bj_cancel *cancel;
    bj_client *client;
    int calls;
};

static int32_t fire_inside_page(const bj_page *page, void *payload) {
    struct inside *inside = payload;
    inside->calls += bj_page_count(page) > 0;
    if (inside->cancel != NULL) bj_cancel_fire(inside->cancel);
    else bj_client_cancel(inside->client);
    return 0;
}

static int32_t fire_inside_record(const bj_record *record, void *payload) {
    struct inside *inside = payload;
    inside->calls += bj_record_data(record, NULL) != NULL;
    if (inside->cancel != NULL) bj_cancel_fire(inside->cancel);
    else bj_client_cancel(inside->client);
    return 0;
}

static void from_inside_a_callback(void) {
    bj_client *client = make_client("crustdata", "page_size", "20", "prefetch", "0", "parallel_parts", "1", NULL);
    bj_cancel *cancel;
    bj_error *error;
    calm();
    bj_cancel_new(&cancel, NULL);
    struct inside inside = {cancel, client, 0};
    bj_status status = bj_client_list(client, NULL, cancel, fire_inside_page, &inside, &error);
    EXPECT_ERROR(status, BJ_E_CANCELLED, error);
    CHECK_INT(inside.calls, 1);
    CHECK_INT(request_count(), 1);
    bj_cancel_destroy(cancel);

    bj_cancel_new(&cancel, NULL);
    inside = (struct inside){cancel, client, 0};
    status = bj_client_results(client, sample("crustdata", "large"), NULL, cancel, fire_inside_record, &inside, &error);
    EXPECT_ERROR(status, BJ_E_CANCELLED, error);
    CHECK_INT(inside.calls, 1);
    CHECK(request_count_of("storage", "any") <= 1);
    bj_cancel_destroy(cancel);

    /* bj_client_cancel ends what is in progress; the callback stands between two steps of its call. */
    inside = (struct inside){NULL, client, 0};
    status = bj_client_list(client, NULL, NULL, fire_inside_page, &inside, &error);
    if (CHECK_INT(status, BJ_E_CANCELLED)) EXPECT_ERROR(status, BJ_E_CANCELLED, error);
    CHECK_INT(inside.calls, 1);
    inside = (struct inside){NULL, client, 0};
    status = bj_client_results(client, sample("crustdata", "large"), NULL, NULL, fire_inside_record, &inside, &error);
    if (CHECK_INT(status, BJ_E_CANCELLED)) EXPECT_ERROR(status, BJ_E_CANCELLED, error);
    CHECK_INT(inside.calls, 1);
    CHECK_INT(call_get(client, NULL, &error), BJ_OK);
    bj_client_destroy(client);
}

/* An iterator that was ended by the client or the interrupt: pages go on, with the same page; a stream of records
 * has ended. */
static void iterators_afterwards(void) {
    for (int ahead = 0; ahead < 2; ahead++) {
        for (int way = 0; way < 2; way++) {
            for (size_t s = 0; LISTING[s] != NULL; s++) {
                /* Of two numbered pages under way at once, either may be the one that stalls. */
                if (ahead && strcmp(LISTING[s], "spidra") == 0) continue;
                bj_client *client = make_client(LISTING[s], "page_size", "50", "prefetch", ahead ? "1" : "0", NULL);
                json_t *truth = truth_jobs(LISTING[s]);
                bj_pages *pages;
                const bj_page *page;
                bj_error *error = NULL;
                bj_status status;
                size_t jobs = 0;
                int cancelled = 0;
                check_context("%s, %s, prefetch %d", LISTING[s], way ? "interrupt" : "bj_client_cancel", ahead);
                calm();
                plant(LISTING[s], "list", 1, 2, "{\"fault\": \"stall\", \"bytes\": 700, \"seconds\": 1}");
                CHECK_INT(bj_pages_open(&pages, client, NULL, NULL, NULL), BJ_OK);
                for (int i = 0; i < 20; i++) {
                    struct ender ender = {patience(50), 0, NULL, client};
                    struct at_time when = {now_ms() + patience(50), 0};
                    pthread_t thread;
                    if (i == 2 && way == 0) pthread_create(&thread, NULL, end_later, &ender);
                    if (i == 2 && way == 1) bj_client_set_interrupt(client, interrupt_at, &when);
                    status = bj_pages_next(&page, pages, &error);
                    if (i == 2 && way == 0) pthread_join(thread, NULL);
                    bj_client_set_interrupt(client, NULL, NULL);
                    if (status == BJ_E_CANCELLED) {
                        CHECK_INT(i, 2);
                        CHECK(page == NULL);
                        EXPECT_ERROR(status, BJ_E_CANCELLED, error);
                        cancelled++;
                        continue;
                    }
                    if (status != BJ_OK) break;
                    for (size_t at = 0; at < bj_page_count(page); at++, jobs++)
                        if (!CHECK_TEXT(bj_job_id(bj_page_job(page, at)), json_string_value(json_array_get(truth, jobs)))) break;
                }
                CHECK_INT(cancelled, 1);
                CHECK_INT(status, BJ_END);
                CHECK_INT(jobs, json_array_size(truth));
                bj_pages_destroy(pages);
                json_decref(truth);
                bj_client_destroy(client);
            }
        }
    }
    bj_client *client = make_client("crustdata", NULL, NULL);
    bj_results *results;
    const bj_record *record;
    bj_error *error;
    pthread_t thread;
    struct ender ender = {patience(50), 0, NULL, client};
    calm();
    CHECK_INT(bj_results_open(&results, client, sample("crustdata", "large"), NULL, NULL, NULL), BJ_OK);
    hold("storage", "results", 400);
    pthread_create(&thread, NULL, end_later, &ender);
    bj_status status;
    while ((status = bj_results_next(&record, results, &error)) == BJ_OK) {}
    pthread_join(thread, NULL);
    EXPECT_ERROR(status, BJ_E_CANCELLED, error);
    calm();
    status = bj_results_next(&record, results, &error);
    CHECK(record == NULL);
    EXPECT_ERROR(status, BJ_E_CANCELLED, error);
    CHECK_INT(request_count(), 0);
    bj_results_destroy(results);
    CHECK_INT(call_results(client, NULL, &error), BJ_OK);
    bj_client_destroy(client);
}

int main(void) {
    RUN(fired_before);
    RUN(fired_from_another_thread);
    RUN(client_cancelled);
    RUN(fired_from_a_signal_handler);
    RUN(cancel_goes_first);
    RUN(fired_between);
    RUN(interrupts);
    RUN(busy_by_reentry);
    RUN(busy_from_another_thread);
    RUN(at_every_place);
    RUN(from_inside_a_callback);
    RUN(iterators_afterwards);
    bj_cancel_fire(NULL);
    bj_cancel_destroy(NULL);
    calm();
    return check_report("cancel");
}
