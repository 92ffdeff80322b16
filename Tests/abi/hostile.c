/* Section "Results": what must not happen when saving is broken off, taken up otherwise, or met by a
 * second process, and when a stream ends for want of time. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host.h"

#define RECORDS 4000

static char folder[200], path[210], partial[230], note[230];
static char *lines;
static size_t length;

/* Each record differs from every other, so that a gap or a repeat shows. */
static void make_lines(void) {
    char *to = lines = malloc(RECORDS * 100);
    for (int i = 0; i < RECORDS; i++) to += sprintf(to, "{\"n\":%d,\"pad\":\"%064d\"}\n", i, i);
    length = (size_t)(to - lines);
}

static const char *line_at(int number) {
    const char *at = lines;
    for (int i = 0; i < number; i++) at = strchr(at, '\n') + 1;
    return at;
}

static void remove_files(void) {
    unlink(path);
    unlink(partial);
    unlink(note);
}

static void expect_saved(const char *wanted, size_t wanted_length) {
    size_t found_length;
    char *found = read_file(path, &found_length);
    CHECK_BYTES(found, found_length, wanted, wanted_length);
    free(found);
    CHECK(!file_exists(partial) && !file_exists(note));
}

/* A file that comes slowly enough for the progress callback to be asked before its end. */
static struct host_file *slow(struct host_file *file) {
    file->slice = (int)(length / 12);
    file->pause = 60;
    return file;
}

static int32_t stop(int64_t bytes, int64_t total, int64_t records, void *payload) {
    (void)bytes, (void)total, (void)payload;
    return records > 0;
}

static bj_status save(bj_client *client, const char *format, const char *resume, bj_progress_fn fn, bj_error **error) {
    bj_options *options = make_options("save_format", format, "resume", resume, NULL);
    bj_status status = bj_client_save(client, "b-1", path, options, NULL, fn, NULL, error);
    bj_options_destroy(options);
    return status;
}

/* The place behind the record of that index. */
static char *token_of(bj_client *client, int64_t index) {
    bj_results *results;
    const bj_record *record;
    const char *token = NULL;
    CHECK_INT(bj_results_open(&results, client, "b-1", NULL, NULL, NULL), BJ_OK);
    while (bj_results_records(results) <= index && bj_results_next(&record, results, NULL) == BJ_OK) {}
    CHECK_INT(bj_results_token_at(&token, results, index, NULL), BJ_OK);
    char *copy = strdup(token != NULL ? token : "");
    bj_results_destroy(results);
    return copy;
}

static size_t size_of(const char *name) {
    size_t found;
    free(read_file(name, &found));
    return found;
}

/* A place noted by one run does not hold for the bytes that another run has written since, and that
 * was killed before it noted one of its own. */
static void killed_after_a_note(void) {
    struct host host;
    bj_error *error;
    size_t packed, reached, has_grown = 0;
    int64_t until;
    char *member = gzip_member(lines, length, &packed);
    host_open(&host);
    struct host_file *file = slow(host_add(&host, member, packed));
    file->etag = "\"one\"";
    host_job(&host, RECORDS);
    bj_client *client = host_client(&host, "crustdata", NULL, NULL);
    CHECK_INT(save(client, "jsonl", NULL, stop, &error), BJ_STOPPED);
    reached = size_of(partial);
    CHECK(reached > 0 && reached < length && file_exists(note));
    pid_t child = fork();
    if (child == 0) {
        bj_client *own = host_client(&host, "crustdata", NULL, NULL);
        save(own, "gzip", NULL, NULL, NULL);
        _exit(0);
    }
    /* The other format begins anew, and overtakes what was there. */
    until = now_ms() + patience(10000);
    for (size_t least = reached; now_ms() < until && !has_grown; sleep_ms(2)) {
        size_t now = size_of(partial);
        if (now < least) least = now;
        has_grown = least < reached && now >= reached;
        if (now == 0 && file_exists(path)) break;
    }
    CHECK(has_grown);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    CHECK(!file_exists(path));
    host_set(&host, file, member, packed);
    file->slice = 0;
    if (!CHECK_INT(save(client, "jsonl", NULL, NULL, &error), BJ_OK)) fprintf(stderr, "%s\n", bj_error_message(error));
    bj_error_destroy(error);
    expect_saved(lines, length);
    remove_files();
    bj_client_destroy(client);
    host_close(&host);
    free(member);
}

/* What a call with "resume" has left holds the end of the results only: a call without it, or with
 * another place, begins at its own; one with the same place goes on. */
