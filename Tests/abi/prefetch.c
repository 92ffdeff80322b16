/* Pages that are read ahead: what goes over the wire, and that nobody can tell from the jobs. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

struct ids {
    char *ids[300];
    size_t count;
};

static void take(struct ids *ids, const bj_page *page) {
    for (size_t i = 0; i < bj_page_count(page) && ids->count < 300; i++) {
        const char *id = bj_job_id(bj_page_job(page, i));
        size_t size = strlen(id) + 1;
        ids->ids[ids->count] = malloc(size);
        memcpy(ids->ids[ids->count++], id, size);
    }
}

static void let_go(struct ids *ids) {
    while (ids->count > 0) free(ids->ids[--ids->count]);
}

static void are_the_first(const struct ids *ids, const json_t *truth, size_t count) {
    CHECK_INT(ids->count, count);
    for (size_t i = 0; i < ids->count && i < count; i++)
        if (!CHECK_TEXT(ids->ids[i], json_string_value(json_array_get(truth, i)))) return;
}

static bj_status walk(bj_client *client, const bj_options *options, struct ids *ids, bj_error **error) {
    bj_pages *pages;
    const bj_page *page;
    bj_status status = bj_pages_open(&pages, client, options, NULL, error);
    if (status < 0) return status;
    while ((status = bj_pages_next(&page, pages, error)) == BJ_OK) take(ids, page);
    bj_pages_destroy(pages);
    return status;
}

/* The targets that were asked for, in their order; none twice. */
static void none_twice(void) {
    json_t *list = requests(), *one, *other;
    size_t i, j;
    json_array_foreach(list, i, one) {
        json_array_foreach(list, j, other) {
            if (j >= i) break;
            CHECK(strcmp(json_string_value(json_object_get(one, "target")),
                         json_string_value(json_object_get(other, "target"))) != 0);
        }
    }
    json_decref(list);
}

/* For services that number their pages: page=1, 2, 3 ... */
static void in_order(void) {
    json_t *list = requests(), *request;
    size_t i;
    json_array_foreach(list, i, request) {
        const char *target = json_string_value(json_object_get(request, "target"));
        const char *page = strstr(target, "page=");
        /* Two are under way at a time, on two connections: neighbours may arrive the other way round. */
        int number = page != NULL ? atoi(page + 5) : 1;
        CHECK(number >= (int)i && number <= (int)i + 2);
    }
    json_decref(list);
}

/* Any depth, any size, any cap: the same jobs, in the same order, and no request too many. */
static void depths(void) {
    static const char *const ahead[] = {"0", "1", "2", "3", "4", "7", "16"};
    static const struct { const char *size, *items; size_t jobs, requests; } lists[] = {
        {"50", NULL, 230, 5}, {"20", NULL, 230, 12}, {"20", "1", 1, 1}, {"20", "20", 20, 1}, {"20", "21", 21, 2},
        {"20", "75", 75, 4}, {"20", "1000", 230, 12},
    };
    for (size_t s = 0; LISTING[s] != NULL; s++) {
        json_t *truth = truth_jobs(LISTING[s]);
        bj_client *client = make_client(LISTING[s], NULL, NULL);
        for (size_t a = 0; a < sizeof ahead / sizeof *ahead; a++) {
            for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
                struct ids ids = {{NULL}, 0};
                bj_options *options = make_options("prefetch", ahead[a], "page_size", lists[i].size, "max_items",
                                                   lists[i].items, NULL);
                check_context("%s, prefetch %s, pages of %s, at most %s", LISTING[s], ahead[a], lists[i].size,
                              lists[i].items != NULL ? lists[i].items : "all");
                calm();
                CHECK_INT(walk(client, options, &ids, NULL), BJ_END);
                are_the_first(&ids, truth, lists[i].jobs);
                CHECK_INT(request_count(), lists[i].requests);
                none_twice();
                let_go(&ids);
                bj_options_destroy(options);
            }
        }
        bj_client_destroy(client);
        json_decref(truth);
    }
}

