/* Section "Pages": all jobs once and in order, however the pages fall; filters, cursors, circles. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

/* A growing list of ids. */
struct ids {
    char **text;
    size_t count;
};

static void ids_add(struct ids *ids, const char *id) {
    ids->text = realloc(ids->text, (ids->count + 1) * sizeof *ids->text);
    ids->text[ids->count] = malloc(strlen(id) + 1);
    strcpy(ids->text[ids->count++], id);
}

static void ids_free(struct ids *ids) {
    for (size_t i = 0; i < ids->count; i++) free(ids->text[i]);
    free(ids->text);
    ids->text = NULL;
    ids->count = 0;
}

/* The ids are those of the truth from `first` on, `count` of them. */
static void is_truth(const struct ids *ids, const json_t *truth, size_t first, size_t count) {
    if (!CHECK_INT(ids->count, count)) return;
    for (size_t i = 0; i < count; i++)
        if (!CHECK_TEXT(ids->text[i], json_string_value(json_array_get(truth, first + i)))) return;
}

/* Walks a list to its end or error. */
static bj_status walk(bj_client *client, const bj_options *call, struct ids *ids, char *cursor, bj_error **error) {
    bj_pages *pages;
    const bj_page *page;
    bj_status status = bj_pages_open(&pages, client, call, NULL, error);
    if (status != BJ_OK) return status;
    if (cursor != NULL) cursor[0] = '\0';
    while ((status = bj_pages_next(&page, pages, error)) == BJ_OK) {
        CHECK(bj_page_count(page) > 0);
        for (size_t i = 0; i < bj_page_count(page); i++) ids_add(ids, bj_job_id(bj_page_job(page, i)));
        CHECK(bj_page_job(page, bj_page_count(page)) == NULL);
        if (cursor != NULL) {
            const char *next = bj_page_next_cursor(page);
            cursor[0] = '\0';
            if (next != NULL && CHECK(strlen(next) < 4000)) strcpy(cursor, next);
        }
    }
    CHECK(page == NULL);
    if (status == BJ_END) {
        /* The end stays the end. */
        CHECK_INT(bj_pages_next(&page, pages, NULL), BJ_END);
        CHECK(page == NULL);
    }
    bj_pages_destroy(pages);
    return status;
}

static void every_page_size(void) {
    static const char *const sizes[] = {"1", "7", "50", "100", "1000", NULL};
    for (size_t s = 0; LISTING[s] != NULL; s++) {
        bj_client *client = make_client(LISTING[s], NULL, NULL);
        json_t *truth = truth_jobs(LISTING[s]);
        for (size_t i = 0; sizes[i] != NULL; i++) {
            struct ids ids = {NULL, 0};
            char cursor[4000];
            bj_options *call = make_options("page_size", sizes[i], NULL);
            check_context("%s page_size=%s", LISTING[s], sizes[i]);
            CHECK_INT(walk(client, call, &ids, cursor, NULL), BJ_END);
            is_truth(&ids, truth, 0, json_array_size(truth));
            CHECK_TEXT(cursor, ""); /* none on the last page */
            ids_free(&ids);
            bj_options_destroy(call);
        }
        struct ids ids = {NULL, 0};
        check_context("%s by default", LISTING[s]);
        CHECK_INT(walk(client, NULL, &ids, NULL, NULL), BJ_END);
        is_truth(&ids, truth, 0, json_array_size(truth));
        ids_free(&ids);
        json_decref(truth);
        bj_client_destroy(client);
    }
}

struct seen {
    struct ids ids;
    size_t pages, stop_after;
};

static int32_t note(const bj_page *page, void *payload) {
    struct seen *seen = payload;
    for (size_t i = 0; i < bj_page_count(page); i++) ids_add(&seen->ids, bj_job_id(bj_page_job(page, i)));
    return ++seen->pages == seen->stop_after;
}

