/* Runs the fault table: each case in each service and operation it applies to, held against the
 * simulator's truth. README.md describes the table. */
#define _POSIX_C_SOURCE 200809L
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../abi/support.h"
#include "amid.h"
#include "grid.h"
#include "table.h"

#define GOAL_SECONDS 10
#define SAMPLED 100

/* The instance at work. */
static struct {
    const json_t *one;
    const char *service, *operation, *sample;
    const char *why; /* it is skipped */
    int row;
} now;

/* What a call gave. */
struct given {
    bj_status status;
    size_t records, wrong; /* wrong: the place of the first that is not the truth, plus one */
    int32_t verdict;
    int64_t ms;
    long memory_kib;
};

static const char *text_of(const char *name, const char *otherwise) {
    const char *text = json_string_value(json_object_get(now.one, name));
    return text != NULL ? text : otherwise;
}

/* Memory */

static long status_kib(const char *name) {
    char line[256];
    long value = -1;
    FILE *file = fopen("/proc/self/status", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, name, strlen(name)) == 0) value = atol(line + strlen(name));
    if (file != NULL) fclose(file);
    return value;
}

static void forget_peak(void) {
    FILE *file = fopen("/proc/self/clear_refs", "w");
    if (file == NULL) return;
    fputs("5", file);
    fclose(file);
}

/* The simulator */

/* Where the data come from: a fault that names no place goes there. */
static int from_storage(void) { return strcmp(now.service, "crustdata") == 0 && strcmp(now.operation, "results") == 0; }
static const char *data_service(void) { return from_storage() ? "storage" : now.service; }
static const char *data_operation(void) {
    if (from_storage()) return "results";
    return strcmp(now.operation, "list") == 0 ? "list" : "get";
}

static void put(const char *path, json_t *document) {
    json_decref(control("PUT", path, document));
    json_decref(document);
}

static void set_switches(void) {
    static int has_content;
    json_t *content = json_object_get(now.one, "content"), *one;
    size_t i;
    calm();
    if (has_content) json_decref(control("DELETE", "/content", NULL));
    has_content = content != NULL;
    if (content != NULL) {
        json_t *document = json_deep_copy(content);
        json_object_set_new(document, "service", json_string(now.service));
        json_object_set_new(document, "sample", json_string(now.sample));
        put("/content", document);
    }
    json_array_foreach(json_object_get(now.one, "faults"), i, one) {
        json_t *document = json_deep_copy(one);
        if (json_object_get(document, "service") == NULL) {
            json_object_set_new(document, "service", json_string(data_service()));
            if (json_object_get(document, "operation") == NULL)
                json_object_set_new(document, "operation", json_string(data_operation()));
        }
        put("/faults", document);
    }
}

/* The requests of one kind: those that carry the data, those for the job, or all. */
static size_t asked(const char *kind) {
    if (strcmp(kind, "data") == 0) return request_count_of(data_service(), data_operation());
    if (strcmp(kind, "job") == 0) return request_count_of(now.service, "get");
    return request_count();
}

/* The truth of the instance, as a list of texts: record bytes, or ids for a list. */
struct truth {
    json_t *document, *list;
    size_t total;
};

/* Only the beginning of a job that is too large to be fetched. */
static json_t *ask_truth(int only_beginning) {
    if (strcmp(now.operation, "list") == 0) return truth_jobs(now.service);
    return truth_part(now.service, sample(now.service, now.sample), only_beginning ? SAMPLED : 100000);
}

static struct truth truth_now(void) {
    /* The last one asked for: many cases in a row are about the same large job. */
    static json_t *last;
    static char last_name[200];
    struct truth truth = {NULL, NULL, 0};
    char name[200];
    int is_list = strcmp(now.operation, "list") == 0, is_large = json_integer_value(json_object_get(now.one, "count")) > SAMPLED;
    if (!is_list && strcmp(now.operation, "results") != 0) return truth;
    snprintf(name, sizeof name, "%s %s %s %d", now.service, now.operation, now.sample, is_large);
    if (strcmp(name, last_name) != 0 || json_object_get(now.one, "content") != NULL) {
        json_decref(last);
        last = ask_truth(is_large);
        snprintf(last_name, sizeof last_name, "%s", json_object_get(now.one, "content") != NULL ? "" : name);
    }
    truth.document = json_incref(last);
    truth.list = is_list ? last : json_object_get(last, "records");
    truth.total = is_list ? json_array_size(last) : (size_t)json_integer_value(json_object_get(last, "count"));
    return truth;
}