/* Over one connection pages leave in order; over several the first is still the first. */
static void how_far_ahead(void) {
    static const struct { const char *service, *ahead; size_t requests; } rows[] = {
        {"spidra", "0", 1}, {"spidra", "1", 2}, {"spidra", "4", 5}, {"spidra", "16", 12}, {"crustdata", "0", 1},
        {"crustdata", "4", 2}, {"crustdata", "16", 2}, {"reach", "4", 2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bj_client *client = make_client(rows[i].service, "page_size", "20", "prefetch", rows[i].ahead, NULL);
        bj_pages *pages;
        const bj_page *page;
        check_context("%s, prefetch %s", rows[i].service, rows[i].ahead);
        sleep_ms(patience(50)); /* until what the client before had under way has arrived */
        calm();
        CHECK_INT(bj_pages_open(&pages, client, NULL, NULL, NULL), BJ_OK);
        CHECK_INT(request_count(), 0);
        CHECK_INT(bj_pages_next(&page, pages, NULL), BJ_OK);
        /* A connection that is opened for it gets its request when a call goes on: at the next. */
        sleep_ms(patience(50));
        size_t soon = request_count();
        CHECK(soon >= 1 && soon <= rows[i].requests);
        if (strcmp(rows[i].ahead, "0") != 0) CHECK(soon >= 2 || strcmp(rows[i].service, "spidra") == 0);
        CHECK_INT(bj_pages_next(&page, pages, NULL), BJ_OK);
        CHECK(request_count() <= rows[i].requests + 1);
        bj_pages_destroy(pages);
        bj_client_destroy(client);
    }
    /* In order, one behind the other: the numbers of a client that takes its time. */
    bj_client *client = make_client("spidra", "page_size", "20", "prefetch", "1", NULL);
    struct ids ids = {{NULL}, 0};
    sleep_ms(patience(50));
    calm();
    check_context("%s", "order");
    CHECK_INT(walk(client, NULL, &ids, NULL), BJ_END);
    in_order();
    let_go(&ids);
    bj_client_destroy(client);
}

/* max_pages, a filter and a cursor to begin with bound it too. */
static void bounds(void) {
    for (size_t s = 0; LISTING[s] != NULL; s++) {
        bj_client *client = make_client(LISTING[s], "page_size", "20", "prefetch", "16", NULL);
        bj_options *three = make_options("max_pages", "3", NULL);
        json_t *truth = truth_jobs(LISTING[s]);
        struct ids ids = {{NULL}, 0};
        bj_error *error;
        check_context("%s", LISTING[s]);
        calm();
        EXPECT_ERROR(walk(client, three, &ids, &error), BJ_E_LIMIT, error);
        are_the_first(&ids, truth, 60);
        CHECK_INT(request_count(), 3);
        let_go(&ids);
        bj_options_destroy(three);
        json_decref(truth);
        bj_client_destroy(client);
    }
}

/* Let go amid its pages: the requests on the wire bother nobody, the next list least of all. */
static void let_go_amid(void) {
    for (size_t s = 0; LISTING[s] != NULL; s++) {
        bj_client *client = make_client(LISTING[s], "page_size", "20", "prefetch", "16", NULL);
        json_t *truth = truth_jobs(LISTING[s]);
        check_context("%s", LISTING[s]);
        calm();
        for (int asked = 0; asked < 4; asked++) {
            bj_pages *pages;
            const bj_page *page;
            struct ids ids = {{NULL}, 0};
            CHECK_INT(bj_pages_open(&pages, client, NULL, NULL, NULL), BJ_OK);
            for (int i = 0; i < asked; i++) CHECK_INT(bj_pages_next(&page, pages, NULL), BJ_OK);
            bj_pages_destroy(pages);
            CHECK_INT(walk(client, NULL, &ids, NULL), BJ_END);
            are_the_first(&ids, truth, json_array_size(truth));
            let_go(&ids);
        }
        json_decref(truth);
        bj_client_destroy(client);
    }
}

/* A page that was read ahead and broke while the caller did something else costs no attempt. */
static void died_in_a_pause(void) {
    static const char *const ways[] = {
        "{\"fault\": \"reset\"}", "{\"fault\": \"close\"}", "{\"fault\": \"cut\", \"bytes\": 300}",
        "{\"fault\": \"reset\", \"bytes\": 2000}",
    };
    for (size_t s = 0; LISTING[s] != NULL; s++) {
        json_t *truth = truth_jobs(LISTING[s]);
        for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
            for (int pause = 0; pause < 2; pause++) {
                bj_client *client = make_client(LISTING[s], "page_size", "50", "max_attempts", "1", NULL);
                bj_pages *pages;
                const bj_page *page;
                bj_status status;
                struct ids ids = {{NULL}, 0};
                check_context("%s, %s, %s", LISTING[s], ways[w], pause ? "after a pause" : "at once");
                calm();
                plant(LISTING[s], "list", 1, 1, ways[w]);
                int64_t began = now_ms();
                CHECK_INT(bj_pages_open(&pages, client, NULL, NULL, NULL), BJ_OK);
                while ((status = bj_pages_next(&page, pages, NULL)) == BJ_OK) {
                    take(&ids, page);
                    if (pause) sleep_ms(40);
                }
                CHECK_INT(status, BJ_END);
                CHECK(now_ms() - began < patience(1000)); /* and no wait either */
                are_the_first(&ids, truth, json_array_size(truth));
                /* libcurl itself sends one again that met a connection which had just died. */
                size_t count = request_count();
                CHECK(count >= 6 && count <= 7);
                let_go(&ids);
                bj_pages_destroy(pages);
                bj_client_destroy(client);
            }
        }
        json_decref(truth);
    }
    calm();
}