static void by_callback(void) {
    for (size_t s = 0; LISTING[s] != NULL; s++) {
        bj_client *client = make_client(LISTING[s], "page_size", "20", NULL);
        json_t *truth = truth_jobs(LISTING[s]);
        struct seen seen = {{NULL, 0}, 0, 0};
        bj_error *error = (bj_error *)1;
        check_context("%s", LISTING[s]);
        CHECK_INT(bj_client_list(client, NULL, NULL, note, &seen, &error), BJ_OK);
        CHECK(error == NULL);
        is_truth(&seen.ids, truth, 0, json_array_size(truth));
        ids_free(&seen.ids);
        /* A callback that stops gets no further page; stopping is no error. */
        struct seen brief = {{NULL, 0}, 0, 2};
        CHECK_INT(bj_client_list(client, NULL, NULL, note, &brief, &error), BJ_STOPPED);
        CHECK(error == NULL);
        CHECK_INT(brief.pages, 2);
        CHECK_INT(brief.ids.count, 40);
        ids_free(&brief.ids);
        json_decref(truth);
        bj_client_destroy(client);
    }
}

/* The client serves calls from inside its own callback. */
struct nested {
    bj_client *client;
    size_t asked, listed;
};

static int32_t ask_inside(const bj_page *page, void *payload) {
    struct nested *nested = payload;
    bj_job *job;
    for (size_t i = 0; i < bj_page_count(page) && i < 2; i++) {
        const char *id = bj_job_id(bj_page_job(page, i));
        if (CHECK_INT(bj_client_get(&job, nested->client, id, NULL, NULL, NULL), BJ_OK)) {
            CHECK_TEXT(bj_job_id(job), id);
            nested->asked++;
        }
        bj_job_destroy(job);
    }
    /* A list inside the list, once. */
    if (nested->listed == 0) {
        struct seen seen = {{NULL, 0}, 0, 0};
        CHECK_INT(bj_client_list(nested->client, NULL, NULL, note, &seen, NULL), BJ_OK);
        nested->listed = seen.ids.count;
        ids_free(&seen.ids);
    }
    return 0;
}

static void client_inside_callback(void) {
    for (size_t s = 0; LISTING[s] != NULL; s++) {
        bj_client *client = make_client(LISTING[s], "page_size", "20", "max_items", "60", NULL);
        struct nested nested = {client, 0, 0};
        check_context("%s", LISTING[s]);
        CHECK_INT(bj_client_list(client, NULL, NULL, ask_inside, &nested, NULL), BJ_OK);
        CHECK_INT(nested.asked, 6);
        CHECK_INT(nested.listed, 60);
        bj_client_destroy(client);
    }
}

/* A call that fails before it begins never runs the callback. */
static int32_t never(const bj_page *page, void *payload) {
    (void)page;
    *(int *)payload += 1;
    return 0;
}

static void callback_never_runs(void) {
    int calls = 0;
    bj_error *error;
    bj_client *client = make_client("crustdata", NULL, NULL), *other = make_client("veryfront", NULL, NULL);
    bj_options *call = make_options("status", "no such status", NULL);
    calm();
    bj_status status = bj_client_list(client, call, NULL, never, &calls, &error);
    EXPECT_ERROR(status, BJ_E_ARGUMENT, error);
    status = bj_client_list(client, NULL, NULL, NULL, &calls, &error);
    EXPECT_ERROR(status, BJ_E_ARGUMENT, error);
    status = bj_client_list(NULL, NULL, NULL, never, &calls, &error);
    EXPECT_ERROR(status, BJ_E_ARGUMENT, error);
    status = bj_client_list(other, NULL, NULL, never, &calls, &error);
    EXPECT_ERROR(status, BJ_E_UNSUPPORTED, error);
    bj_pages *pages;
    status = bj_pages_open(&pages, other, NULL, NULL, &error);
    CHECK(pages == NULL);
    EXPECT_ERROR(status, BJ_E_UNSUPPORTED, error);
    CHECK_INT(calls, 0);
    CHECK_INT(request_count(), 0);
    bj_options_destroy(call);
    bj_client_destroy(client);
    bj_client_destroy(other);
}