static int is_truth(const struct truth *truth, size_t place, const char *data, size_t length) {
    const char *text = json_string_value(json_array_get(truth->list, place));
    size_t wanted_length;
    if (text == NULL) return place < truth->total;
    if (strcmp(now.operation, "list") == 0) return strlen(text) == length && memcmp(text, data, length) == 0;
    char *wanted = base64_bytes(text, &wanted_length);
    int same = wanted_length == length && memcmp(wanted, data, length) == 0;
    free(wanted);
    return same;
}

static void count(struct given *given, const struct truth *truth, const char *data, size_t length) {
    if (given->wrong == 0 && !is_truth(truth, given->records, data, length)) given->wrong = given->records + 1;
    given->records++;
}

/* The library */

static int32_t no_secrets(const char *line) {
    for (size_t i = 0; SERVICES[i] != NULL; i++)
        if (strstr(line, service_key(SERVICES[i])) != NULL) return 0;
    return strstr(line, "X-Amz-") == NULL;
}

static void hear(int32_t level, const char *line, void *payload) {
    (void)level;
    if (!no_secrets(line)) ++*(int *)payload;
}

/* A fact of one of the fronts or proxies: "reach@http2", "proxy@asks". */
static const char *fact_at(const char *name, const char *place) {
    char whole[100];
    snprintf(whole, sizeof whole, "%s@%s", name, place);
    return fact(whole);
}

static bj_client *client_now(int *leaks) {
    const char *front = text_of("front", NULL), *proxy = text_of("proxy", NULL), *around = text_of("https_proxy", NULL);
    const char *base = front != NULL ? fact_at(now.service, front) : fact(now.service);
    const char *authority = front != NULL ? fact_at("ca", "fronts") : getenv("SIMULATOR_CA");
    bj_options *options = make_options("api_key", service_key(now.service), "base_url", base, NULL);
    bj_client *client;
    bj_error *error = NULL;
    const char *name;
    json_t *value;
    if (strcmp(now.service, "veryfront") == 0) bj_options_set(options, "project", fact("project"), NULL);
    if (authority != NULL) bj_options_set(options, "ca_file", authority, NULL);
    if (proxy != NULL) bj_options_set(options, "proxy", fact_at("proxy", proxy), NULL);
    if (around != NULL) setenv("https_proxy", fact_at("proxy", around), 1);
    else unsetenv("https_proxy");
    json_object_foreach(json_object_get(now.one, "options"), name, value) {
        if (bj_provider_accepts(now.service, name) != 1) continue;
        if (!CHECK_INT(bj_options_set(options, name, json_string_value(value), &error), BJ_OK))
            fprintf(stderr, "    %s\n", bj_error_message(error));
        bj_error_destroy(error);
    }
    if (!CHECK_INT(bj_client_new(&client, now.service, options, &error), BJ_OK))
        fprintf(stderr, "    %s\n", bj_error_message(error));
    bj_error_destroy(error);
    bj_options_destroy(options);
    bj_client_set_log(client, BJ_LOG_DEBUG, hear, leaks);
    return client;
}

static bj_error *run_list(struct given *given, const struct truth *truth, bj_client *client) {
    bj_pages *pages;
    const bj_page *page;
    bj_error *error = NULL;
    given->status = bj_pages_open(&pages, client, NULL, NULL, &error);
    while (given->status == BJ_OK && (given->status = bj_pages_next(&page, pages, &error)) == BJ_OK)
        for (size_t i = 0; i < bj_page_count(page); i++) {
            const char *id = bj_job_id(bj_page_job(page, i));
            count(given, truth, id, strlen(id));
        }
    bj_pages_destroy(pages);
    return error;
}

static bj_error *run_job(struct given *given, bj_client *client) {
    bj_job *job;
    bj_error *error = NULL;
    const char *id = sample(now.service, now.sample);
    given->status = strcmp(now.operation, "wait") == 0
                        ? bj_client_wait(&job, client, id, NULL, NULL, NULL, NULL, &error)
                        : bj_client_get(&job, client, id, NULL, NULL, &error);
    if (given->status == BJ_OK) {
        given->records = 1;
        given->wrong = strcmp(bj_job_id(job), id) != 0;
        given->status = BJ_END;
    }
    bj_job_destroy(job);
    return error;
}

