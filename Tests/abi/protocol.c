/* Answers that are not what the services document: said to be wrong with the place, or taken as
 * absent; never a made-up job and never a crash. Every member of real answers is replaced in turn. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

struct jobs {
    size_t count;
    int bad_id;
};

static int32_t look_at_page(const bj_page *page, void *payload) {
    struct jobs *jobs = payload;
    for (size_t i = 0; i < bj_page_count(page); i++) {
        const bj_job *job = bj_page_job(page, i);
        jobs->count++;
        jobs->bad_id += bj_job_id(job) == NULL || bj_job_id(job)[0] == '\0';
        CHECK(bj_phase_name(bj_job_phase(job)) != NULL && bj_outcome_name(bj_job_outcome(job)) != NULL);
    }
    return 0;
}

static int32_t look_at_record(const bj_record *record, void *payload) {
    size_t length;
    ++*(size_t *)payload;
    CHECK(bj_record_data(record, &length) != NULL);
    CHECK(bj_record_outcome_name(bj_record_outcome(record)) != NULL);
    return 0;
}

/* A call that meets the spoilt answer: 'l'ist, 'g'et or 'r'esults. */
static bj_status call(bj_client *client, const char *service, char what, struct jobs *jobs, bj_error **error) {
    bj_job *job;
    size_t records = 0;
    memset(jobs, 0, sizeof *jobs);
    if (what == 'l') return bj_client_list(client, NULL, NULL, look_at_page, jobs, error);
    if (what == 'r')
        return bj_client_results(client, sample(service, "partial") ? sample(service, "partial") : sample(service, "succeeded"),
                                 NULL, NULL, look_at_record, &records, error);
    bj_status status = bj_client_get(&job, client, sample(service, "partial") ? sample(service, "partial")
                                                                             : sample(service, "succeeded"),
                                     NULL, NULL, error);
    if (job != NULL) {
        jobs->count = 1;
        jobs->bad_id = bj_job_id(job) == NULL || bj_job_id(job)[0] == '\0';
        bj_job_destroy(job);
    }
    return status;
}

static const char *operation_of(char what) { return what == 'l' ? "list" : "get"; }

/* Whole answers that are wrong. */
static void wrong_documents(void) {
    static const struct { const char *body; size_t length; } rows[] = {
        {"<!DOCTYPE html><html><body>Please sign in</body></html>", 0}, {"", 0}, {" ", 0}, {"{}", 0}, {"[]", 0},
        {"null", 0}, {"true", 0}, {"42", 0}, {"\"text\"", 0}, {"{", 0}, {"{\"jobs\":", 0}, {"{\"jobs\":[", 0},
        {"{\"jobs\":[{\"batch_id\":\"x\"", 0}, {"{\"jobs\":[]", 0}, {"{\"jobs\":[]}x", 0}, {"{\"jobs\":[],}", 0},
        {"{\"jobs\":null}", 0}, {"{\"jobs\":{}}", 0}, {"{\"jobs\":[null]}", 0}, {"{\"jobs\":[[]]}", 0},
        {"{\"jobs\":[1,2,3]}", 0}, {"{'jobs':[]}", 0}, {"{\"data\":null,\"success\":true}", 0},
        {"{\"data\":{},\"success\":true}", 0}, {"{\"success\":\"yes\"}", 0}, {"{\"success\":null,\"data\":{}}", 0},
        {"{\"jobs\":[],\"pagination\":null}", 0},
        {"{\"jobs\":[],\"next_cursor\":null}", 0}, {"\xEF\xBB\xBF{\"jobs\":[]}", 0}, {"{\"jobs\":[\"\xFF\"]}", 0},
        {"{\"jobs\":[NaN]}", 0}, {"{\"jobs\":[1e999]}", 0}, {"{\"jobs\":[01]}", 0}, {"{\"jobs\":[\"\\x\"]}", 0},
        {"{\"jobs\":[\"\\ud800\"]}", 0}, {"{\"jobs\":[]}\0{}", 14}, {"\0", 1}, {"{\"jobs\":[],\"jobs\":{}}", 0},
    };
    static const char whats[] = "lgr";
    for (size_t s = 0; SERVICES[s] != NULL; s++)
        for (const char *what = whats; *what != '\0'; what++) {
            bj_client *client = make_client(SERVICES[s], NULL, NULL);
            if (*what == 'l' && bj_client_supports(client, BJ_CAN_LIST) != 1) {
                bj_client_destroy(client);
                continue;
            }
            for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                struct jobs jobs;
                bj_error *error;
                size_t length = rows[i].length > 0 ? rows[i].length : strlen(rows[i].body);
                check_context("%s %c %s", SERVICES[s], *what, rows[i].body);
                calm();
                /* As base64, which can carry any byte. */
                static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
                char encoded[300], *to = encoded;
                for (size_t at = 0; at < length; at += 3) {
                    unsigned int bits = 0;
                    for (size_t k = 0; k < 3; k++)
                        bits = bits << 8 | (at + k < length ? (unsigned char)rows[i].body[at + k] : 0);
                    for (size_t k = 0; k < 4; k++) *to++ = at + k > length ? '=' : letters[bits >> (18 - 6 * k) & 63];
                }
                *to = '\0';
                fault("{ss ss ss si ss}", "service", SERVICES[s], "operation", operation_of(*what), "fault", "body",
                      "times", -1, "base64", encoded);
                bj_status status = call(client, SERVICES[s], *what, &jobs, &error);
                CHECK_INT(jobs.count, 0);
                EXPECT_ERROR(status, BJ_E_PROTOCOL, error);
            }
            bj_client_destroy(client);
        }
    calm();
}

