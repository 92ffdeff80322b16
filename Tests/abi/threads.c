/* One client on several threads: calls, lists, results and cancels at once. Also run under TSan. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

enum { THREADS = 8, ROUNDS = 12 };

struct worker {
    bj_client *client;
    const char *service;
    size_t total, records;
    int problems;
};

static int32_t count_jobs(const bj_page *page, void *payload) {
    *(size_t *)payload += bj_page_count(page);
    return 0;
}

static int32_t count_records(const bj_record *record, void *payload) {
    size_t length;
    *(size_t *)payload += bj_record_data(record, &length) != NULL;
    return 0;
}

/* Checks are counted by the main thread only: workers just note that something was wrong. */
static void *work(void *payload) {
    struct worker *worker = payload;
    for (int round = 0; round < ROUNDS; round++) {
        size_t jobs = 0, records = 0;
        bj_job *job;
        bj_error *error;
        switch (round % 4) {
        case 0:
            if (bj_client_list(worker->client, NULL, NULL, count_jobs, &jobs, NULL) != BJ_OK || jobs != worker->total)
                worker->problems++;
            break;
        case 1:
            if (bj_client_results(worker->client, sample(worker->service, "large"), NULL, NULL, count_records, &records,
                                  NULL) != BJ_OK || records != worker->records)
                worker->problems++;
            break;
        case 2:
            if (bj_client_get(&job, worker->client, sample(worker->service, "succeeded"), NULL, NULL, NULL) != BJ_OK ||
                strcmp(bj_job_id(job), sample(worker->service, "succeeded")) != 0)
                worker->problems++;
            bj_job_destroy(job);
            break;
        default:
            if (bj_client_get(&job, worker->client, "no-such-job", NULL, NULL, &error) != BJ_E_NOT_FOUND ||
                bj_error_http_status(error) != 404)
                worker->problems++;
            bj_error_destroy(error);
        }
    }
    return NULL;
}

static void one_client(void) {
    for (size_t s = 0; LISTING[s] != NULL; s++) {
        bj_client *client = make_client(LISTING[s], "page_size", "50", NULL);
        json_t *jobs = truth_jobs(LISTING[s]), *truth = truth_of(LISTING[s], sample(LISTING[s], "large"));
        struct worker workers[THREADS];
        pthread_t threads[THREADS];
        check_context("%s", LISTING[s]);
        calm();
        for (int i = 0; i < THREADS; i++) {
            struct worker worker = {client, LISTING[s], json_array_size(jobs),
                                    json_array_size(json_object_get(truth, "records")), 0};
            workers[i] = worker;
            pthread_create(&threads[i], NULL, work, &workers[i]);
        }
        for (int i = 0; i < THREADS; i++) {
            pthread_join(threads[i], NULL);
            CHECK_INT(workers[i].problems, 0);
        }
        bj_client_destroy(client);
        json_decref(jobs);
        json_decref(truth);
    }
}

/* No more connections to the service than there were calls at once, and pages read ahead for each. */
static void connections_with(const char *prefetch, size_t most) {
    bj_client *client = make_client("spidra", "prefetch", prefetch, NULL);
    struct worker workers[THREADS];
    pthread_t threads[THREADS];
    json_t *jobs = truth_jobs("spidra"), *truth = truth_of("spidra", sample("spidra", "large"));
    calm();
    for (int i = 0; i < THREADS; i++) {
        struct worker worker = {client, "spidra", json_array_size(jobs),
                                json_array_size(json_object_get(truth, "records")), 0};
        workers[i] = worker;
        pthread_create(&threads[i], NULL, work, &workers[i]);
    }
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    json_t *list = requests(), *request;
    json_int_t seen[THREADS * ROUNDS * 10];
    size_t count = 0, at;
    json_array_foreach(list, at, request) {
        json_int_t number = json_integer_value(json_object_get(request, "connection"));
        size_t known = 0;
        while (known < count && seen[known] != number) known++;
        if (known == count && count < sizeof seen / sizeof *seen) seen[count++] = number;
    }
    CHECK(json_array_size(list) >= THREADS * ROUNDS);
    CHECK(count <= most);
    for (int i = 0; i < THREADS; i++) CHECK_INT(workers[i].problems, 0);
    json_decref(list);
    json_decref(jobs);
    json_decref(truth);
    bj_client_destroy(client);
}

static void connections(void) {
    connections_with("0", THREADS);
    connections_with("4", THREADS * 5);
}

/* Calls that are cancelled at any moment end as cancelled or whole, and the client lives on. */
static atomic_int done;

static void *cancelled_calls(void *payload) {
    struct worker *worker = payload;
    while (!atomic_load(&done)) {
        size_t records = 0;
        bj_error *error;
        bj_status status = bj_client_results(worker->client, sample(worker->service, "large"), NULL, NULL, count_records,
                                             &records, &error);
        if (status == BJ_OK ? records != worker->records : status != BJ_E_CANCELLED) worker->problems++;
        bj_error_destroy(error);
    }
    return NULL;
}