static void open_sends_nothing(void) {
    bj_client *client = make_client("crustdata", NULL, NULL);
    bj_pages *pages;
    calm();
    CHECK_INT(bj_pages_open(&pages, client, NULL, NULL, NULL), BJ_OK);
    CHECK_INT(request_count(), 0);
    bj_pages_destroy(pages);
    bj_client_destroy(client);
}

/* A list cut by max_items goes on from the cursor of its last page, after every single job. */
static void resume_at_every_offset(void) {
    for (size_t s = 0; LISTING[s] != NULL; s++) {
        bj_client *client = make_client(LISTING[s], "page_size", "30", NULL);
        json_t *truth = truth_jobs(LISTING[s]);
        size_t total = json_array_size(truth);
        for (size_t cut = 1; cut <= total; cut++) {
            char number[20], cursor[4000];
            struct ids ids = {NULL, 0};
            snprintf(number, sizeof number, "%zu", cut);
            check_context("%s max_items=%zu", LISTING[s], cut);
            bj_options *call = make_options("max_items", number, NULL);
            CHECK_INT(walk(client, call, &ids, cursor, NULL), BJ_END);
            is_truth(&ids, truth, 0, cut);
            ids_free(&ids);
            bj_options_destroy(call);
            if (cut == total) {
                CHECK_TEXT(cursor, "");
                break;
            }
            if (!CHECK(cursor[0] != '\0')) break;
            /* Some jobs on, which is enough to see a gap or a repetition; all of them now and then. */
            size_t rest = total - cut, wanted = cut % 50 == 0 ? rest : rest < 3 ? rest : 3;
            snprintf(number, sizeof number, "%zu", wanted);
            call = make_options("cursor", cursor, "max_items", number, NULL);
            CHECK_INT(walk(client, call, &ids, NULL, NULL), BJ_END);
            is_truth(&ids, truth, cut, wanted);
            ids_free(&ids);
            bj_options_destroy(call);
        }
        json_decref(truth);
        bj_client_destroy(client);
    }
}

/* max_items stops before more is asked for. */
static void max_items_asks_no_more(void) {
    bj_client *client = make_client("crustdata", "page_size", "10", "max_items", "20", NULL);
    struct ids ids = {NULL, 0};
    calm();
    CHECK_INT(walk(client, NULL, &ids, NULL, NULL), BJ_END);
    CHECK_INT(ids.count, 20);
    CHECK_INT(request_count(), 2);
    ids_free(&ids);
    bj_client_destroy(client);
}