/* What must be there: without it, or with another type in its place, the error names the path. */
static void required_members(void) {
    static const struct { const char *service; char what; const char *pointer; } rows[] = {
        {"crustdata", 'l', "/jobs"}, {"crustdata", 'l', "/has_more"}, {"crustdata", 'l', "/jobs/1/batch_id"},
        {"crustdata", 'l', "/jobs/1/status"}, {"crustdata", 'l', "/jobs/1"}, {"crustdata", 'l', "/jobs/0/result_count"},
        {"crustdata", 'g', "/batch_id"}, {"crustdata", 'g', "/status"}, {"crustdata", 'g', "/entities_requested"},
        {"spidra", 'l', "/jobs"}, {"spidra", 'l', "/pagination"}, {"spidra", 'l', "/pagination/totalPages"},
        {"spidra", 'l', "/jobs/1/uuid"}, {"spidra", 'l', "/jobs/1/status"}, {"spidra", 'l', "/jobs/2/totalUrls"},
        {"spidra", 'g', "/status"}, {"spidra", 'g', "/items"}, {"spidra", 'g', "/completedCount"}, {"spidra", 'r', "/items"},
        {"reach", 'l', "/success"}, {"reach", 'l', "/data"}, {"reach", 'l', "/data/results"}, {"reach", 'l', "/data/pagination"},
        {"reach", 'l', "/data/pagination/hasNextPage"}, {"reach", 'l', "/data/results/1/batchId"},
        {"reach", 'l', "/data/results/1/status"}, {"reach", 'l', "/data/results/1/batchType"},
        {"reach", 'l', "/data/results/1/progress"}, {"reach", 'g', "/success"}, {"reach", 'g', "/data"},
        {"reach", 'g', "/data/batchId"}, {"reach", 'g', "/data/status"}, {"reach", 'g', "/data/progress"},
        {"veryfront", 'g', "/id"}, {"veryfront", 'g', "/job_count"}, {"veryfront", 'g', "/status_counts"},
        {"veryfront", 'g', "/status_counts/submitted"}, {"veryfront", 'g', "/status_counts/canceled"},
        {"veryfront", 'r', "/result/completed"}, {"veryfront", 'r', "/result/failed"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int how = 0; how < 3; how++) {
            struct jobs jobs;
            bj_error *error;
            /* Pages small enough that the list has a second one. */
            bj_client *client = make_client(rows[i].service, rows[i].what == 'l' ? "page_size" : NULL, "5", NULL);
            check_context("%s %c %s %s", rows[i].service, rows[i].what, rows[i].pointer,
                          how == 0 ? "deleted" : how == 1 ? "null" : "of another type");
            calm();
            /* An array in place of anything but one, and an object in place of that. */
            static const char *const arrays[] = {"/jobs", "/items", "/data/results", "/result/completed", "/result/failed"};
            int is_array = 0;
            for (size_t a = 0; a < sizeof arrays / sizeof *arrays; a++) is_array |= strcmp(rows[i].pointer, arrays[a]) == 0;
            json_t *value = how < 2 ? json_null() : is_array ? json_pack("{si}", "x", 7) : json_pack("[i]", 7);
            fault("{ss ss ss si ss sb so}", "service", rows[i].service, "operation", operation_of(rows[i].what), "fault",
                  "mutate", "times", -1, "pointer", rows[i].pointer, "delete", how == 0, "value", value);
            /* A row of an array that is deleted is no fault of the answer. */
            bj_status status = call(client, rows[i].service, rows[i].what, &jobs, &error);
            if (how == 0 && strcmp(rows[i].pointer, "/jobs/1") == 0) CHECK_INT(status, BJ_OK);
            else {
                /* The last step of the pointer stands in the path that the error names. */
                const char *path = bj_error_detail(error, "path"), *last = strrchr(rows[i].pointer, '/');
                if (how == 2 && strstr(rows[i].pointer, "/data/results/1/") == NULL) CHECK_HAS(path, last);
                else CHECK(path != NULL && path[0] == '/');
                EXPECT_ERROR(status, BJ_E_PROTOCOL, error);
                error = NULL;
            }
            bj_error_destroy(error);
            bj_client_destroy(client);
        }
    calm();
}

/* Every place of a real answer, by pointer. */
struct places {
    char **pointers;
    size_t count;
};

static void walk(const json_t *value, const char *pointer, struct places *places) {
    char inner[600];
    const char *name;
    json_t *member;
    size_t i;
    places->pointers = realloc(places->pointers, (places->count + 1) * sizeof *places->pointers);
    places->pointers[places->count] = malloc(strlen(pointer) + 1);
    strcpy(places->pointers[places->count++], pointer);
    if (json_is_object(value)) {
        size_t seen = 0;
        json_object_foreach((json_t *)value, name, member) {
            /* A map of records shows enough with its first ones. */
            if (seen++ > 20 || strpbrk(name, "~/") != NULL || strlen(pointer) + strlen(name) > 500) continue;
            snprintf(inner, sizeof inner, "%s/%s", pointer, name);
            walk(member, inner, places);
        }
    }
    json_array_foreach((json_t *)value, i, member) {
        if (i > 1) break;
        snprintf(inner, sizeof inner, "%s/%zu", pointer, i);
        walk(member, inner, places);
    }
}

/* What stands in each place in turn. */
static const char *const VALUES[] = {
    "null", "true", "-1", "1.5", "1e300", "9223372036854775807", "9223372036854775808", "\"\"", "\"text\"",
    "\"a\\u0000b\"", "\"\\ud800\"", "[]", "[null]", "{}", "{\"x\":[]}", NULL};

static json_t *value_of(const char *text) {
    json_error_t problem;
    /* Surrogates and big integers are nothing jansson makes; near enough is enough. */
    if (strstr(text, "ud800") != NULL) return json_string("\xEF\xBF\xBD");
    if (strstr(text, "775808") != NULL) return json_real(9223372036854775808.0);
    return json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, &problem);
}