static void left_by_a_resumed_save(void) {
    struct host host;
    bj_error *error;
    host_open(&host);
    struct host_file *file = host_add(&host, lines, length);
    file->etag = "\"one\"";
    host_job(&host, RECORDS);
    bj_client *client = host_client(&host, "crustdata", NULL, NULL);
    char *tenth = token_of(client, 9), *fifth = token_of(client, 4);
    const struct { const char *then, *now; int from, goes_on; } rows[] = {
        {tenth, NULL, 0, 0}, {tenth, fifth, 5, 0}, {NULL, tenth, 10, 0}, {tenth, tenth, 10, 1}, {NULL, NULL, 0, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        check_context("row %zu", i);
        slow(file);
        CHECK_INT(save(client, "jsonl", rows[i].then, stop, &error), BJ_STOPPED);
        CHECK(size_of(partial) > 0 && file_exists(note));
        file->slice = 0;
        host_forget(&host);
        CHECK_INT(save(client, "jsonl", rows[i].now, NULL, &error), BJ_OK);
        CHECK((host_last_start(&host, 0) > (long long)length / 20) == rows[i].goes_on);
        expect_saved(line_at(rows[i].from), length - (size_t)(line_at(rows[i].from) - lines));
        remove_files();
    }
    free(tenth);
    free(fifth);
    bj_client_destroy(client);
    host_close(&host);
}

/* Compressed bytes cannot begin behind a record: those before it would come again. */
static void packed_from_a_place(void) {
    struct host host;
    bj_error *error;
    size_t packed;
    char *member = gzip_member(lines, length, &packed);
    host_open(&host);
    host_add(&host, member, packed);
    host_job(&host, RECORDS);
    bj_client *client = host_client(&host, "crustdata", NULL, NULL);
    char *tenth = token_of(client, 9);
    host_forget(&host);
    bj_status status = save(client, "gzip", tenth, NULL, &error);
    CHECK_TEXT(bj_error_detail(error, "option"), "resume");
    EXPECT_ERROR(status, BJ_E_ARGUMENT, error);
    CHECK_INT(host_asked(&host, -1), 0);
    CHECK(!file_exists(path) && !file_exists(partial));
    remove_files();
    free(tenth);
    bj_client_destroy(client);
    host_close(&host);
    free(member);
}

/* What could not be written is not known to the stream: it does not go on behind it. */
static void after_a_full_pipe(void) {
    struct host host;
    bj_results *results;
    const bj_record *record;
    bj_error *error;
    int ends[2];
    host_open(&host);
    host_add(&host, lines, length);
    host_job(&host, RECORDS);
    bj_client *client = host_client(&host, "crustdata", NULL, NULL);
    bj_options *options = make_options("timeout_ms", patience(1) > 1 ? "4000" : "400", NULL);
    if (pipe(ends) != 0) exit(3);
    CHECK_INT(bj_results_open(&results, client, "b-1", options, NULL, NULL), BJ_OK);
    EXPECT_ERROR(bj_results_save(results, ends[1], NULL, NULL, &error), BJ_E_TIMEOUT, error);
    EXPECT_ERROR(bj_results_save(results, ends[1], NULL, NULL, &error), BJ_E_TIMEOUT, error);
    EXPECT_ERROR(bj_results_next(&record, results, &error), BJ_E_TIMEOUT, error);
    CHECK_INT(bj_results_verdict(results), BJ_VERDICT_NONE);
    bj_results_destroy(results);
    bj_options_destroy(options);
    bj_client_destroy(client);
    host_close(&host);
    close(ends[0]);
    close(ends[1]);
}

/* Time that is up says nothing of how long the results are, whoever brings them. */
static void out_of_time(void) {
    static const char document[] =
        "{\"status\":\"completed\",\"totalUrls\":3,\"completedCount\":3,\"failedCount\":0,"
        "\"createdAt\":\"2026-01-15T10:00:00Z\",\"items\":[{\"status\":\"completed\",\"n\":1},"
        "{\"status\":\"completed\",\"n\":2},{\"status\":\"completed\",\"n\":3}]}";
    const char *const services[] = {"crustdata", "spidra"};
    for (size_t i = 0; i < 2; i++) {
        struct host host;
        bj_results *results;
        const bj_record *record;
        bj_error *error;
        bj_status status;
        check_context("%s", services[i]);
        host_open(&host);
        host_add(&host, lines, length)->hold_at = length / 2;
        if (i == 0) host_job(&host, RECORDS);
        else {
            host_document(&host, document);
            host.document.hold_at = sizeof document - 20;
        }
        bj_client *client = host_client(&host, services[i], NULL, NULL);
        bj_options *options = make_options("timeout_ms", patience(1) > 1 ? "4000" : "500", NULL);
        CHECK_INT(bj_results_open(&results, client, "b-1", options, NULL, NULL), BJ_OK);
        while ((status = bj_results_next(&record, results, &error)) == BJ_OK) {}
        CHECK(bj_results_records(results) > 1);
        CHECK_TEXT(bj_error_detail(error, "option"), "timeout_ms");
        EXPECT_ERROR(status, BJ_E_TIMEOUT, error);
        CHECK_INT(bj_results_verdict(results), BJ_VERDICT_NONE);
        bj_results_destroy(results);
        bj_options_destroy(options);
        bj_client_destroy(client);
        host_close(&host);
    }
}

/* An answer that breaks off is asked for again. What the second says of the job counts at the end. */
static void done_meanwhile(void) {
    static const struct { int says; bj_status wanted; int32_t verdict; } rows[] = {
        {2, BJ_END, BJ_VERDICT_VERIFIED}, {3, BJ_E_TRUNCATED, BJ_VERDICT_SHORT}, {1, BJ_E_PROTOCOL, BJ_VERDICT_LONG},
    };
    static const char format[] =
        "{\"status\":\"%s\",\"totalUrls\":%d,\"completedCount\":2,\"failedCount\":0,"
        "\"createdAt\":\"2026-01-15T10:00:00Z\",\"items\":[{\"n\":1},{\"n\":2}]}";
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct host host;
        bj_results *results;
        const bj_record *record;
        char document[400];
        check_context("%d", rows[i].says);
        host_open(&host);
        snprintf(document, sizeof document, format, "running", 2);
        host_document(&host, document);
        host.document.cut_at = strlen(document) - 6;
        host.document.cuts = 1;
        bj_client *client = host_client(&host, "spidra", NULL, NULL);
        CHECK_INT(bj_results_open(&results, client, "b-1", NULL, NULL, NULL), BJ_OK);
        CHECK_INT(bj_results_next(&record, results, NULL), BJ_OK);
        snprintf(document, sizeof document, format, "completed", rows[i].says);
        host_document(&host, document);
        CHECK_INT(bj_results_next(&record, results, NULL), BJ_OK);
        CHECK_INT(bj_results_next(&record, results, NULL), rows[i].wanted);
        CHECK_INT(bj_results_verdict(results), rows[i].verdict);
        CHECK_INT(bj_results_expected(results), rows[i].says);
        CHECK_INT(host_asked(&host, -1), 2);
        bj_results_destroy(results);
        bj_client_destroy(client);
        host_close(&host);
    }
}

