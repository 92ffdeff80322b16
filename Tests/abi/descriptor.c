/* Section "Save": what is left of a stream into an open descriptor: files, pipes, sockets, and what is wrong
 * with them. */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host.h"
#include "records.h"

#define LINES 3000

/* A job of one file, and its bytes as they must be saved. */
static struct { struct host host; char *text; size_t length; bj_client *client; } job;

static void job_open(size_t lines, const char *timeout) {
    char *to = job.text = malloc(lines * 100 + 1);
    for (size_t i = 0; i < lines; i++) to += sprintf(to, "{\"n\":%zu,\"fill\":\"%0*d\"}\n", i, (int)(i % 60), 7);
    job.length = (size_t)(to - job.text);
    host_open(&job.host);
    host_add(&job.host, job.text, job.length)->etag = "\"v1\"";
    host_job(&job.host, (long long)lines);
    job.client = host_client(&job.host, "crustdata", "max_attempts", "1", "timeout_ms", timeout, NULL);
}

static void job_close(void) {
    bj_client_destroy(job.client);
    host_close(&job.host);
    free(job.text);
}

/* A stream that has given some records. */
static bj_results *stream(int given) {
    bj_results *results = NULL;
    const bj_record *record;
    CHECK_INT(bj_results_open(&results, job.client, "b-1", NULL, NULL, NULL), BJ_OK);
    for (int i = 0; i < given; i++) CHECK_INT(bj_results_next(&record, results, NULL), BJ_OK);
    return results;
}

static size_t before(int records) {
    const char *at = job.text;
    while (records-- > 0) at = strchr(at, '\n') + 1;
    return (size_t)(at - job.text);
}

struct told { int calls, stop; int64_t bytes, records; };

static int32_t tell(int64_t bytes, int64_t total, int64_t records, void *payload) {
    struct told *told = payload;
    CHECK(total == -1 || total >= bytes);
    told->calls++;
    told->bytes = bytes;
    told->records = records;
    return told->stop;
}

/* Where it stands, behind what is there, and nothing of what was given before. */
static void into_a_file(void) {
    static const int given[] = {0, 1, 700, LINES};
    for (size_t g = 0; g < sizeof given / sizeof *given; g++)
        for (int append = 0; append < 2; append++) {
            char path[300];
            struct told told = {0};
            const bj_record *record;
            check_context("after %d records, %s", given[g], append ? "appending" : "in place");
            snprintf(path, sizeof path, "%s/descriptor-XXXXXX", getenv("TEST_FOLDER"));
            int fd = mkstemp(path);
            CHECK_INT(write(fd, "head\n", 5), 5);
            if (append) CHECK_INT(fcntl(fd, F_SETFL, O_APPEND), 0), lseek(fd, 0, SEEK_SET);
            job_open(LINES, NULL);
            bj_results *results = stream(given[g]);
            CHECK_INT(bj_results_save(results, fd, tell, &told, NULL), BJ_OK);
            CHECK_INT(told.records, LINES);
            CHECK_INT(told.bytes, job.length);
            CHECK_INT(bj_results_records(results), LINES);
            CHECK_INT(bj_results_verdict(results), BJ_VERDICT_VERIFIED);
            CHECK_INT(bj_results_next(&record, results, NULL), BJ_END);
            /* There is nothing more, and the descriptor is still open. */
            CHECK_INT(bj_results_save(results, fd, NULL, NULL, NULL), BJ_OK);
            CHECK_INT(write(fd, "tail\n", 5), 5);
            size_t length, from = before(given[g]), wanted = job.length - from;
            char *found = read_file(path, &length);
            if (CHECK_INT(length, wanted + 10)) {
                CHECK(memcmp(found, "head\n", 5) == 0 && memcmp(found + 5 + wanted, "tail\n", 5) == 0);
                CHECK_BYTES(found + 5, wanted, job.text + from, wanted);
            }
            free(found);
            bj_results_destroy(results);
            job_close();
            close(fd);
            unlink(path);
        }
}

/* A reader that takes its time, and one that goes away. */
struct reader { int fd, pause; size_t most, length; char *bytes; };