static void spoil(const char *service, char what, const char *path) {
    size_t length;
    json_error_t problem;
    struct places places = {NULL, 0};
    char *body = fetch(service, path, &length), *found = body;
    while ((found = strstr(found, "\\u0000\":")) != NULL) memset(found, 'x', 6);
    json_t *document = json_loadb(body, length, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &problem);
    if (!CHECK(document != NULL)) return;
    walk(document, "", &places);
    size_t step = patience(1) > 1 ? 5 : 1; /* a sample under valgrind */
    for (size_t i = 0; i < places.count; i += step)
        for (int v = -1; v < 0 || VALUES[v] != NULL; v++) {
            struct jobs jobs;
            bj_error *error = NULL;
            bj_client *client = make_client(service, what == 'l' ? "page_size" : NULL, "4", NULL);
            check_context("%s %c %s = %s", service, what, places.pointers[i], v < 0 ? "(deleted)" : VALUES[v]);
            calm();
            /* Once: a list that goes on behind the spoilt page shows that it was not cut short. */
            fault("{ss ss ss si ss sb so}", "service", service, "operation", operation_of(what), "fault", "mutate", "times",
                  1, "pointer", places.pointers[i], "delete", v < 0, "value", v < 0 ? json_null() : value_of(VALUES[v]));
            bj_options *call_options = NULL;
            bj_status status = call(client, service, what, &jobs, &error);
            CHECK_INT(jobs.bad_id, 0);
            switch (status) {
            case BJ_OK:
                CHECK(error == NULL);
                break;
            case BJ_E_PROTOCOL:
            case BJ_E_REFUSED:     /* success: false */
            case BJ_E_BAD_REQUEST: /* a made-up cursor is the service's to refuse */
            case BJ_E_CURSOR:
            case BJ_E_NOT_READY: /* a job whose counts or word say that it is not done */
            case BJ_E_LINK: /* a link that is none */
            case BJ_E_UNSUPPORTED: /* a kind of results that nobody knows */
            case BJ_E_TRUNCATED: /* more records announced than there are */
                EXPECT_ERROR(status, status, error);
                break;
            default:
                EXPECT_ERROR(status, BJ_E_PROTOCOL, error);
            }
            bj_options_destroy(call_options);
            bj_client_destroy(client);
        }
    for (size_t i = 0; i < places.count; i++) free(places.pointers[i]);
    free(places.pointers);
    json_decref(document);
    free(body);
    calm();
}