static bj_error *run_results(struct given *given, const struct truth *truth, bj_client *client) {
    bj_results *results;
    const bj_record *record;
    bj_error *error = NULL;
    size_t length;
    given->status = bj_results_open(&results, client, sample(now.service, now.sample), NULL, NULL, &error);
    while (given->status == BJ_OK && (given->status = bj_results_next(&record, results, &error)) == BJ_OK) {
        const char *data = bj_record_data(record, &length);
        CHECK_INT(bj_record_index(record), given->records);
        count(given, truth, data, length);
    }
    if (results != NULL) {
        given->verdict = bj_results_verdict(results);
        CHECK_INT(bj_results_next(&record, results, NULL), given->status); /* it stays as it is */
        CHECK(record == NULL);
        CHECK_INT(bj_results_records(results), given->records);
    }
    bj_results_destroy(results);
    return error;
}

/* Expectations */

static const char *verdict_name(int32_t verdict) {
    static const char *const names[] = {"none", "verified", "unverified", "short", "long"};
    return verdict >= 0 && verdict < 5 ? names[verdict] : "?";
}

static void check_ending(const struct given *given, const struct truth *truth, bj_error *error) {
    const json_t *expect = json_object_get(now.one, "expect"), *wanted = json_object_get(now.one, "verdict");
    const char *records = text_of("records", "prefix");
    size_t total = truth->total;
    if (given->status == BJ_END) {
        int is_list = strcmp(now.operation, "list") == 0 || strcmp(now.operation, "results") == 0;
        int exact = given->wrong == 0 && (!is_list || given->records == total);
        if (!table_has(expect, "ok") && !CHECK(table_has(expect, "exact")))
            fprintf(stderr, "    it ended well, with %zu of %zu records\n", given->records, total);
        else if (!table_has(expect, "ok") && !CHECK(exact))
            fprintf(stderr, "    %zu records of %zu, the first wrong one is number %zu\n", given->records, total, given->wrong);
        if (wanted != NULL && strcmp(now.operation, "results") == 0 && !CHECK(table_has(wanted, verdict_name(given->verdict))))
            fprintf(stderr, "    the verdict is %s\n", verdict_name(given->verdict));
        return;
    }
    const char *name = bj_status_name(given->status);
    if (!CHECK(name != NULL && table_has(expect, name)))
        fprintf(stderr, "    it ended with %s after %zu of %zu records: %s\n", name, given->records, total,
                bj_error_message(error));
    if (strcmp(now.operation, "results") == 0) CHECK(given->verdict != BJ_VERDICT_VERIFIED);
    if (strcmp(records, "any") != 0 && !CHECK_INT(given->wrong, 0))
        fprintf(stderr, "    a record before the error is wrong\n");
    if (strcmp(records, "none") == 0) CHECK_INT(given->records, 0);
    if (strcmp(records, "some") == 0) CHECK(given->records > 0);
    if (strcmp(records, "all") == 0) CHECK_INT(given->records, total);
}

static void check_bounds(const struct given *given) {
    const char *kind;
    json_t *bounds;
    double seconds = json_number_value(json_object_get(now.one, "seconds"));
    int64_t limit = patience((int64_t)((seconds > 0 ? seconds : GOAL_SECONDS) * 1000));
    if (!CHECK(given->ms <= limit))
        fprintf(stderr, "    it took %ld ms of at most %ld\n", (long)given->ms, (long)limit);
    json_object_foreach(json_object_get(now.one, "requests"), kind, bounds) {
        size_t found = asked(kind);
        if (!CHECK((json_int_t)found >= json_integer_value(json_array_get(bounds, 0)) &&
                   (json_int_t)found <= json_integer_value(json_array_get(bounds, 1))))
            fprintf(stderr, "    %zu requests (%s)\n", found, kind);
    }
    json_t *mib = json_object_get(now.one, "memory_mib");
    if (mib != NULL && patience(1) == 1 && !CHECK(given->memory_kib <= json_integer_value(mib) * 1024))
        fprintf(stderr, "    it needed %ld KiB\n", given->memory_kib);
    if (json_object_get(now.one, "count") != NULL)
        CHECK_INT(given->records, json_integer_value(json_object_get(now.one, "count")));
}

static void check_everywhere(int leaks) {
    json_t *report = control("GET", "/requests", NULL);
    CHECK(json_object_get(json_object_get(report, "counters"), "credentials_at_storage") == NULL);
    json_decref(report);
    CHECK_INT(leaks, 0); /* lines of the log with a key or a signature */
}

