/* Section "Job": every accessor against the service's own JSON, for every job there is. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "support.h"

/* Where the accessors come from, service by service. */
static const struct facts {
    const char *service, *id, *kind, *word, *created, *started, *finished, *updated;
    const char *counts[9]; /* by BJ_COUNT_...; NULL where the service gives none */
} FACTS[] = {
    {"crustdata", "/batch_id", "/action", "/status", "/created_at", NULL, "/completed_at", NULL,
     {"/entities_requested", NULL, "/entities_fulfilled", NULL, NULL, NULL, NULL, NULL, "/result_count"}},
    {"spidra", "/uuid", NULL, "/status", "/createdAt", NULL, "/finishedAt", NULL,
     {"/totalUrls", "+", "/completedCount", "/failedCount", NULL, NULL, NULL, NULL, NULL}},
    {"reach", "/batchId", "/batchType", "/status", "/createdAt", "/startedAt", "/completedAt", NULL,
     {"/progress/totalRecords", "/progress/processedRecords", "/progress/successfulRecords",
      "/progress/failedRecords", NULL, NULL, NULL, "/progress/pendingRecords", NULL}},
    {"veryfront", "/id", "/target", NULL, "/created_at", NULL, NULL, "/updated_at",
     {"/job_count", "+", "/status_counts/completed", "/status_counts/failed", "/status_counts/canceled",
      "/status_counts/submitted", "/status_counts/working", NULL, NULL}},
};

static const struct facts *facts_of(const char *service) {
    for (size_t i = 0; i < sizeof FACTS / sizeof *FACTS; i++)
        if (strcmp(FACTS[i].service, service) == 0) return &FACTS[i];
    return NULL;
}

/* A member by a pointer without escapes, read by another JSON library than through the accessors. */
static const json_t *at(const json_t *value, const char *pointer) {
    char copy[200];
    snprintf(copy, sizeof copy, "%s", pointer);
    for (char *step = strtok(copy, "/"); step != NULL && value != NULL; step = strtok(NULL, "/"))
        value = json_object_get(value, step);
    return value;
}

static void check_time(int64_t ms, const json_t *value) {
    const char *text = json_string_value(value);
    if (text == NULL) {
        CHECK_INT(ms, BJ_TIME_NONE);
        return;
    }
    /* All of the simulator's times are in UTC: the first 19 characters are the second. */
    char shown[40];
    struct tm parts;
    time_t seconds = (time_t)(ms / 1000);
    gmtime_r(&seconds, &parts);
    strftime(shown, sizeof shown, "%Y-%m-%dT%H:%M:%S", &parts);
    CHECK_BYTES(shown, strlen(shown), text, 19);
    int fraction = 0;
    if (text[19] == '.')
        for (int digit = 0; digit < 3; digit++) fraction = fraction * 10 + (text[20 + digit] - '0');
    CHECK_INT(ms % 1000, fraction);
}

/* Jansson refuses two things that are JSON and that the simulator sends: NUL in a member's name,
 * and integers beyond 64 bits. */
static json_t *load(const char *raw, size_t length) {
    json_error_t problem;
    char *copy = malloc(length + 1), *found = copy;
    memcpy(copy, raw, length);
    copy[length] = '\0';
    while ((found = strstr(found, "\\u0000\":")) != NULL) memset(found, 'x', 6);
    json_t *row = json_loads(copy, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &problem);
    if (row == NULL) fprintf(stderr, "%s\n", problem.text);
    free(copy);
    return row;
}