static void spoilt_lists(void) {
    spoil("crustdata", 'l', "/batch?limit=4");
    spoil("spidra", 'l', "/batch/scrape?page=1&limit=4");
    spoil("reach", 'l', "/api/batches?limit=4");
}

static void spoilt_jobs(void) {
    char path[300];
    snprintf(path, sizeof path, "/batch/%s", sample("crustdata", "succeeded"));
    spoil("crustdata", 'g', path);
    spoil("crustdata", 'r', path);
    snprintf(path, sizeof path, "/batch/scrape/%s", sample("spidra", "partial"));
    spoil("spidra", 'g', path);
    spoil("spidra", 'r', path);
    snprintf(path, sizeof path, "/api/batches/%s?includePendingDetails=true", sample("reach", "partial"));
    spoil("reach", 'g', path);
    spoil("reach", 'r', path);
    snprintf(path, sizeof path, "/projects/%s/job-batches/%s", fact("project"), sample("veryfront", "partial"));
    spoil("veryfront", 'g', path);
    spoil("veryfront", 'r', path);
}

/* Deep nesting, many members and long names are no way to bring the program down. */
static void extremes(void) {
    static const struct { const char *name, *before, *again, *after; size_t times; } rows[] = {
        {"deep arrays", "{\"jobs\":", "[", "", 100000}, {"deep arrays in a row", "{\"jobs\":[{\"x\":", "[", "", 200000},
        {"deep objects", "", "{\"a\":", "", 100000}, {"closed deep arrays in the id", "{\"batch_id\":", "[", "]}", 50000},
        {"a long string", "{\"jobs\":[{\"batch_id\":\"", "xxxxxxxxxx", "\"}]}", 500000},
        {"many members", "{", "\"k\":1,", "\"jobs\":[]}", 200000}, {"many rows", "{\"jobs\":[", "{},", "{}]}", 100000},
        {"a long number", "{\"jobs\":[{\"batch_id\":", "9", "}]}", 1000000}, {"backslashes", "{\"jobs\":\"", "\\", "\"}", 100001},
    };
    static const char whats[] = "lg";
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (const char *what = whats; *what != '\0'; what++) {
            struct jobs jobs;
            bj_error *error;
            bj_client *client = make_client("crustdata", NULL, NULL);
            size_t unit = strlen(rows[i].again), total = unit * rows[i].times;
            char *body = malloc(strlen(rows[i].before) + total + strlen(rows[i].after) + 1), *to = body;
            to += sprintf(to, "%s", rows[i].before);
            for (size_t at = 0; at < rows[i].times; at++, to += unit) memcpy(to, rows[i].again, unit);
            strcpy(to, rows[i].after);
            check_context("%s %c", rows[i].name, *what);
            calm();
            fault("{ss ss ss ss}", "service", "crustdata", "operation", operation_of(*what), "fault", "body", "body", body);
            bj_status status = call(client, "crustdata", *what, &jobs, &error);
            EXPECT_ERROR(status, BJ_E_PROTOCOL, error);
            free(body);
            bj_client_destroy(client);
        }
    calm();
}