/* A cursor is bound to service and filter; the service's own cursor is taken too. */
static void foreign_cursors(void) {
    char cursor[4000];
    struct ids ids = {NULL, 0};
    bj_client *crustdata = make_client("crustdata", NULL, NULL), *reach = make_client("reach", NULL, NULL);
    bj_client *spidra = make_client("spidra", NULL, NULL);
    json_t *truth = truth_jobs("crustdata");
    bj_options *call = make_options("max_items", "5", "status", "succeeded", NULL);
    CHECK_INT(walk(crustdata, call, &ids, cursor, NULL), BJ_END);
    ids_free(&ids);
    bj_options_destroy(call);

    static const char *const wrong[] = {"status=failed", "status=", NULL};
    bj_error *error;
    bj_pages *pages;
    calm();
    for (size_t i = 0; wrong[i] != NULL; i++) {
        check_context("%s", wrong[i]);
        call = make_options("cursor", cursor, NULL);
        if (i == 0) bj_options_set(call, "status", "failed", NULL);
        EXPECT_ERROR(bj_pages_open(&pages, crustdata, call, NULL, &error), BJ_E_ARGUMENT, error);
        bj_options_destroy(call);
    }
    call = make_options("cursor", cursor, NULL);
    check_context("%s", "another service");
    EXPECT_ERROR(bj_pages_open(&pages, reach, call, NULL, &error), BJ_E_ARGUMENT, error);
    EXPECT_ERROR(bj_pages_open(&pages, spidra, call, NULL, &error), BJ_E_ARGUMENT, error);
    bj_options_destroy(call);
    CHECK_INT(request_count(), 0);

    check_context("%s", "the service's own cursor");
    call = make_options("cursor", json_string_value(json_array_get(truth, 4)), "max_items", "9", NULL);
    CHECK_INT(walk(crustdata, call, &ids, NULL, NULL), BJ_END);
    is_truth(&ids, truth, 5, 9);
    ids_free(&ids);
    bj_options_destroy(call);
    json_decref(truth);

    truth = truth_jobs("spidra");
    call = make_options("cursor", "3", "page_size", "10", "max_items", "9", NULL);
    CHECK_INT(walk(spidra, call, &ids, NULL, NULL), BJ_END);
    is_truth(&ids, truth, 20, 9);
    ids_free(&ids);
    bj_options_destroy(call);
    json_decref(truth);

    /* One that the service does not know is the service's to refuse. */
    check_context("%s", "unknown to the service");
    call = make_options("cursor", "no-such-cursor", NULL);
    EXPECT_ERROR(walk(reach, call, &ids, NULL, &error), BJ_E_BAD_REQUEST, error);
    bj_options_destroy(call);
    ids_free(&ids);
    bj_client_destroy(crustdata);
    bj_client_destroy(reach);
    bj_client_destroy(spidra);
}

/* One filter gives what an unfiltered list shows to match it, in the same order. */
static void filtered(const char *service, const char *name, const char *value,
                     int (*matches)(const bj_job *, const char *)) {
    struct ids wanted = {NULL, 0}, found = {NULL, 0};
    bj_client *client = make_client(service, "page_size", "20", NULL);
    bj_pages *pages;
    const bj_page *page;
    check_context("%s %s=%s", service, name, value);
    bj_pages_open(&pages, client, NULL, NULL, NULL);
    while (bj_pages_next(&page, pages, NULL) == BJ_OK)
        for (size_t i = 0; i < bj_page_count(page); i++)
            if (matches(bj_page_job(page, i), value)) ids_add(&wanted, bj_job_id(bj_page_job(page, i)));
    bj_pages_destroy(pages);
    bj_options *call = make_options(name, value, NULL);
    CHECK_INT(walk(client, call, &found, NULL, NULL), BJ_END);
    if (CHECK_INT(found.count, wanted.count))
        for (size_t i = 0; i < found.count; i++) CHECK_TEXT(found.text[i], wanted.text[i]);
    ids_free(&found);
    /* And resumed in the middle of a filtered page. */
    if (wanted.count > 3) {
        char cursor[4000];
        bj_options_set(call, "max_items", "3", NULL);
        CHECK_INT(walk(client, call, &found, cursor, NULL), BJ_END);
        bj_options_set(call, "max_items", NULL, NULL);
        bj_options_set(call, "cursor", cursor, NULL);
        CHECK_INT(walk(client, call, &found, NULL, NULL), BJ_END);
        if (CHECK_INT(found.count, wanted.count))
            for (size_t i = 0; i < found.count; i++) CHECK_TEXT(found.text[i], wanted.text[i]);
        ids_free(&found);
    }
    bj_options_destroy(call);
    ids_free(&wanted);
    bj_client_destroy(client);
}

static int by_phase_or_outcome(const bj_job *job, const char *value) {
    return strcmp(bj_phase_name(bj_job_phase(job)), value) == 0 ||
           strcmp(bj_outcome_name(bj_job_outcome(job)), value) == 0;
}

static int by_word(const bj_job *job, const char *value) { return strcmp(bj_job_status_word(job), value) == 0; }

static int by_kind(const bj_job *job, const char *value) {
    return bj_job_kind(job) != NULL && strcmp(bj_job_kind(job), value) == 0;
}