static void check_job(const bj_job *job, const struct facts *facts, const char *asked_id) {
    size_t length;
    const char *raw = bj_job_raw_json(job, &length), *whole = bj_job_field(job, "", NULL, NULL);
    CHECK(bj_job_raw_json(job, NULL) == raw);
    CHECK(whole == raw);
    json_t *row = load(raw, length);
    if (!CHECK(json_is_object(row))) return;
    const json_t *id = at(row, facts->id);
    CHECK_TEXT(bj_job_id(job), id != NULL ? json_string_value(id) : asked_id);
    CHECK_TEXT(bj_job_provider(job), facts->service);
    CHECK_TEXT(bj_job_kind(job), facts->kind != NULL ? json_string_value(at(row, facts->kind)) : NULL);
    CHECK_TEXT(bj_job_status_word(job), facts->word != NULL ? json_string_value(at(row, facts->word)) : NULL);
    for (int32_t which = 0; which < 9; which++) {
        const char *pointer = facts->counts[which];
        int64_t count = bj_job_count(job, which);
        if (pointer == NULL) CHECK_INT(count, -1);
        else if (pointer[0] == '+')
            CHECK_INT(count, bj_job_count(job, BJ_COUNT_SUCCEEDED) + bj_job_count(job, BJ_COUNT_FAILED) +
                                 (bj_job_count(job, BJ_COUNT_CANCELLED) > 0 ? bj_job_count(job, BJ_COUNT_CANCELLED) : 0));
        else CHECK_INT(count, json_number_value(at(row, pointer)));
    }
    CHECK_INT(bj_job_count(job, -1), -1);
    CHECK_INT(bj_job_count(job, 9), -1);
    check_time(bj_job_time(job, BJ_TIME_CREATED), facts->created ? at(row, facts->created) : NULL);
    check_time(bj_job_time(job, BJ_TIME_STARTED), facts->started ? at(row, facts->started) : NULL);
    check_time(bj_job_time(job, BJ_TIME_FINISHED), facts->finished ? at(row, facts->finished) : NULL);
    check_time(bj_job_time(job, BJ_TIME_UPDATED), facts->updated ? at(row, facts->updated) : NULL);
    CHECK_INT(bj_job_time(job, 4), BJ_TIME_NONE);
    CHECK_INT(bj_job_time(job, -1), BJ_TIME_NONE);
    int32_t phase = bj_job_phase(job), outcome = bj_job_outcome(job);
    CHECK(bj_phase_name(phase) != NULL);
    CHECK(bj_outcome_name(outcome) != NULL);
    CHECK((phase == BJ_PHASE_DONE) == (outcome != BJ_OUTCOME_NONE));
    json_decref(row);
}

static void every_listed_job(void) {
    for (size_t s = 0; LISTING[s] != NULL; s++) {
        const struct facts *facts = facts_of(LISTING[s]);
        bj_client *client = make_client(LISTING[s], NULL, NULL);
        bj_pages *pages;
        const bj_page *page;
        bj_pages_open(&pages, client, NULL, NULL, NULL);
        while (bj_pages_next(&page, pages, NULL) == BJ_OK)
            for (size_t i = 0; i < bj_page_count(page); i++) {
                const bj_job *job = bj_page_job(page, i);
                check_context("%s %s", LISTING[s], bj_job_id(job));
                check_job(job, facts, NULL);
            }
        bj_pages_destroy(pages);
        bj_client_destroy(client);
    }
}

static const char *const KINDS[] = {"queued", "running", "stuck_queued", "stuck_running", "succeeded", "partial",
                                    "failed", "cancelled", "empty", "large", "unfulfilled", "pending", NULL};

static void every_sample(void) {
    static const struct { const char *service, *which; int32_t phase, outcome; } rows[] = {
        {"crustdata", "queued", BJ_PHASE_QUEUED, BJ_OUTCOME_NONE},
        {"crustdata", "running", BJ_PHASE_RUNNING, BJ_OUTCOME_NONE},
        {"crustdata", "succeeded", BJ_PHASE_DONE, BJ_OUTCOME_SUCCEEDED},
        {"crustdata", "empty", BJ_PHASE_DONE, BJ_OUTCOME_SUCCEEDED},
        {"crustdata", "failed", BJ_PHASE_DONE, BJ_OUTCOME_FAILED},
        {"spidra", "queued", BJ_PHASE_QUEUED, BJ_OUTCOME_NONE},
        {"spidra", "running", BJ_PHASE_RUNNING, BJ_OUTCOME_NONE},
        {"spidra", "succeeded", BJ_PHASE_DONE, BJ_OUTCOME_SUCCEEDED},
        {"spidra", "partial", BJ_PHASE_DONE, BJ_OUTCOME_PARTIAL},
        {"spidra", "failed", BJ_PHASE_DONE, BJ_OUTCOME_FAILED},
        {"spidra", "cancelled", BJ_PHASE_DONE, BJ_OUTCOME_CANCELLED},
        {"reach", "running", BJ_PHASE_RUNNING, BJ_OUTCOME_NONE},
        {"reach", "succeeded", BJ_PHASE_DONE, BJ_OUTCOME_SUCCEEDED},
        {"reach", "partial", BJ_PHASE_DONE, BJ_OUTCOME_PARTIAL},
        {"reach", "failed", BJ_PHASE_DONE, BJ_OUTCOME_FAILED},
        {"veryfront", "queued", BJ_PHASE_QUEUED, BJ_OUTCOME_NONE},
        {"veryfront", "running", BJ_PHASE_RUNNING, BJ_OUTCOME_NONE},
        {"veryfront", "stuck_running", BJ_PHASE_RUNNING, BJ_OUTCOME_NONE},
        {"veryfront", "succeeded", BJ_PHASE_DONE, BJ_OUTCOME_SUCCEEDED},
        {"veryfront", "partial", BJ_PHASE_DONE, BJ_OUTCOME_PARTIAL},
        {"veryfront", "failed", BJ_PHASE_DONE, BJ_OUTCOME_FAILED},
        {"veryfront", "cancelled", BJ_PHASE_DONE, BJ_OUTCOME_CANCELLED},
    };
    for (size_t s = 0; SERVICES[s] != NULL; s++) {
        bj_client *client = make_client(SERVICES[s], NULL, NULL);
        for (size_t k = 0; KINDS[k] != NULL; k++) {
            const char *id = sample(SERVICES[s], KINDS[k]);
            bj_job *job;
            if (id == NULL) continue;
            check_context("%s %s %s", SERVICES[s], KINDS[k], id);
            if (!CHECK_INT(bj_client_get(&job, client, id, NULL, NULL, NULL), BJ_OK)) continue;
            CHECK_TEXT(bj_job_id(job), id);
            check_job(job, facts_of(SERVICES[s]), id);
            for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
                if (strcmp(rows[r].service, SERVICES[s]) == 0 && strcmp(rows[r].which, KINDS[k]) == 0) {
                    CHECK_INT(bj_job_phase(job), rows[r].phase);
                    CHECK_INT(bj_job_outcome(job), rows[r].outcome);
                }
            if (strcmp(KINDS[k], "failed") == 0 && strcmp(SERVICES[s], "crustdata") == 0)
                CHECK(bj_job_error_text(job) != NULL);
            if (strcmp(KINDS[k], "failed") == 0 && strcmp(SERVICES[s], "reach") == 0)
                CHECK_HAS(bj_job_error_text(job), "could not be processed");
            if (strcmp(KINDS[k], "succeeded") == 0) CHECK_TEXT(bj_job_error_text(job), NULL);
            bj_job_destroy(job);
        }
        bj_client_destroy(client);
    }
}