/* A row that the service makes twice, or not at all, is not made up or hidden by the library. */
static void flags_and_cursors_that_disagree(void) {
    static const struct { const char *service, *pointer, *value; bj_status wanted; } rows[] = {
        {"crustdata", "/next_cursor", "null", BJ_E_PROTOCOL}, {"crustdata", "/next_cursor", "12", BJ_E_PROTOCOL},
        {"crustdata", "/next_cursor", "{}", BJ_E_PROTOCOL}, {"crustdata", "/has_more", "\"true\"", BJ_E_PROTOCOL},
        {"crustdata", "/has_more", "null", BJ_E_PROTOCOL}, {"crustdata", "/has_more", "false", BJ_OK},
        {"reach", "/data/pagination/cursor", "null", BJ_E_PROTOCOL}, {"reach", "/data/pagination/hasNextPage", "1", BJ_E_PROTOCOL},
        {"spidra", "/pagination/totalPages", "-1", BJ_E_PROTOCOL}, {"spidra", "/pagination/totalPages", "\"3\"", BJ_E_PROTOCOL},
        {"spidra", "/pagination/totalPages", "1.5", BJ_E_PROTOCOL}, {"spidra", "/pagination/totalPages", "1e300", BJ_E_PROTOCOL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct jobs jobs;
        bj_error *error;
        bj_client *client = make_client(rows[i].service, "page_size", "20", NULL);
        check_context("%s %s=%s", rows[i].service, rows[i].pointer, rows[i].value);
        calm();
        fault("{ss ss ss ss so}", "service", rows[i].service, "operation", "list", "fault", "mutate", "pointer",
              rows[i].pointer, "value", value_of(rows[i].value));
        bj_status status = call(client, rows[i].service, 'l', &jobs, &error);
        /* With an error of the envelope the page's rows may or may not have been given. */
        CHECK(jobs.count == 20 || (jobs.count == 0 && rows[i].wanted != BJ_OK));
        if (rows[i].wanted == BJ_OK) {
            CHECK_INT(status, BJ_OK);
            CHECK(error == NULL);
        } else EXPECT_ERROR(status, rows[i].wanted, error);
        bj_client_destroy(client);
    }
    calm();
}

int main(void) {
    RUN(wrong_documents);
    RUN(required_members);
    RUN(flags_and_cursors_that_disagree);
    RUN(extremes);
    RUN(spoilt_lists);
    RUN(spoilt_jobs);
    return check_report("protocol");
}