static void cancelled_at_any_moment(void) {
    bj_client *client = make_client("crustdata", NULL, NULL);
    json_t *truth = truth_of("crustdata", sample("crustdata", "large"));
    struct worker workers[THREADS];
    pthread_t threads[THREADS];
    atomic_store(&done, 0);
    for (int i = 0; i < THREADS; i++) {
        struct worker worker = {client, "crustdata", 0, json_array_size(json_object_get(truth, "records")), 0};
        workers[i] = worker;
        pthread_create(&threads[i], NULL, cancelled_calls, &workers[i]);
    }
    for (int i = 0; i < 60; i++) {
        sleep_ms(1 + i * 7 % 23);
        bj_client_cancel(client);
    }
    atomic_store(&done, 1);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        CHECK_INT(workers[i].problems, 0);
    }
    size_t records = 0;
    CHECK_INT(bj_client_results(client, sample("crustdata", "large"), NULL, NULL, count_records, &records, NULL), BJ_OK);
    CHECK_INT(records, json_array_size(json_object_get(truth, "records")));
    json_decref(truth);
    bj_client_destroy(client);
}

/* Each thread has an iterator of its own; the client is given back while they are at work. */
static void *walk_pages(void *payload) {
    const bj_page *page;
    size_t *jobs = ((void **)payload)[1];
    while (bj_pages_next(&page, ((void **)payload)[0], NULL) == BJ_OK) *jobs += bj_page_count(page);
    bj_pages_destroy(((void **)payload)[0]);
    return NULL;
}

static void iterators_outlive_the_client(void) {
    bj_client *client = make_client("reach", "page_size", "10", NULL);
    json_t *truth = truth_jobs("reach");
    pthread_t threads[THREADS];
    size_t jobs[THREADS];
    void *parts[THREADS][2];
    for (int i = 0; i < THREADS; i++) {
        bj_pages *pages;
        CHECK_INT(bj_pages_open(&pages, client, NULL, NULL, NULL), BJ_OK);
        jobs[i] = 0;
        parts[i][0] = pages;
        parts[i][1] = &jobs[i];
        pthread_create(&threads[i], NULL, walk_pages, parts[i]);
    }
    bj_client_destroy(client);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        CHECK_INT(jobs[i], json_array_size(truth));
    }
    json_decref(truth);
}

/* One bj_cancel for many calls, fired and given back by another thread while they run. */
static void *wait_for_cancel(void *payload) {
    void **parts = payload;
    bj_job *job;
    bj_status status = bj_client_get(&job, parts[0], sample("crustdata", "large"), NULL, parts[1], NULL);
    return status == BJ_E_CANCELLED ? NULL : parts;
}

static void one_cancel_for_many(void) {
    bj_client *client = make_client("crustdata", NULL, NULL);
    bj_cancel *cancel;
    pthread_t threads[THREADS];
    void *parts[2], *problem;
    CHECK_INT(bj_cancel_new(&cancel, NULL), BJ_OK);
    parts[0] = client;
    parts[1] = cancel;
    calm();
    fault("{ss ss ss si sf}", "service", "crustdata", "operation", "get", "fault", "delay", "times", -1, "seconds", 20.0);
    for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, wait_for_cancel, parts);
    sleep_ms(patience(100));
    bj_cancel_fire(cancel);
    bj_cancel_destroy(cancel);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], &problem);
        CHECK(problem == NULL);
    }
    bj_client_destroy(client);
    calm();
}

/* A job is immutable: read from several threads, and the copy from yet another. */
static void *read_job(void *payload) {
    bj_job *copy;
    size_t problems = 0;
    for (int i = 0; i < 200; i++) {
        size_t length;
        problems += bj_job_field(payload, "/batch_id", &length, NULL) == NULL;
        problems += bj_job_raw_json(payload, &length) == NULL;
        if (bj_job_retain(&copy, payload, NULL) != BJ_OK) return payload;
        problems += strcmp(bj_job_id(copy), bj_job_id(payload)) != 0;
        bj_job_destroy(copy);
    }
    return problems > 0 ? payload : NULL;
}

static void jobs_are_shared(void) {
    bj_client *client = make_client("crustdata", NULL, NULL);
    bj_job *job;
    pthread_t threads[THREADS];
    void *problem;
    CHECK_INT(bj_client_get(&job, client, sample("crustdata", "large"), NULL, NULL, NULL), BJ_OK);
    for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, read_job, job);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], &problem);
        CHECK(problem == NULL);
    }
    bj_job_destroy(job);
    bj_client_destroy(client);
}

int main(void) {
    sample("crustdata", "large"); /* the facts are read before there are threads */
    RUN(one_client);
    RUN(connections);
    RUN(cancelled_at_any_moment);
    RUN(iterators_outlive_the_client);
    RUN(one_cancel_for_many);
    RUN(jobs_are_shared);
    return check_report("threads");
}