/* A job of the list and the one asked for by its id agree. */
static void list_and_get_agree(void) {
    for (size_t s = 0; LISTING[s] != NULL; s++) {
        bj_client *client = make_client(LISTING[s], "max_items", "40", NULL);
        bj_pages *pages;
        const bj_page *page;
        bj_pages_open(&pages, client, NULL, NULL, NULL);
        while (bj_pages_next(&page, pages, NULL) == BJ_OK)
            for (size_t i = 0; i < bj_page_count(page); i++) {
                const bj_job *listed = bj_page_job(page, i);
                bj_job *job;
                check_context("%s %s", LISTING[s], bj_job_id(listed));
                if (!CHECK_INT(bj_client_get(&job, client, bj_job_id(listed), NULL, NULL, NULL), BJ_OK)) continue;
                CHECK_TEXT(bj_job_id(job), bj_job_id(listed));
                CHECK_TEXT(bj_job_status_word(job), bj_job_status_word(listed));
                CHECK_INT(bj_job_phase(job), bj_job_phase(listed));
                CHECK_INT(bj_job_outcome(job), bj_job_outcome(listed));
                for (int32_t which = 0; which < 9; which++)
                    CHECK_INT(bj_job_count(job, which), bj_job_count(listed, which));
                for (int32_t which = 0; which < 4; which++)
                    CHECK_INT(bj_job_time(job, which), bj_job_time(listed, which));
                bj_job_destroy(job);
            }
        bj_pages_destroy(pages);
        bj_client_destroy(client);
    }
}

/* A copy outlives page, iterator and client, and is the same in all. */
static void retained(void) {
    enum { KEPT = 50 };
    for (size_t s = 0; LISTING[s] != NULL; s++) {
        bj_job *kept[KEPT];
        char *raws[KEPT];
        size_t lengths[KEPT], count = 0;
        bj_client *client = make_client(LISTING[s], "page_size", "20", NULL);
        bj_pages *pages;
        const bj_page *page;
        bj_pages_open(&pages, client, NULL, NULL, NULL);
        while (count < KEPT && bj_pages_next(&page, pages, NULL) == BJ_OK)
            for (size_t i = 0; i < bj_page_count(page) && count < KEPT; i++, count++) {
                const char *raw = bj_job_raw_json(bj_page_job(page, i), &lengths[count]);
                raws[count] = malloc(lengths[count]);
                memcpy(raws[count], raw, lengths[count]);
                CHECK_INT(bj_job_retain(&kept[count], bj_page_job(page, i), NULL), BJ_OK);
            }
        bj_pages_destroy(pages);
        bj_client_destroy(client);
        for (size_t i = 0; i < count; i++) {
            size_t length;
            bj_job *copy;
            const char *raw = bj_job_raw_json(kept[i], &length);
            check_context("%s %s", LISTING[s], bj_job_id(kept[i]));
            CHECK_BYTES(raw, length, raws[i], lengths[i]);
            check_job(kept[i], facts_of(LISTING[s]), NULL);
            /* A copy of a copy. */
            CHECK_INT(bj_job_retain(&copy, kept[i], NULL), BJ_OK);
            bj_job_destroy(kept[i]);
            check_job(copy, facts_of(LISTING[s]), NULL);
            bj_job_destroy(copy);
            free(raws[i]);
        }
    }
    bj_job *out = (bj_job *)1;
    bj_error *error;
    EXPECT_ERROR(bj_job_retain(&out, NULL, &error), BJ_E_ARGUMENT, error);
    CHECK(out == NULL);
    EXPECT_ERROR(bj_job_retain(NULL, NULL, &error), BJ_E_ARGUMENT, error);
}