static void *reading(void *payload) {
    struct reader *reader = payload;
    ssize_t got;
    while (reader->length < reader->most) {
        size_t room = reader->most - reader->length;
        got = read(reader->fd, reader->bytes + reader->length, room < 5000 ? room : 5000);
        if (got <= 0) break;
        reader->length += (size_t)got;
        if (reader->pause > 0) sleep_ms(reader->pause);
    }
    close(reader->fd);
    return NULL;
}

static void pair(int how, int ends[2]) {
    if (how == 2) CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    else CHECK_INT(pipe(ends), 0);
    /* The reading end comes first in either. */
    if (how == 1) CHECK_INT(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
}

static const char *const PAIRS[] = {"a pipe", "a pipe that does not block", "a socket"};

static void into_a_slow_reader(void) {
    for (int how = 0; how < 3; how++) {
        int ends[2];
        pthread_t thread;
        check_context("%s", PAIRS[how]);
        job_open(LINES * 2, NULL);
        pair(how, ends);
        struct reader reader = {ends[0], 3, SIZE_MAX, 0, malloc(job.length + 5000)};
        pthread_create(&thread, NULL, reading, &reader);
        bj_results *results = stream(2);
        CHECK_INT(bj_results_save(results, ends[1], NULL, NULL, NULL), BJ_OK);
        close(ends[1]);
        pthread_join(thread, NULL);
        CHECK_BYTES(reader.bytes, reader.length, job.text + before(2), job.length - before(2));
        free(reader.bytes);
        bj_results_destroy(results);
        job_close();
    }
}

static int signals;

static void count_signal(int number) {
    (void)number;
    signals++;
}

/* A reader that went away is an error, and no signal comes of it. */
static void reader_goes_away(void) {
    void (*old)(int) = signal(SIGPIPE, count_signal);
    for (int how = 0; how < 3; how++)
        for (size_t most = 0; most < 30000; most += 12000) {
            int ends[2];
            bj_error *error;
            pthread_t thread;
            check_context("%s, after %zu bytes", PAIRS[how], most);
            job_open(LINES * 4, NULL);
            pair(how, ends);
            struct reader reader = {ends[0], 0, most, 0, malloc(most + 1)};
            pthread_create(&thread, NULL, reading, &reader);
            bj_results *results = stream(0);
            bj_status status = bj_results_save(results, ends[1], NULL, NULL, &error);
            pthread_join(thread, NULL);
            const char *reason = bj_error_detail(error, "errno");
            CHECK(reason != NULL && (strcmp(reason, "EPIPE") == 0 || strcmp(reason, "ECONNRESET") == 0));
            CHECK_HAS(bj_error_message(error), "the reader has gone");
            EXPECT_ERROR(status, BJ_E_FILE, error);
            CHECK_BYTES(reader.bytes, reader.length, job.text, most);
            CHECK_INT(signals, 0);
            /* The program's own SIGPIPE is as it was. */
            CHECK(write(ends[1], "x", 1) < 0);
            CHECK_INT(signals, 1);
            signals = 0;
            close(ends[1]);
            free(reader.bytes);
            bj_results_destroy(results);
            job_close();
        }
    signal(SIGPIPE, old);
}

/* Nobody reads: it waits as long as the call may, or until it is cancelled. */
static void nobody_reads(void) {
    for (int how = 0; how < 3; how++)
        for (int cancels = 0; cancels < 2; cancels++) {
            int ends[2];
            bj_error *error;
            bj_cancel *cancel;
            bj_results *results;
            check_context("%s, %s", PAIRS[how], cancels ? "cancelled" : "over time");
            job_open(LINES * 6, "400");
            pair(how, ends);
            CHECK_INT(bj_cancel_new(&cancel, NULL), BJ_OK);
            CHECK_INT(bj_results_open(&results, job.client, "b-1", NULL, cancel, NULL), BJ_OK);
            if (cancels) bj_cancel_fire(cancel);
            int64_t began = now_ms();
            bj_status status = bj_results_save(results, ends[1], NULL, NULL, &error);
            int64_t took = now_ms() - began;
            if (!cancels) CHECK_HAS(bj_error_message(error), "timeout_ms");
            EXPECT_ERROR(status, cancels ? BJ_E_CANCELLED : BJ_E_TIMEOUT, error);
            CHECK(took < patience(cancels ? 500 : 2000));
            if (!cancels) CHECK(took >= 400);
            close(ends[0]);
            close(ends[1]);
            bj_results_destroy(results);
            bj_cancel_destroy(cancel);
            job_close();
        }
}

static void bad_descriptors(void) {
    int read_only = open("/dev/null", O_RDONLY), full = open("/dev/full", O_WRONLY), closed = 900;
    const struct { const char *name; int fd; bj_status wanted; const char *reason; } rows[] = {
        {"-1", -1, BJ_E_ARGUMENT, NULL},         {"the least there is", INT32_MIN, BJ_E_ARGUMENT, NULL},
        {"one that is none", closed, BJ_E_ARGUMENT, NULL}, {"one to read", read_only, BJ_E_FILE, "EBADF"},
        {"a full disk", full, BJ_E_FILE, "ENOSPC"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bj_error *error;
        const bj_record *record;
        check_context("%s", rows[i].name);
        job_open(100, NULL);
        bj_results *results = stream(3);
        bj_status status = bj_results_save(results, rows[i].fd, NULL, NULL, &error);
        CHECK_TEXT(bj_error_detail(error, "errno"), rows[i].reason);
        if (rows[i].fd == full) CHECK_HAS(bj_error_message(error), "no space left");
        EXPECT_ERROR(status, rows[i].wanted, error);
        /* A wrong argument has cost the stream nothing. */
        if (rows[i].wanted == BJ_E_ARGUMENT && CHECK_INT(bj_results_next(&record, results, NULL), BJ_OK))
            CHECK_INT(bj_record_index(record), 3);
        bj_results_destroy(results);
        job_close();
    }
    close(read_only);
    close(full);
}

/* A stop ends with a whole line, and the next call goes on behind it. */
static void stopped_and_gone_on(void) {
    char path[300];
    struct told told = {.stop = 1};
    int stops = 0;
    bj_status status;
    snprintf(path, sizeof path, "%s/descriptor-XXXXXX", getenv("TEST_FOLDER"));
    int fd = mkstemp(path);
    job_open(200, NULL);
    job.host.files[0].slice = (int)job.length / 20;
    job.host.files[0].pause = 60;
    bj_results *results = stream(0);
    while ((status = bj_results_save(results, fd, tell, &told, NULL)) == BJ_STOPPED) {
        size_t length;
        char *found = read_file(path, &length);
        CHECK(length > 0 && found[length - 1] == '\n');
        CHECK_INT(length, before((int)told.records));
        CHECK_INT(bj_results_records(results), told.records);
        free(found);
        stops++;
    }
    CHECK_INT(status, BJ_OK);
    CHECK(stops >= 2);
    size_t length;
    char *found = read_file(path, &length);
    CHECK_BYTES(found, length, job.text, job.length);
    free(found);
    bj_results_destroy(results);
    job_close();
    close(fd);
    unlink(path);
}

/* The stream's own error comes behind all that was good. */
static void a_stream_that_breaks(void) {
    int ends[2];
    bj_error *error;
    pthread_t thread;
    job_open(LINES, NULL);
    job.host.files[0].cut_at = before(1000) + 5;
    job.host.files[0].cuts = 1000;
    pair(0, ends);
    struct reader reader = {ends[0], 0, SIZE_MAX, 0, malloc(job.length + 5000)};
    pthread_create(&thread, NULL, reading, &reader);
    bj_results *results = stream(0);
    EXPECT_ERROR(bj_results_save(results, ends[1], NULL, NULL, &error), BJ_E_TRUNCATED, error);
    EXPECT_ERROR(bj_results_save(results, ends[1], NULL, NULL, &error), BJ_E_TRUNCATED, error);
    close(ends[1]);
    pthread_join(thread, NULL);
    CHECK_BYTES(reader.bytes, reader.length, job.text, before(1000));
    CHECK_INT(bj_results_records(results), 1000);
    free(reader.bytes);
    bj_results_destroy(results);
    job_close();
}

int main(void) {
    RUN(into_a_file);
    RUN(into_a_slow_reader);
    RUN(reader_goes_away);
    RUN(nobody_reads);
    RUN(bad_descriptors);
    RUN(stopped_and_gone_on);
    RUN(a_stream_that_breaks);
    return check_report("descriptor");
}
