/* Random schedules of faults over lists, jobs, waits and results: whatever comes, the truth or an
 * error that says what is wrong, in bounded time. A schedule follows from its seed alone:
 *     CHAOS_SEED=4711 CHAOS_ROUNDS=1 replays one; CHAOS_ROUNDS=10000 runs more than the usual 300.
 * The library's own chance, the waits between retries, is not part of it. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

#define TIMEOUT 2000
#define WAIT_TIMEOUT 2500
#define SLACK 1500

/* Chance: splitmix64, so that a seed says everything. */
static uint64_t dice_state;

static uint64_t dice(void) {
    uint64_t z = dice_state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static int below(int bound) { return (int)(dice() % (uint64_t)bound); }

/* Faults: members of the simulator's documents, %d for a number up to `most`. Where: to the service,
 * with a list (L), with a job (G); to the storage (S); with the links (K). */
static const struct { const char *where, *members; int most; } FAULTS[] = {
    {"LGS", "\"fault\": \"reset\"", 0},
    {"LGS", "\"fault\": \"reset\", \"bytes\": %d", 900},
    {"LGS", "\"fault\": \"reset\", \"bytes\": %d, \"of\": \"body\"", 4000},
    {"LGS", "\"fault\": \"cut\", \"bytes\": %d", 900},
    {"LGS", "\"fault\": \"cut\", \"bytes\": %d, \"of\": \"body\"", 4000},
    {"LGS", "\"fault\": \"close\"", 0},
    {"LGS", "\"fault\": \"delay\", \"seconds\": 0.%d", 5},
    {"LGS", "\"fault\": \"stall\", \"seconds\": 3, \"bytes\": %d", 900},
    {"LGS", "\"fault\": \"stall\", \"seconds\": 0.2, \"bytes\": %d", 900},
    {"LGS", "\"fault\": \"slow\", \"rate\": 1%d000", 9},
    {"LGS", "\"fault\": \"framing\", \"length\": %d", 90},
    {"LGS", "\"fault\": \"framing\", \"length\": \"absent\"", 0},
    {"LGS", "\"fault\": \"framing\", \"chunk\": 3%d", 90},
    {"LGS", "\"fault\": \"framing\", \"chunk\": 1%d, \"last\": false", 90},
    {"LGS", "\"fault\": \"framing\", \"chunk\": 2%d, \"garbage\": true", 90},
    {"LGS", "\"fault\": \"raw\", \"base64\": \"SFRUUC8xLjEgMg==\"", 0},
    {"LGS", "\"fault\": \"raw\", \"base64\": \"AAFydWJiaXNoDQoNCg==\"", 0},
    {"LGS", "\"fault\": \"status\", \"status\": 50%d", 4},
    {"LGS", "\"fault\": \"status\", \"status\": 503, \"headers\": {\"Retry-After\": \"0.%d\"}", 9},
    {"LG", "\"fault\": \"status\", \"status\": 429, \"headers\": {\"Retry-After\": \"0.%d\"}", 9},
    {"LG", "\"fault\": \"status\", \"status\": 429, \"headers\": {\"Retry-After\": \"%d0\"}", 9},
    {"LG", "\"fault\": \"status\", \"status\": 40%d", 9},
    {"LG", "\"fault\": \"status\", \"status\": 204, \"body\": \"\"", 0},
    {"LG", "\"fault\": \"redirect\", \"location\": \"http://127.0.0.1:1/\"", 0},
    {"LG", "\"fault\": \"html\"", 0},
    {"LG", "\"fault\": \"body\", \"content_type\": \"application/json\", \"body\": \"{\"", 0},
    {"LG", "\"fault\": \"body\", \"content_type\": \"application/json\", \"body\": \"[]\"", 0},
    {"LG", "\"fault\": \"body\", \"content_type\": \"application/json\", \"body\": \"\"", 0},
    {"LG", "\"fault\": \"edit\", \"drop\": 1%d", 900},
    {"LG", "\"fault\": \"edit\", \"prepend\": \"x\"", 0},
    {"LG", "\"fault\": \"edit\", \"append\": \"}\"", 0},
    {"C", "\"fault\": \"same_cursor\"", 0},
    {"C", "\"fault\": \"same_rows\"", 0},
    {"C", "\"fault\": \"empty_page\"", 0},
    {"S", "\"fault\": \"expire\"", 0},
    {"S", "\"fault\": \"expire\", \"bytes\": %d", 900},
    {"S", "\"fault\": \"hops\", \"to\": \"host\", \"count\": %d", 7},
    {"S", "\"fault\": \"hops\", \"to\": \"same\"", 0},
    {"S", "\"fault\": \"hops\", \"to\": \"loop\"", 0},
    {"S", "\"fault\": \"gzip\", \"trailer\": \"crc\"", 0},
    {"S", "\"fault\": \"gzip\", \"trailer\": \"missing\"", 0},
    {"S", "\"fault\": \"gzip\", \"flip\": %d", 200},
    {"S", "\"fault\": \"gzip\", \"cut\": %d", 200},
    {"S", "\"fault\": \"gzip\", \"members\": %d", 20},
    {"S", "\"fault\": \"change\", \"content\": \"same\"", 0},
    {"S", "\"fault\": \"change\", \"content\": \"pressed\"", 0},
    {"S", "\"fault\": \"etag\", \"how\": \"moving\"", 0},
    {"S", "\"fault\": \"etag\", \"how\": \"none\"", 0},
    {"S", "\"fault\": \"range\", \"how\": \"ignored\"", 0},
    {"S", "\"fault\": \"range\", \"how\": \"early\", \"bytes\": %d", 90},
    {"S", "\"fault\": \"range\", \"how\": \"late\", \"bytes\": 1", 0},
    {"S", "\"fault\": \"range\", \"how\": \"short\", \"bytes\": %d", 90},
    {"S", "\"fault\": \"range\", \"how\": \"garbled\"", 0},
    {"S", "\"fault\": \"range\", \"how\": \"multipart\"", 0},
    {"S", "\"fault\": \"range\", \"how\": \"unsatisfiable\"", 0},
    {"S", "\"fault\": \"range\", \"how\": \"no_header\"", 0},
    {"K", "\"fault\": \"links\", \"date\": -7200, \"expires\": 60", 0},
    {"K", "\"fault\": \"links\", \"same\": true", 0},
};

enum { LIST, GET, WAIT, WAITS, RESULTS, OPERATIONS };
static const char *const OPERATION[] = {"list", "get", "wait", "waits", "results"};

/* The schedule at work. */
static struct {
    uint64_t seed;
    const char *service;
    int operation;
    const char *sample;
    char faults[3000];
    int is_cancelled, until_cancel, leaks;
} now;

static int goes_to(const char *where) {
    int is_file = now.operation == RESULTS && strcmp(now.service, "crustdata") == 0;
    int has_cursor = strcmp(now.service, "crustdata") == 0 || strcmp(now.service, "reach") == 0;
    if (strchr(where, 'S') != NULL && is_file) return 'S';
    if (strchr(where, 'K') != NULL && is_file) return 'K';
    if (strchr(where, 'C') != NULL && now.operation == LIST && has_cursor) return 'L';
    if (strchr(where, 'L') != NULL && now.operation == LIST) return 'L';
    if (strchr(where, 'L') != NULL && now.operation == WAITS && below(2) && strcmp(now.service, "veryfront") != 0) return 'L';
    if (strchr(where, 'G') != NULL && now.operation != LIST) return 'G';
    return 0;
}

static void add_fault(void) {
    for (;;) {
        size_t which = (size_t)below((int)(sizeof FAULTS / sizeof *FAULTS));
        int place = goes_to(FAULTS[which].where);
        char members[300], all[400];
        if (place == 0) continue;
        snprintf(members, sizeof members, FAULTS[which].members, FAULTS[which].most > 0 ? below(FAULTS[which].most + 1) : 0);
        snprintf(all, sizeof all, "{%s}", members);
        int times = below(6) == 0 ? -1 : 1 + below(4), after = below(3) == 0 ? below(4) : 0;
        plant(place == 'S' ? "storage" : now.service, place == 'L' ? "list" : place == 'S' ? "results" : "get", times, after, all);
        size_t used = strlen(now.faults);
        snprintf(now.faults + used, sizeof now.faults - used, "\n      %c x%d after %d %s", place, times, after, all);
        return;
    }
}

static void schedule(uint64_t seed) {
    static const char *const samples[] = {"succeeded", "succeeded", "failed", "large", "stuck_running", "partial"};
    dice_state = seed * 0x2545F4914F6CDD1Du;
    now.seed = seed;
    now.service = SERVICES[below(4)];
    now.operation = below(OPERATIONS);
    if (now.operation == LIST && strcmp(now.service, "veryfront") == 0) now.service = "reach";
    now.sample = samples[below(now.operation == WAIT ? 6 : 4)];
    if (sample(now.service, now.sample) == NULL || (now.operation == RESULTS && strcmp(now.sample, "failed") == 0))
        now.sample = "succeeded";
    now.is_cancelled = below(10) == 0;
    now.until_cancel = below(12);
    now.leaks = 0;
    now.faults[0] = '\0';
    calm();
    for (int count = 1 + below(4); count > 0; count--) add_fault();
}

/* Truth, asked for once. */
static json_t *list_truth(void) {
    static json_t *kept[4];
    int s = 0;
    while (strcmp(SERVICES[s], now.service) != 0) s++;
    if (kept[s] == NULL) kept[s] = truth_jobs(now.service);
    return kept[s];
}

static json_t *record_truth(void) {
    static struct { char id[200]; json_t *truth; } kept[16];
    const char *id = sample(now.service, now.sample);
    int place = 0;
    while (place < 15 && kept[place].truth != NULL && strcmp(kept[place].id, id) != 0) place++;
    if (kept[place].truth == NULL) {
        snprintf(kept[place].id, sizeof kept[place].id, "%s", id);
        kept[place].truth = truth_of(now.service, id);
    }
    return json_object_get(kept[place].truth, "records");
}

/* Hooks */

static int32_t interrupt(void *payload) {
    (void)payload;
    return now.is_cancelled && now.until_cancel-- <= 0;
}

static void hear(int32_t level, const char *line, void *payload) {
    (void)level, (void)payload;
    if (strstr(line, service_key(now.service)) != NULL || strstr(line, "X-Amz-") != NULL) now.leaks++;
}

/* Holds that a call took no longer than it may. */
static int64_t began;
static void in_time(int64_t limit) {
    int64_t took = now_ms() - began;
    if (!CHECK(took <= patience(limit + SLACK))) fprintf(stderr, "    %ld ms\n", (long)took);
}

/* An ending that is no success is an error of the service or the way to it. */
static void check_error(bj_status status, bj_error *error) {
    CHECK(status <= BJ_E_DNS || status == BJ_E_TIMEOUT || status == BJ_E_LIMIT || (now.is_cancelled && status == BJ_E_CANCELLED));
    if (!CHECK(bj_status_name(status) != NULL)) fprintf(stderr, "    %d\n", status);
    EXPECT_ERROR(status, status, error);
}

static void check_done(const bj_job *job, const char *id) {
    CHECK_TEXT(bj_job_id(job), id);
    CHECK_INT(bj_job_phase(job), strcmp(now.sample, "stuck_running") == 0 ? BJ_PHASE_RUNNING : BJ_PHASE_DONE);
}

static void try_list(bj_client *client) {
    json_t *truth = list_truth();
    bj_pages *pages;
    const bj_page *page;
    bj_error *error;
    bj_status status;
    size_t count = 0;
    CHECK_INT(bj_pages_open(&pages, client, NULL, NULL, NULL), BJ_OK);
    for (;;) {
        began = now_ms();
        status = bj_pages_next(&page, pages, &error);
        in_time(TIMEOUT);
        if (status != BJ_OK) break;
        for (size_t i = 0; i < bj_page_count(page); i++, count++)
            CHECK_TEXT(bj_job_id(bj_page_job(page, i)), json_string_value(json_array_get(truth, count)));
    }
    if (status == BJ_END) CHECK_INT(count, json_array_size(truth));
    else check_error(status, error);
    bj_pages_destroy(pages);
}

static void try_job(bj_client *client, int waits) {
    const char *id = sample(now.service, now.sample);
    bj_job *job;
    bj_error *error;
    bj_status status;
    began = now_ms();
    status = waits ? bj_client_wait(&job, client, id, NULL, NULL, NULL, NULL, &error)
                   : bj_client_get(&job, client, id, NULL, NULL, &error);
    in_time(waits ? WAIT_TIMEOUT : TIMEOUT);
    if (status == BJ_OK) check_done(job, id);
    else check_error(status, error);
    if (waits && strcmp(now.sample, "stuck_running") == 0) CHECK(status < 0);
    bj_job_destroy(job);
}

/* The ten pinned jobs of which four never end, and one that does not exist. */
static void try_waits(bj_client *client) {
    enum { COUNT = 11 };
    const char *ids[COUNT];
    int finals[COUNT] = {0};
    bj_waits *waits;
    const bj_event *event;
    bj_error *error;
    bj_status status;
    for (size_t i = 0; i < COUNT - 1; i++) ids[i] = json_string_value(json_array_get(list_truth(), i));
    ids[COUNT - 1] = "no-such-job";
    began = now_ms();
    CHECK_INT(bj_waits_open(&waits, client, ids, COUNT, NULL, NULL, NULL), BJ_OK);
    while ((status = bj_waits_next(&event, waits, &error)) == BJ_OK) {
        size_t place = (size_t)bj_event_index(event);
        if (!CHECK(place < COUNT) || !bj_event_is_final(event)) continue;
        finals[place]++;
        if (bj_event_job(event) != NULL) {
            CHECK(place >= 4 && place < COUNT - 1);
            CHECK_TEXT(bj_job_id(bj_event_job(event)), ids[place]);
            CHECK_INT(bj_job_phase(bj_event_job(event)), BJ_PHASE_DONE);
        } else {
            CHECK(bj_error_status(bj_event_error(event)) <= BJ_E_DNS || bj_error_status(bj_event_error(event)) == BJ_E_TIMEOUT);
        }
    }
    in_time(WAIT_TIMEOUT);
    if (status == BJ_END)
        for (size_t i = 0; i < COUNT; i++) CHECK_INT(finals[i], 1);
    else
        CHECK(now.is_cancelled && status == BJ_E_CANCELLED);
    bj_error_destroy(error);
    bj_waits_destroy(waits);
}

static void try_results(bj_client *client) {
    json_t *truth = record_truth();
    bj_results *results;
    const bj_record *record;
    bj_error *error;
    size_t count = 0, length, wanted_length;
    began = now_ms();
    bj_status status = bj_results_open(&results, client, sample(now.service, now.sample), NULL, NULL, &error);
    in_time(TIMEOUT);
    while (status == BJ_OK) {
        began = now_ms();
        status = bj_results_next(&record, results, &error);
        in_time(TIMEOUT);
        if (status != BJ_OK) break;
        const char *data = bj_record_data(record, &length);
        const char *text = json_string_value(json_array_get(truth, count++));
        char *wanted = base64_bytes(text != NULL ? text : "", &wanted_length);
        CHECK_BYTES(data, length, wanted, wanted_length);
        free(wanted);
    }
    if (status == BJ_END) {
        CHECK_INT(count, json_array_size(truth));
    } else {
        CHECK(bj_results_verdict(results) != BJ_VERDICT_VERIFIED);
        check_error(status, error);
    }
    bj_results_destroy(results);
}

static void one(uint64_t seed) {
    schedule(seed);
    check_context("CHAOS_SEED=%llu CHAOS_ROUNDS=1: %s %s of %s%s%s", (unsigned long long)seed, now.service,
                  OPERATION[now.operation], now.sample, now.is_cancelled ? ", interrupted" : "", now.faults);
    char timeout[20], wait_timeout[20];
    snprintf(timeout, sizeof timeout, "%ld", (long)patience(TIMEOUT));
    snprintf(wait_timeout, sizeof wait_timeout, "%ld", (long)patience(WAIT_TIMEOUT));
    bj_client *client = make_client(now.service, "timeout_ms", timeout, "first_byte_timeout_ms", "700", "stall_timeout_ms", "700",
                                    "max_attempts", "3", "poll_min_ms", "50", "poll_max_ms", "200", "wait_timeout_ms",
                                    wait_timeout, "allow_http", "true", NULL);
    bj_client_set_interrupt(client, interrupt, NULL);
    bj_client_set_log(client, BJ_LOG_DEBUG, hear, NULL);
    if (now.operation == LIST) try_list(client);
    if (now.operation == GET || now.operation == WAIT) try_job(client, now.operation == WAIT);
    if (now.operation == WAITS) try_waits(client);
    if (now.operation == RESULTS) try_results(client);
    bj_client_destroy(client);
    CHECK_INT(now.leaks, 0);
    json_t *report = control("GET", "/requests", NULL);
    CHECK(json_object_get(json_object_get(report, "counters"), "credentials_at_storage") == NULL);
    json_decref(report);
}

static void chaos(void) {
    const char *seed = getenv("CHAOS_SEED"), *rounds = getenv("CHAOS_ROUNDS");
    uint64_t first = seed != NULL ? strtoull(seed, NULL, 10) : 1;
    uint64_t count = rounds != NULL ? strtoull(rounds, NULL, 10) : patience(300) > 300 ? 40 : 300;
    for (uint64_t i = 0; i < count; i++) one(first + i);
    calm();
}

int main(void) {
    RUN(chaos);
    return check_report("chaos");
}