/* Fields by pointer, over a row with everything in it. */
static void fields(void) {
    static const char BODY[] =
        "{\"batch_id\":\"b-1\",\"status\":\"completed\",\"entity\":\"x\",\"action\":\"enrich\",\"identifier_count\":1,"
        "\"result_count\":0,\"entities_requested\":1,\"entities_fulfilled\":1,\"created_at\":null,\"completed_at\":null,"
        "\"a/b\":1,\"m~n\":2,\"\":3,\"list\":[10,[20,{\"deep\":\"x\"}],\"s\"], \"t\" : true ,\"f\":false,\"z\":null,"
        "\"e\":{},\"n\":-1.50E+2,\"big\":18446744073709551616,\"u\":\"\\u00e9\\n\",\"\xC3\xA9\":4,\"k\\u0065y\":5,"
        "\"o\":{\"p\":{\"q\":[]}}}";
    static const struct { const char *pointer; int32_t kind; const char *bytes; } rows[] = {
        {"/batch_id", BJ_JSON_STRING, "\"b-1\""}, {"/a~1b", BJ_JSON_NUMBER, "1"}, {"/m~0n", BJ_JSON_NUMBER, "2"},
        {"/", BJ_JSON_NUMBER, "3"}, {"/list", BJ_JSON_ARRAY, "[10,[20,{\"deep\":\"x\"}],\"s\"]"},
        {"/list/0", BJ_JSON_NUMBER, "10"}, {"/list/1/1/deep", BJ_JSON_STRING, "\"x\""}, {"/list/2", BJ_JSON_STRING, "\"s\""},
        {"/t", BJ_JSON_BOOL, "true"}, {"/f", BJ_JSON_BOOL, "false"}, {"/z", BJ_JSON_NULL, "null"},
        {"/e", BJ_JSON_OBJECT, "{}"}, {"/n", BJ_JSON_NUMBER, "-1.50E+2"},
        {"/big", BJ_JSON_NUMBER, "18446744073709551616"}, {"/u", BJ_JSON_STRING, "\"\\u00e9\\n\""},
        {"/\xC3\xA9", BJ_JSON_NUMBER, "4"}, {"/key", BJ_JSON_NUMBER, "5"}, {"/o/p/q", BJ_JSON_ARRAY, "[]"},
        {"/created_at", BJ_JSON_NULL, "null"},
        {"/nothing", BJ_JSON_ABSENT, NULL}, {"/list/3", BJ_JSON_ABSENT, NULL}, {"/list/-1", BJ_JSON_ABSENT, NULL},
        {"/list/01", BJ_JSON_ABSENT, NULL}, {"/list/-", BJ_JSON_ABSENT, NULL}, {"/list/x", BJ_JSON_ABSENT, NULL},
        {"/list/99999999999999999999", BJ_JSON_ABSENT, NULL}, {"/batch_id/x", BJ_JSON_ABSENT, NULL},
        {"batch_id", BJ_JSON_ABSENT, NULL}, {"/z/x", BJ_JSON_ABSENT, NULL}, {"/e/", BJ_JSON_ABSENT, NULL},
        {"/a/b", BJ_JSON_ABSENT, NULL}, {"/\xFF", BJ_JSON_ABSENT, NULL}, {"/m~2n", BJ_JSON_ABSENT, NULL},
        {NULL, BJ_JSON_ABSENT, NULL},
    };
    bj_client *client = make_client("crustdata", NULL, NULL);
    bj_job *job, *copy;
    calm();
    fault("{ss ss ss ss}", "service", "crustdata", "operation", "get", "fault", "body", "body", BODY);
    if (CHECK_INT(bj_client_get(&job, client, "b-1", NULL, NULL, NULL), BJ_OK)) {
        bj_job_retain(&copy, job, NULL);
        for (int round = 0; round < 2; round++) {
            const bj_job *from = round == 0 ? job : copy;
            for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                size_t length = 99;
                int32_t kind = 99;
                const char *bytes = bj_job_field(from, rows[i].pointer, &length, &kind);
                check_context("%s", rows[i].pointer);
                CHECK_INT(kind, rows[i].kind);
                if (rows[i].bytes != NULL) CHECK_BYTES(bytes, length, rows[i].bytes, strlen(rows[i].bytes));
                else CHECK(bytes == NULL && length == 0);
                CHECK(bj_job_field(from, rows[i].pointer, NULL, NULL) == bytes);
            }
        }
        bj_job_destroy(copy);
        bj_job_destroy(job);
    }
    bj_client_destroy(client);
    calm();
}