/* The first lock of the library finds that the file it has opened got its name meanwhile, as when
 * another process finishes at that moment. */
static int finishes;

int flock(int descriptor, int operation) {
    if (finishes) {
        finishes = 0;
        if (rename(partial, path) != 0) exit(3);
    }
    return (int)syscall(SYS_flock, descriptor, operation);
}

static void finished_by_another(void) {
    struct host host;
    bj_error *error;
    host_open(&host);
    host_add(&host, "9\n", 2);
    host_job(&host, 1);
    bj_client *client = host_client(&host, "crustdata", NULL, NULL);
    int other = open(partial, O_CREAT | O_WRONLY, 0666);
    CHECK(write(other, lines, length) == (ssize_t)length);
    close(other);
    finishes = 1;
    bj_status status = save(client, "jsonl", NULL, NULL, &error);
    CHECK(!finishes);
    CHECK_TEXT(bj_error_detail(error, "errno"), "EEXIST");
    EXPECT_ERROR(status, BJ_E_FILE, error);
    size_t found_length;
    char *found = read_file(path, &found_length);
    CHECK_BYTES(found, found_length, lines, length);
    free(found);
    remove_files();
    bj_client_destroy(client);
    host_close(&host);
}

/* A path that cannot be is not one that exists. */
static void impossible_paths(void) {
    struct host host;
    char name[600];
    const struct { const char *reason; int is_long; } rows[] = {{"ENOTDIR", 0}, {"ENAMETOOLONG", 1}, {"ENOENT", 2}};
    host_open(&host);
    host_job(&host, 0);
    bj_client *client = host_client(&host, "crustdata", NULL, NULL);
    close(open(path, O_CREAT | O_WRONLY, 0666));
    for (size_t i = 0; i < 3; i++) {
        bj_error *error;
        check_context("%s", rows[i].reason);
        if (rows[i].is_long == 1) snprintf(name, sizeof name, "%s/%0300d", folder, 7);
        else snprintf(name, sizeof name, "%s/%s", rows[i].is_long ? folder : path, rows[i].is_long ? "no/such" : "below");
        bj_status status = bj_client_save(client, "b-1", name, NULL, NULL, NULL, NULL, &error);
        CHECK_TEXT(bj_error_detail(error, "errno"), rows[i].reason);
        EXPECT_ERROR(status, BJ_E_FILE, error);
    }
    CHECK_INT(host_asked(&host, -1), 0);
    remove_files();
    bj_client_destroy(client);
    host_close(&host);
}

int main(void) {
    const char *place = getenv("TEST_FOLDER");
    snprintf(folder, sizeof folder, "%s/hostile.XXXXXX", place != NULL ? place : ".");
    if (mkdtemp(folder) == NULL) return 3;
    snprintf(path, sizeof path, "%s/out", folder);
    snprintf(partial, sizeof partial, "%s.partial", path);
    snprintf(note, sizeof note, "%s.partial.json", path);
    make_lines();
    RUN(killed_after_a_note);
    RUN(left_by_a_resumed_save);
    RUN(packed_from_a_place);
    RUN(after_a_full_pipe);
    RUN(out_of_time);
    RUN(done_meanwhile);
    RUN(finished_by_another);
    RUN(impossible_paths);
    free(lines);
    rmdir(folder);
    return check_report("hostile");
}