static void status_filters(void) {
    static const char *const ours[] = {"queued", "running", "done", "succeeded", "partial", "failed",
                                       "cancelled", "expired", "unknown", NULL};
    static const char *const theirs[][7] = {
        {"crustdata", "pending", "processing", "completed", NULL},
        {"spidra", "pending", "completed", NULL},
        {"reach", "success", "partial_success", "failure", "processing", NULL},
    };
    for (size_t s = 0; LISTING[s] != NULL; s++)
        for (size_t i = 0; ours[i] != NULL; i++) filtered(LISTING[s], "status", ours[i], by_phase_or_outcome);
    for (size_t s = 0; s < 3; s++)
        for (size_t i = 1; theirs[s][i] != NULL; i++) filtered(theirs[s][0], "status", theirs[s][i], by_word);
}

static void kind_filters(void) {
    filtered("crustdata", "kind", "enrich", by_kind);
    filtered("crustdata", "kind", "contact_enrich", by_kind);
    filtered("crustdata", "kind", "no_such_kind", by_kind);
    filtered("reach", "kind", "PARTNER_RESOURCE_BATCH_PATCH", by_kind);
}

/* Reach's own switches reach the service. */
static void reach_switches(void) {
    struct ids ids = {NULL, 0};
    bj_client *client = make_client("reach", NULL, NULL);
    bj_options *call = make_options("sort_by", "finished", "sort_direction", "asc", "include_pending", "true",
                                    "only_pending", "true", "max_items", "1", "page_size", "1", NULL);
    calm();
    CHECK_INT(walk(client, call, &ids, NULL, NULL), BJ_END);
    CHECK_INT(ids.count, 1);
    json_t *list = requests();
    const char *target = json_string_value(json_object_get(json_array_get(list, 0), "target"));
    CHECK_HAS(target, "sortBy=completedAt");
    CHECK_HAS(target, "sortDirection=asc");
    CHECK_HAS(target, "includePendingDetails=true");
    CHECK_HAS(target, "onlyBatchesWithPendingResources=true");
    CHECK_HAS(target, "limit=1");
    json_decref(list);
    ids_free(&ids);
    bj_options_destroy(call);

    /* The times rise, and all jobs have records that wait. */
    int64_t before = INT64_MIN;
    bj_pages *pages;
    const bj_page *page;
    call = make_options("sort_by", "created", "sort_direction", "asc", "only_pending", "true", "page_size", "3", NULL);
    CHECK_INT(bj_pages_open(&pages, client, call, NULL, NULL), BJ_OK);
    while (bj_pages_next(&page, pages, NULL) == BJ_OK)
        for (size_t i = 0; i < bj_page_count(page); i++) {
            const bj_job *job = bj_page_job(page, i);
            CHECK(bj_job_time(job, BJ_TIME_CREATED) >= before);
            CHECK(bj_job_count(job, BJ_COUNT_PENDING) > 0);
            before = bj_job_time(job, BJ_TIME_CREATED);
        }
    CHECK(before != INT64_MIN);
    bj_pages_destroy(pages);
    bj_options_destroy(call);
    bj_client_destroy(client);
}

