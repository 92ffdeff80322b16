/* Ids as hostile callers and odd services write them: one path segment, whatever is in them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

/* Refused before any request; each says what is wrong. */
static void refused(void) {
    static char long_id[1100];
    memset(long_id, 'x', sizeof long_id - 1);
    const char *const ids[] = {"", ".", "..", "a\nb", "a\rb", "\x01", "a\x7F", "not\xFFutf8", "\xC3",
                               "\xED\xA0\x80", "\xC0\xAF", "\xF4\x90\x80\x80", long_id};
    for (size_t s = 0; SERVICES[s] != NULL; s++) {
        bj_client *client = make_client(SERVICES[s], NULL, NULL);
        calm();
        for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
            bj_job *job = (bj_job *)1;
            bj_results *results = (bj_results *)1;
            bj_error *error;
            check_context("%s id %zu", SERVICES[s], i);
            EXPECT_ERROR(bj_client_get(&job, client, ids[i], NULL, NULL, &error), BJ_E_ARGUMENT, error);
            CHECK(job == NULL);
            EXPECT_ERROR(bj_results_open(&results, client, ids[i], NULL, NULL, &error), BJ_E_ARGUMENT, error);
            CHECK(results == NULL);
        }
        CHECK_INT(request_count(), 0);
        bj_client_destroy(client);
    }
}

/* Sent, as one segment in percent-encoding: the path is what the service has, and nothing else. */
static void encoded(void) {
    static const struct { const char *id, *segment; } rows[] = {
        {"../usage-stats?x=", "..%2Fusage-stats%3Fx%3D"}, {"../../admin", "..%2F..%2Fadmin"},
        {"a/b", "a%2Fb"}, {"a?b#c", "a%3Fb%23c"}, {"%2e%2e", "%252e%252e"}, {"%00", "%2500"}, {"a b", "a%20b"}, {"a\tb", "a%09b"},
        {"a&b=c;d", "a%26b%3Dc%3Bd"}, {"\\..\\x", "%5C..%5Cx"}, {"...", "..."}, {"~-_.", "~-_."},
        {"caf\xC3\xA9", "caf%C3%A9"}, {"\xF0\x9F\x9B\xB0", "%F0%9F%9B%B0"}, {"http://evil.example/", "http%3A%2F%2Fevil.example%2F"},
        {"@evil.example", "%40evil.example"}, {" ", "%20"}, {"'\"<>{}|^`[]", "%27%22%3C%3E%7B%7D%7C%5E%60%5B%5D"},
    };
    static const char *const before[] = {"/batch/", "/api/batch/scrape/", "/api/batches/", "/projects/field-notes/job-batches/"};
    for (size_t s = 0; SERVICES[s] != NULL; s++) {
        bj_client *client = make_client(SERVICES[s], NULL, NULL);
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            char wanted[300];
            bj_job *job;
            bj_error *error;
            check_context("%s %s", SERVICES[s], rows[i].id);
            calm();
            bj_status status = bj_client_get(&job, client, rows[i].id, NULL, NULL, &error);
            CHECK_TEXT(bj_error_job_id(error), rows[i].id);
            EXPECT_ERROR(status, BJ_E_NOT_FOUND, error);
            json_t *list = requests();
            CHECK_INT(json_array_size(list), 1);
            snprintf(wanted, sizeof wanted, "%s%s", before[s], rows[i].segment);
            const char *target = json_string_value(json_object_get(json_array_get(list, 0), "target"));
            /* Up to a query that the library itself may add. */
            if (CHECK(target != NULL)) CHECK_BYTES(target, strcspn(target, "?"), wanted, strlen(wanted));
            json_decref(list);
        }
        bj_client_destroy(client);
    }
}

/* Ids with such letters that exist: reach has some. */
static void odd_ids_exist(void) {
    bj_client *client = make_client("reach", NULL, NULL);
    json_t *truth = truth_jobs("reach");
    for (size_t i = 0; i < 40; i++) {
        const char *id = json_string_value(json_array_get(truth, i));
        bj_job *job;
        check_context("%s", id);
        CHECK_INT(bj_client_get(&job, client, id, NULL, NULL, NULL), BJ_OK);
        CHECK_TEXT(bj_job_id(job), id);
        bj_job_destroy(job);
    }
    json_decref(truth);
    bj_client_destroy(client);
}

/* The project of veryfront is a path segment too; a filter's value and a cursor are query values. */
static void other_parts_of_the_address(void) {
    bj_client *client = make_client("veryfront", "project", "../a b?", NULL);
    bj_job *job;
    bj_error *error;
    calm();
    EXPECT_ERROR(bj_client_get(&job, client, "x", NULL, NULL, &error), BJ_E_NOT_FOUND, error);
    json_t *list = requests();
    CHECK_TEXT(json_string_value(json_object_get(json_array_get(list, 0), "target")),
               "/projects/..%2Fa%20b%3F/job-batches/x");
    json_decref(list);
    bj_client_destroy(client);

    client = make_client("reach", NULL, NULL);
    bj_options *call = make_options("kind", "a&limit=1#x", "cursor", "c&d=e f+g/%", NULL);
    bj_pages *pages;
    const bj_page *page;
    calm();
    if (bj_pages_open(&pages, client, call, NULL, NULL) == BJ_OK) {
        EXPECT_ERROR(bj_pages_next(&page, pages, &error), BJ_E_BAD_REQUEST, error);
        list = requests();
        const char *target = json_string_value(json_object_get(json_array_get(list, 0), "target"));
        CHECK_HAS(target, "a%26limit%3D1%23x");
        CHECK_HAS(target, "c%26d%3De%20f%2Bg%2F%25");
        json_decref(list);
    }
    bj_pages_destroy(pages);
    bj_options_destroy(call);
    bj_client_destroy(client);
}

/* A row whose id is not what the caller asked for, or odd: it comes back as the service wrote it. */
static void ids_as_the_service_writes_them(void) {
    static const char *const ids[] = {"id with \"quotes\" and \\", "\xC3\xA9\xCC\x81 \xE2\x80\xA8", "a\tb", "..", NULL};
    bj_client *client = make_client("crustdata", "page_size", "2", "max_items", "1", NULL);
    for (size_t i = 0; ids[i] != NULL; i++) {
        bj_pages *pages;
        const bj_page *page;
        check_context("%s", ids[i]);
        calm();
        fault("{ss ss ss ss ss}", "service", "crustdata", "operation", "list", "fault", "mutate", "pointer",
              "/jobs/0/batch_id", "value", ids[i]);
        CHECK_INT(bj_pages_open(&pages, client, NULL, NULL, NULL), BJ_OK);
        if (CHECK_INT(bj_pages_next(&page, pages, NULL), BJ_OK)) CHECK_TEXT(bj_job_id(bj_page_job(page, 0)), ids[i]);
        bj_pages_destroy(pages);
    }
    bj_client_destroy(client);
    calm();
}

int main(void) {
    RUN(refused);
    RUN(encoded);
    RUN(odd_ids_exist);
    RUN(other_parts_of_the_address);
    RUN(ids_as_the_service_writes_them);
    return check_report("ids");
}