static void instance(void) {
    struct given given = {BJ_OK, 0, 0, 0, 0, 0};
    int leaks = 0;
    set_switches();
    struct truth truth = truth_now();
    bj_client *client = client_now(&leaks);
    bj_error *error;
    forget_peak();
    long before = status_kib("VmRSS:");
    int64_t began = now_ms();
    amid_begin(text_of("amid", NULL), client);
    if (strcmp(now.operation, "list") == 0) error = run_list(&given, &truth, client);
    else if (strcmp(now.operation, "results") == 0) error = run_results(&given, &truth, client);
    else error = run_job(&given, client);
    given.ms = now_ms() - began;
    amid_end();
    given.memory_kib = status_kib("VmHWM:") - before;
    check_ending(&given, &truth, error);
    check_bounds(&given);
    check_everywhere(leaks);
    if (getenv("FAULTS_VERBOSE") != NULL)
        fprintf(stderr, "%6ld ms %-18s %4zu records  %s\n", (long)given.ms,
                given.status == BJ_END ? verdict_name(given.verdict) : bj_status_name(given.status), given.records,
                getenv("FAULTS_VERBOSE")[0] == '2' ? bj_error_message(error) : "");
    if (given.status < 0) EXPECT_ERROR(given.status, given.status, error);
    bj_client_destroy(client);
    json_decref(truth.document);
}

/* Running */

static const char *why_not(void) {
    const char *needs = text_of("needs", NULL);
    int secure = strncmp(fact("storage"), "https", 5) == 0;
    if (needs != NULL && dlsym(RTLD_DEFAULT, needs) == NULL) return needs;
    if (json_is_true(json_object_get(now.one, "tls")) && !secure) return "tls";
    if (json_is_true(json_object_get(now.one, "heavy")) && patience(1) > 1) return "heavy";
    if (sample(now.service, now.sample) == NULL) return "no such job";
    return NULL;
}

static void skipped(void) { check_skip(now.why); }

/* One line of JSON for each instance, for the grid of all runners. */
static void tell(const char *name, const char *outcome, int64_t ms) {
    static FILE *file;
    const char *path = getenv("FAULTS_RESULTS");
    if (path == NULL) return;
    if (file == NULL && (file = fopen(path, "w")) == NULL) return;
    json_t *line = json_pack("{si ss ss ss ss sI}", "row", now.row, "case", name, "service", now.service, "operation",
                             now.operation, "outcome", outcome, "ms", (json_int_t)ms);
    char *text = json_dumps(line, JSON_COMPACT);
    fprintf(file, "%s\n", text);
    fflush(file);
    free(text);
    json_decref(line);
}

static void run(const json_t *one, const char *service, const char *operation) {
    char name[700];
    const char *label = json_string_value(json_object_get(one, "label"));
    now.one = one;
    now.service = service;
    now.operation = operation;
    now.sample = text_of("sample", "succeeded");
    now.row = (int)json_integer_value(json_object_get(one, "row"));
    snprintf(name, sizeof name, "%d %s%s%s%s, %s %s", now.row, text_of("name", "?"), label[0] != '\0' ? " [" : "", label,
             label[0] != '\0' ? "]" : "", service, operation);
    if (getenv("TEST_ONLY") != NULL && strstr(name, getenv("TEST_ONLY")) == NULL) return;
    const char *reason = why_not();
    /* What only the other simulator can show is left to it. */
    if (reason != NULL && strcmp(reason, "tls") == 0) return;
    if (getenv("FAULTS_VERBOSE") != NULL) fprintf(stderr, "%s\n", name);
    int64_t began = now_ms();
    now.why = reason;
    int held = check_run(name, reason != NULL ? skipped : instance);
    grid_add(now.row, service, operation, held);
    tell(name, held < 0 ? "skipped" : held ? "passed" : "failed", now_ms() - began);
}

int main(int argc, char **argv) {
    const char *shard = getenv("FAULTS_SHARD"); /* "2/4": the second quarter */
    int part = 1, parts = 1, place = 0, tls = strncmp(fact("storage"), "https", 5) == 0;
    size_t i, s, o;
    json_t *one, *service, *operation;
    if (argc < 2) return fprintf(stderr, "usage: run TABLE\n"), 2;
    if (shard != NULL) sscanf(shard, "%d/%d", &part, &parts);
    json_t *instances = table_read(argv[1]);
    json_array_foreach(instances, i, one) json_array_foreach(json_object_get(one, "services"), s, service)
        json_array_foreach(json_object_get(one, "operations"), o, operation) {
            if (json_object_get(one, "program") != NULL) continue; /* scripts/matrix.py runs those */
            if (tls && !json_is_true(json_object_get(one, "tls"))) continue;
            if (place++ % parts != part - 1) continue;
            run(one, json_string_value(service), json_string_value(operation));
        }
    json_decref(instances);
    grid_print();
    return check_report("faults");
}