/* A page size beyond the service's maximum is lowered before it is sent. */
static void page_size_is_lowered(void) {
    static const struct { const char *service, *wanted, *sent; } rows[] = {
        {"crustdata", "1000", "limit=100"}, {"crustdata", NULL, "limit=100"}, {"crustdata", "30", "limit=30"},
        {"spidra", "1000", "limit=50"},     {"spidra", NULL, "limit=50"},     {"spidra", "1", "limit=1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ids ids = {NULL, 0};
        bj_client *client = make_client(rows[i].service, "max_items", "1", NULL);
        bj_options *call = make_options(rows[i].wanted != NULL ? "page_size" : NULL, rows[i].wanted, NULL);
        check_context("%s page_size=%s", rows[i].service, rows[i].wanted);
        calm();
        CHECK_INT(walk(client, call, &ids, NULL, NULL), BJ_END);
        json_t *list = requests();
        CHECK_HAS(json_string_value(json_object_get(json_array_get(list, 0), "target")), rows[i].sent);
        json_decref(list);
        ids_free(&ids);
        bj_options_destroy(call);
        bj_client_destroy(client);
    }
}

/* The raw answer is the service's, byte for byte, and each job's JSON stands in it. */
static void raw_answers(void) {
    static const char *const paths[] = {"/batch?limit=20", "/batch/scrape?page=1&limit=20", "/api/batches?limit=20"};
    for (size_t s = 0; LISTING[s] != NULL; s++) {
        bj_client *client = make_client(LISTING[s], "page_size", "20", NULL);
        bj_pages *pages;
        const bj_page *page;
        size_t length, other, job_length;
        char *answer = fetch(LISTING[s], paths[s], &length);
        check_context("%s", LISTING[s]);
        CHECK_INT(bj_pages_open(&pages, client, NULL, NULL, NULL), BJ_OK);
        if (CHECK_INT(bj_pages_next(&page, pages, NULL), BJ_OK)) {
            const char *raw = bj_page_raw_json(page, &other);
            CHECK_BYTES(raw, other, answer, length);
            CHECK(bj_page_raw_json(page, NULL) == raw);
            const char *from = answer;
            for (size_t i = 0; i < bj_page_count(page); i++) {
                const char *text = bj_job_raw_json(bj_page_job(page, i), &job_length);
                char *copy = malloc(job_length + 1);
                memcpy(copy, text, job_length);
                copy[job_length] = '\0';
                from = strstr(from, copy);
                free(copy);
                if (!CHECK(from != NULL)) break;
            }
        }
        bj_pages_destroy(pages);
        bj_client_destroy(client);
        free(answer);
    }
}

/* Lists that go in circles: all rows so far, then a typed error, then the end. */
static void circles(void) {
    static const struct { const char *service, *fault; int after, times; bj_status wanted; size_t jobs; } rows[] = {
        /* Page two says page two comes next. */
        {"crustdata", "same_cursor", 1, -1, BJ_E_CURSOR, 40}, {"reach", "same_cursor", 1, -1, BJ_E_CURSOR, 40},
        /* Page two is page one again. */
        {"crustdata", "same_rows", 1, -1, BJ_E_CURSOR, 20}, {"reach", "same_rows", 1, -1, BJ_E_CURSOR, 20},
        /* An empty page with a new cursor is no end. */
        {"crustdata", "empty_page", 1, 1, BJ_END, 0}, {"reach", "empty_page", 2, 3, BJ_END, 0},
        {"crustdata", "empty_page", 0, 1, BJ_END, 0},
        /* Empty pages for ever end at max_pages. */
        {"crustdata", "empty_page", 1, -1, BJ_E_LIMIT, 20}, {"reach", "empty_page", 0, -1, BJ_E_LIMIT, 0},
        /* Page numbers: what is known already is dropped, and the list goes on. */
        {"spidra", "same_rows", 1, 1, BJ_END, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ids ids = {NULL, 0};
        bj_error *error = NULL;
        bj_client *client = make_client(rows[i].service, "page_size", "20", "max_pages", "30", NULL);
        json_t *truth = truth_jobs(rows[i].service);
        check_context("%s %s after %d", rows[i].service, rows[i].fault, rows[i].after);
        calm();
        fault("{ss ss ss si si}", "service", rows[i].service, "operation", "list", "fault", rows[i].fault, "after",
              rows[i].after, "times", rows[i].times);
        bj_status status = walk(client, NULL, &ids, NULL, &error);
        if (rows[i].wanted == BJ_END && strcmp(rows[i].service, "spidra") != 0) {
            CHECK_INT(status, BJ_END);
            is_truth(&ids, truth, 0, json_array_size(truth));
        } else if (rows[i].wanted == BJ_END) {
            /* The second page of the service was never shown: its rows are lost, and no other's. */
            CHECK_INT(status, BJ_END);
            CHECK_INT(ids.count, json_array_size(truth) - 20);
        } else {
            if (rows[i].wanted == BJ_E_CURSOR) CHECK(bj_error_detail(error, "cursor") != NULL);
            if (rows[i].wanted == BJ_E_LIMIT) CHECK_HAS(bj_error_message(error), "max_pages");
            EXPECT_ERROR(status, rows[i].wanted, error);
            is_truth(&ids, truth, 0, rows[i].jobs);
        }
        ids_free(&ids);
        json_decref(truth);
        bj_client_destroy(client);
    }
    calm();
}

/* After an error the same page is asked for again; no job is lost or doubled. */
static void on_after_an_error(void) {
    for (size_t s = 0; LISTING[s] != NULL; s++) {
        bj_client *client = make_client(LISTING[s], "page_size", "20", NULL);
        json_t *truth = truth_jobs(LISTING[s]);
        for (int after = 0; after < 3; after++) {
            struct ids ids = {NULL, 0};
            bj_pages *pages;
            const bj_page *page;
            bj_error *error;
            bj_status status;
            int errors = 0;
            check_context("%s after %d", LISTING[s], after);
            calm();
            /* One that no retry hides: an answer that is not JSON. */
            fault("{ss ss ss si}", "service", LISTING[s], "operation", "list", "fault", "html", "after", after);
            CHECK_INT(bj_pages_open(&pages, client, NULL, NULL, NULL), BJ_OK);
            while ((status = bj_pages_next(&page, pages, &error)) != BJ_END && errors < 3) {
                if (status < 0) {
                    errors++;
                    CHECK(page == NULL);
                    EXPECT_ERROR(status, BJ_E_PROTOCOL, error);
                    continue;
                }
                for (size_t i = 0; i < bj_page_count(page); i++) ids_add(&ids, bj_job_id(bj_page_job(page, i)));
            }
            CHECK_INT(errors, 1);
            is_truth(&ids, truth, 0, json_array_size(truth));
            bj_pages_destroy(pages);
            ids_free(&ids);
        }
        json_decref(truth);
        bj_client_destroy(client);
    }
    calm();
}

/* Neither max_pages nor its end is an error while the service has no more. */
static void max_pages(void) {
    bj_client *client = make_client("crustdata", "page_size", "20", NULL);
    json_t *truth = truth_jobs("crustdata");
    size_t pages = (json_array_size(truth) + 19) / 20;
    char number[20];
    struct ids ids = {NULL, 0};
    bj_error *error;
    snprintf(number, sizeof number, "%zu", pages);
    bj_options *call = make_options("max_pages", number, NULL);
    CHECK_INT(walk(client, call, &ids, NULL, NULL), BJ_END);
    CHECK_INT(ids.count, json_array_size(truth));
    ids_free(&ids);
    snprintf(number, sizeof number, "%zu", pages - 1);
    bj_options_set(call, "max_pages", number, NULL);
    bj_status status = walk(client, call, &ids, NULL, &error);
    CHECK_HAS(bj_error_message(error), "max_pages");
    EXPECT_ERROR(status, BJ_E_LIMIT, error);
    is_truth(&ids, truth, 0, (pages - 1) * 20);
    ids_free(&ids);
    bj_options_destroy(call);
    json_decref(truth);
    bj_client_destroy(client);
}

int main(void) {
    RUN(every_page_size);
    RUN(by_callback);
    RUN(client_inside_callback);
    RUN(callback_never_runs);
    RUN(open_sends_nothing);
    RUN(resume_at_every_offset);
    RUN(max_items_asks_no_more);
    RUN(foreign_cursors);
    RUN(status_filters);
    RUN(kind_filters);
    RUN(reach_switches);
    RUN(page_size_is_lowered);
    RUN(raw_answers);
    RUN(circles);
    RUN(on_after_an_error);
    RUN(max_pages);
    return check_report("pages");
}