/* Once: the request in its place is one like any other. */
static void dies_twice(void) {
    bj_client *client = make_client("crustdata", "page_size", "50", "max_attempts", "1", NULL);
    bj_pages *pages;
    const bj_page *page;
    bj_error *error;
    calm();
    plant("crustdata", "list", -1, 1, "{\"fault\": \"cut\", \"bytes\": 300}");
    CHECK_INT(bj_pages_open(&pages, client, NULL, NULL, NULL), BJ_OK);
    CHECK_INT(bj_pages_next(&page, pages, NULL), BJ_OK);
    EXPECT_ERROR(bj_pages_next(&page, pages, &error), BJ_E_TRANSPORT, error);
    CHECK_INT(request_count(), 3);
    /* The same page again, as after any error. */
    calm();
    CHECK_INT(bj_pages_next(&page, pages, NULL), BJ_OK);
    CHECK(bj_page_count(page) == 50);
    bj_pages_destroy(pages);
    bj_client_destroy(client);
    calm();
}

/* What the service answers to a request in advance counts as its answer: once, and not at open. */
static void errors_come_in_their_turn(void) {
    for (size_t s = 0; LISTING[s] != NULL; s++) {
        bj_client *client = make_client(LISTING[s], "page_size", "50", "prefetch", "4", NULL);
        json_t *truth = truth_jobs(LISTING[s]);
        bj_pages *pages;
        const bj_page *page;
        bj_error *error;
        struct ids ids = {{NULL}, 0};
        check_context("%s", LISTING[s]);
        calm();
        plant(LISTING[s], "list", 1, 1, "{\"fault\": \"status\", \"status\": 403}");
        CHECK_INT(bj_pages_open(&pages, client, NULL, NULL, NULL), BJ_OK);
        bj_status status;
        int errors = 0;
        while ((status = bj_pages_next(&page, pages, &error)) != BJ_END && errors < 3) {
            if (status < 0) {
                errors++;
                CHECK(ids.count >= 50);
                EXPECT_ERROR(status, BJ_E_FORBIDDEN, error);
            } else {
                take(&ids, page);
            }
        }
        CHECK_INT(errors, 1);
        are_the_first(&ids, truth, json_array_size(truth));
        let_go(&ids);
        bj_pages_destroy(pages);
        json_decref(truth);
        bj_client_destroy(client);
    }
    calm();
}

int main(void) {
    RUN(depths);
    RUN(how_far_ahead);
    RUN(bounds);
    RUN(let_go_amid);
    RUN(died_in_a_pause);
    RUN(dies_twice);
    RUN(errors_come_in_their_turn);
    return check_report("prefetch");
}