/* A status word nobody knows is "not done, unknown"; it is never made into a success. */
static void unknown_words(void) {
    for (size_t s = 0; LISTING[s] != NULL; s++) {
        bj_client *client = make_client(LISTING[s], NULL, NULL);
        static const char *const pointers[] = {"/status", "/status", "/data/status"};
        bj_job *job;
        check_context("%s", LISTING[s]);
        calm();
        fault("{ss ss ss ss ss}", "service", LISTING[s], "operation", "get", "fault", "mutate", "pointer", pointers[s],
              "value", "hibernating \xE2\x98\x83");
        if (CHECK_INT(bj_client_get(&job, client, sample(LISTING[s], "succeeded"), NULL, NULL, NULL), BJ_OK)) {
            CHECK_TEXT(bj_job_status_word(job), "hibernating \xE2\x98\x83");
            CHECK_INT(bj_job_phase(job), BJ_PHASE_RUNNING);
            CHECK_INT(bj_job_outcome(job), BJ_OUTCOME_UNKNOWN);
        }
        bj_job_destroy(job);
        bj_client_destroy(client);
    }
    calm();
}

/* Times in the shapes services write them in. */
static void times(void) {
    static const struct { const char *text; int64_t ms; } rows[] = {
        {"2026-06-12T12:02:00.220799+00:00", 1781265720220}, {"2026-06-12T12:02:00Z", 1781265720000},
        {"2026-06-12T12:02:00.5Z", 1781265720500}, {"2026-06-12T12:02:00.22Z", 1781265720220},
        {"2026-06-12T14:02:00+02:00", 1781265720000}, {"2026-06-12T06:32:00.001-05:30", 1781265720001},
        {"1970-01-01T00:00:00Z", 0}, {"1969-12-31T23:59:59.999Z", -1}, {"2024-02-29T00:00:00Z", 1709164800000},
        {"2026-06-12T12:02:00.123456789123Z", 1781265720123},
    };
    static const char *const wrong[] = {"", "yesterday", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z",
                                        "2026-06-12T25:00:00Z", "12.6.2026", "99999999999", NULL};
    bj_client *client = make_client("crustdata", NULL, NULL);
    bj_job *job;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        check_context("%s", rows[i].text);
        calm();
        fault("{ss ss ss ss ss}", "service", "crustdata", "operation", "get", "fault", "mutate", "pointer",
              "/created_at", "value", rows[i].text);
        if (CHECK_INT(bj_client_get(&job, client, sample("crustdata", "succeeded"), NULL, NULL, NULL), BJ_OK))
            CHECK_INT(bj_job_time(job, BJ_TIME_CREATED), rows[i].ms);
        bj_job_destroy(job);
    }
    /* What is no time is said to be wrong, or is no time; never another time. */
    for (size_t i = 0; wrong[i] != NULL; i++) {
        bj_error *error;
        check_context("%s", wrong[i]);
        calm();
        fault("{ss ss ss ss ss}", "service", "crustdata", "operation", "get", "fault", "mutate", "pointer",
              "/created_at", "value", wrong[i]);
        bj_status status = bj_client_get(&job, client, sample("crustdata", "succeeded"), NULL, NULL, &error);
        if (status == BJ_OK) CHECK_INT(bj_job_time(job, BJ_TIME_CREATED), BJ_TIME_NONE);
        else EXPECT_ERROR(status, BJ_E_PROTOCOL, error);
        bj_job_destroy(job);
    }
    bj_client_destroy(client);
    calm();
}

int main(void) {
    RUN(every_listed_job);
    RUN(every_sample);
    RUN(list_and_get_agree);
    RUN(retained);
    RUN(fields);
    RUN(unknown_words);
    RUN(times);
    return check_report("job");
}
