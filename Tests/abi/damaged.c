/* Answers and result files as a broken or a hostile service sends them: what was good is given, what
 * is known is said, and nothing takes longer, needs more or tells more than it may. */
#define _DEFAULT_SOURCE
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "peers.h"
#include "support.h"

#define KEY "sk-damaged-0123456789"
#define LINES 1000

/* A service and its storage in one: a thread that answers one connection after the other. */

struct body {
    const void *start, *end;
    size_t start_length, end_length, filler_count; /* the filler stands between the two */
    char filler;
    int pause_ms; /* before the end */
};

enum way { WHOLE, STALLS, DRIPS };

struct host {
    struct peer peer;
    pthread_t thread;
    int status;   /* of the answer to everything but /file */
    enum way way; /* of the answer with that status */
    struct body answer, file;
    int file_status;
    char job[1024]; /* room for the answer that most tests give */
    int asked, files; /* read them when the host has left */
};

static int put(int to, const void *bytes, size_t length) {
    const char *from = bytes;
    while (length > 0) {
        ssize_t sent = send(to, from, length, MSG_NOSIGNAL);
        if (sent <= 0) return 0;
        from += sent;
        length -= (size_t)sent;
    }
    return 1;
}

/* Whether the other side hung up within the time. */
static int hung_up(int one, int ms) {
    struct pollfd wait = {one, POLLIN, 0};
    char byte;
    return poll(&wait, 1, ms) > 0 && recv(one, &byte, 1, 0) <= 0;
}

static void speak(int to, int status, const struct body *body, enum way way) {
    char head[200];
    size_t length = body->start_length + body->filler_count + body->end_length;
    snprintf(head, sizeof head, "HTTP/1.1 %d Said\r\nContent-Type: application/octet-stream\r\nContent-Length: %zu\r\n"
                                "Connection: close\r\n\r\n", status, way == WHOLE ? length : 100);
    if (!put(to, head, strlen(head))) return;
    if (way == STALLS && put(to, "{                                                 ", 50)) hung_up(to, 60000);
    while (way == DRIPS && put(to, " ", 1) && !hung_up(to, 300)) continue;
    if (way != WHOLE || !put(to, body->start, body->start_length)) return;
    char filler[65536];
    memset(filler, body->filler, sizeof filler);
    for (size_t left = body->filler_count; left > 0;) {
        size_t part = left < sizeof filler ? left : sizeof filler;
        if (!put(to, filler, part)) return;
        left -= part;
    }
    sleep_ms(body->pause_ms);
    put(to, body->end, body->end_length);
}

static void *serve(void *payload) {
    struct host *host = payload;
    int one;
    while ((one = accept(host->peer.listener, NULL, NULL)) >= 0) {
        char request[8192] = "";
        size_t got = 0;
        ssize_t more;
        while (strstr(request, "\r\n\r\n") == NULL && got < sizeof request - 1 &&
               (more = recv(one, request + got, sizeof request - 1 - got, 0)) > 0)
            request[got += (size_t)more] = '\0';
        if (strncmp(request, "GET /file", 9) == 0) {
            host->files++;
            speak(one, host->file_status, &host->file, host->file_status == 200 ? WHOLE : host->way);
        } else if (got > 0) {
            host->asked++;
            speak(one, host->status, &host->answer, host->status == 200 ? WHOLE : host->way);
        }
        close(one);
    }
    return NULL;
}

static void arrive(struct host *host) {
    memset(host, 0, sizeof *host);
    host->status = host->file_status = 200;
    peer_silent(&host->peer);
}

/* From here on only the thread touches the host. */
static void open_doors(struct host *host) { CHECK_INT(pthread_create(&host->thread, NULL, serve, host), 0); }

static void leave(struct host *host) {
    shutdown(host->peer.listener, SHUT_RDWR);
    pthread_join(host->thread, NULL);
    peer_close(&host->peer);
}

static void says(struct body *body, const char *text) {
    body->start = text;
    body->start_length = strlen(text);
}

/* A finished job of so many records whose result file is at that address. */
static void has_job(struct host *host, const char *link, int records) {
    snprintf(host->job, sizeof host->job,
             "{\"batch_id\":\"job-1\",\"status\":\"completed\",\"action\":\"enrich\",\"result_count\":%d,"
             "\"entities_requested\":%d,\"entities_fulfilled\":%d,\"created_at\":null,\"completed_at\":null,"
             "\"download_url\":\"%s\",\"download_urls\":null,\"error_message\":null}",
             records, records, records, link);
    says(&host->answer, host->job);
}

static void has_file(struct host *host, int records) {
    char link[100];
    snprintf(link, sizeof link, "%s/file", peer_url(&host->peer, "http"));
    has_job(host, link, records);
}

static bj_client *client_of(const struct host *host, const char *service, const char *key, const char *name,
                            const char *value) {
    bj_options *options = make_options("api_key", key, "base_url", peer_url(&host->peer, "http"), name, value, NULL);
    bj_client *client;
    CHECK_INT(bj_client_new(&client, service, options, NULL), BJ_OK);
    bj_options_destroy(options);
    return client;
}

/* Gzip by hand: the bytes stay as they are, in one stored block. */

static uint32_t crc_of(const char *bytes, size_t length) {
    uint32_t crc = 0xFFFFFFFF;
    for (size_t i = 0; i < length; i++) {
        crc ^= (unsigned char)bytes[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
    }
    return ~crc;
}

static size_t little(char *to, uint32_t number, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) to[i] = (char)(number >> 8 * i & 255);
    return bytes;
}

static size_t member(char *to, const char *bytes, size_t length) {
    char *start = to;
    memcpy(to, "\x1f\x8b\x08\0\0\0\0\0\0\xff\x01", 11);
    to += 11;
    to += little(to, (uint32_t)length, 2);
    to += little(to, ~(uint32_t)length, 2);
    memcpy(to, bytes, length);
    to += length;
    to += little(to, crc_of(bytes, length), 4);
    to += little(to, (uint32_t)length, 4);
    return (size_t)(to - start);
}

static size_t lines(char *to) {
    char *start = to;
    for (int i = 0; i < LINES; i++) to += sprintf(to, "{\"line\":%d}\n", i);
    return (size_t)(to - start);
}

/* Reads all there is; the error is the caller's. */
static bj_status read_all(bj_client *client, size_t *records, bj_error **error) {
    bj_results *results;
    const bj_record *record;
    bj_status status = bj_results_open(&results, client, "job-1", NULL, NULL, error);
    *records = 0;
    if (status != BJ_OK) return status;
    while ((status = bj_results_next(&record, results, error)) == BJ_OK) {
        char wanted[40];
        size_t length;
        const char *data = bj_record_data(record, &length);
        CHECK_INT(bj_record_index(record), *records);
        snprintf(wanted, sizeof wanted, "{\"line\":%zu}", (*records)++);
        CHECK_BYTES(data, length, wanted, strlen(wanted));
    }
    CHECK(record == NULL);
    CHECK_INT(bj_results_next(&record, results, NULL), status); /* the stream has ended */
    bj_results_destroy(results);
    return status;
}

static int32_t count_record(const bj_record *record, void *payload) {
    (void)record;
    ++*(size_t *)payload;
    return 0;
}

/* Damage behind a good member, in the same packet or later: all of the good one is given. */
static void damage_behind_records(void) {
    static const char zeros[512];
    static char text[40000], good[40100], wrong_crc[100];
    size_t good_length = member(good, text, lines(text)), wrong_length = member(wrong_crc, "\n\n\n", 3);
    wrong_crc[wrong_length - 8] ^= 1;
    const struct { const char *name, *bytes; size_t length; } rows[] = {
        {"text", "this is no gzip member", 22},
        {"one byte", "x", 1},
        {"NULs", zeros, sizeof zeros},
        {"a member of an impossible block", "\x1f\x8b\x08\0\0\0\0\0\0\xff\x07\xff\xff\xff\xff\xff", 16},
        {"a member of an unknown method", "\x1f\x8b\x09\0\0\0\0\0\0\xff\x07\xff\xff\xff\xff\xff", 16},
        {"a member with a wrong checksum", wrong_crc, wrong_length},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int pause = 0; pause <= 100; pause += 100) {
            struct host host;
            size_t records;
            bj_error *error;
            check_context("%s, after %d ms", rows[i].name, pause);
            arrive(&host);
            has_file(&host, LINES);
            host.file = (struct body){good, rows[i].bytes, good_length, rows[i].length, 0, 0, pause};
            open_doors(&host);
            bj_client *client = client_of(&host, "crustdata", KEY, NULL, NULL);
            EXPECT_ERROR(read_all(client, &records, &error), BJ_E_PROTOCOL, error);
            CHECK_INT(records, LINES);
            records = 0;
            EXPECT_ERROR(bj_client_results(client, "job-1", NULL, NULL, count_record, &records, &error), BJ_E_PROTOCOL,
                         error);
            CHECK_INT(records, LINES);
            bj_client_destroy(client);
            leave(&host);
        }
}

/* The same without damage, so that the tests above fail for the reason they name. */
static void good_file(void) {
    static char text[40000], good[40100];
    struct host host;
    size_t records;
    arrive(&host);
    has_file(&host, LINES);
    host.file.start = good;
    host.file.start_length = member(good, text, lines(text));
    open_doors(&host);
    bj_client *client = client_of(&host, "crustdata", KEY, NULL, NULL);
    CHECK_INT(read_all(client, &records, NULL), BJ_END);
    CHECK_INT(records, LINES);
    bj_client_destroy(client);
    leave(&host);
}

/* Eight megabytes that unpack to eight gigabytes of empty lines: the first 15 bytes open a block in which a
 * 0 bit is "the same byte 258 times more" and another one says where it stands. */
static void has_bomb(struct host *host) {
    arrive(host);
    has_file(host, 1);
    host->file = (struct body){"\x1f\x8b\x08\0\0\0\0\0\0\xff\xec\xc1\x21\x01\0\0\0\x80\xa0\xee\xff\xc1\x1e\x01\x0a",
                               NULL, 25, 0, ((size_t)1 << 33) / 258 / 4, 0, 0};
    open_doors(host);
}

static void bomb_against_timeout(void) {
    struct host host;
    char limit[20];
    size_t records = 0;
    bj_error *error;
    snprintf(limit, sizeof limit, "%lld", (long long)patience(1000));
    has_bomb(&host);
    bj_client *client = client_of(&host, "crustdata", KEY, "timeout_ms", limit);
    bj_options *options = make_options("max_gzip_ratio", "1000000", NULL);
    int64_t began = now_ms();
    EXPECT_ERROR(bj_client_results(client, "job-1", options, NULL, count_record, &records, &error), BJ_E_TIMEOUT, error);
    CHECK(now_ms() - began < patience(2500));
    CHECK_INT(records, 0);
    bj_options_destroy(options);
    bj_client_destroy(client);
    leave(&host);
}

static void *fire_later(void *payload) {
    static int64_t fired;
    sleep_ms(patience(300));
    fired = now_ms();
    bj_cancel_fire(payload);
    return &fired;
}

static void bomb_against_cancel(void) {
    struct host host;
    pthread_t thread;
    bj_cancel *cancel;
    bj_error *error;
    size_t records = 0;
    void *fired;
    has_bomb(&host);
    bj_client *client = client_of(&host, "crustdata", KEY, NULL, NULL);
    bj_options *options = make_options("max_gzip_ratio", "1000000", NULL);
    CHECK_INT(bj_cancel_new(&cancel, NULL), BJ_OK);
    CHECK_INT(pthread_create(&thread, NULL, fire_later, cancel), 0);
    EXPECT_ERROR(bj_client_results(client, "job-1", options, cancel, count_record, &records, &error), BJ_E_CANCELLED,
                 error);
    int64_t ended = now_ms();
    pthread_join(thread, &fired);
    CHECK(ended >= *(int64_t *)fired);
    CHECK(ended - *(int64_t *)fired < patience(500));
    CHECK_INT(records, 0);
    bj_options_destroy(options);
    bj_cancel_destroy(cancel);
    bj_client_destroy(client);
    leave(&host);
}

/* The status is known: what its body may still say is not worth a long wait, nor another request. */
static void slow_error_body(void) {
    for (int drips = 0; drips < 2; drips++) {
        struct host host;
        bj_error *error;
        bj_job *job;
        check_context("%s", drips ? "drips" : "stalls");
        arrive(&host);
        host.status = 404;
        host.way = drips ? DRIPS : STALLS;
        open_doors(&host);
        bj_client *client = client_of(&host, "crustdata", KEY, NULL, NULL);
        int64_t began = now_ms();
        bj_status status = bj_client_get(&job, client, "job-1", NULL, NULL, &error);
        CHECK(now_ms() - began < patience(3200));
        CHECK_INT(bj_error_http_status(error), 404);
        CHECK_INT(bj_error_retryable(error), 0);
        EXPECT_ERROR(status, BJ_E_NOT_FOUND, error);
        bj_client_destroy(client);
        leave(&host);
        CHECK_INT(host.asked, 1);
    }
}

/* A result file that is none: no record, and the right name for what is wrong. */
static void no_result_file(void) {
    static char packed[200];
    static const char page[] = "<!DOCTYPE html>\n<html><body>Please sign in</body></html>\n";
    size_t packed_length = member(packed, page, sizeof page - 1);
    const struct { const char *name, *bytes; size_t length; bj_status wanted; } rows[] = {
        {"half of a gzip mark", "\x1f", 1, BJ_E_TRUNCATED},
        {"a gzip mark", "\x1f\x8b", 2, BJ_E_TRUNCATED},
        {"a page", page, sizeof page - 1, BJ_E_PROTOCOL},
        {"a page, packed", packed, packed_length, BJ_E_PROTOCOL},
        {"a page behind spaces", "  \t<p>", 6, BJ_E_PROTOCOL},
        {"XML without a line end", "<?xml version=\"1.0\"?>", 21, BJ_E_PROTOCOL},
        {"zstd", "\x28\xb5\x2f\xfd\x04\x00\x59\x00", 8, BJ_E_PROTOCOL},
        {"bzip2", "BZh91AY&SY", 10, BJ_E_PROTOCOL},
        {"NULs", "\0\0\0\0", 4, BJ_E_PROTOCOL},
        {"words", "Service Unavailable\n", 20, BJ_E_PROTOCOL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct host host;
        bj_error *error;
        size_t records = 0;
        check_context("%s", rows[i].name);
        arrive(&host);
        has_file(&host, 1);
        host.file.start = rows[i].bytes;
        host.file.start_length = rows[i].length;
        open_doors(&host);
        bj_client *client = client_of(&host, "crustdata", KEY, NULL, NULL);
        EXPECT_ERROR(bj_client_results(client, "job-1", NULL, NULL, count_record, &records, &error), rows[i].wanted,
                     error);
        CHECK_INT(records, 0);
        bj_client_destroy(client);
        leave(&host);
    }
}

/* What looks like this machine and is a name that anybody may own. */
static void almost_loopback(void) {
    static const char *const urls[] = {"http://127.999.0.1/", "http://127.0.0.256/", "http://127.256.0.1:8080/",
                                       "http://127.0.0.1.example/", "http://127.0.0.-1/", "http://127.0.0.1x/", NULL};
    for (size_t i = 0; urls[i] != NULL; i++) {
        bj_options *options = make_options("api_key", KEY, "base_url", urls[i], NULL);
        bj_client *client;
        bj_error *error;
        check_context("%s", urls[i]);
        EXPECT_ERROR(bj_client_new(&client, "crustdata", options, &error), BJ_E_ARGUMENT, error);
        CHECK(client == NULL);
        bj_client_destroy(client);
        bj_options_destroy(options);
    }
}

/* Texts of 60 MB where memory is short. */

#define LONG 60000000
#define BEFORE "{\"batch_id\":\"job-1\",\"status\":\"completed\",\"action\":\"enrich\",\"result_count\":1," \
               "\"entities_requested\":1,\"entities_fulfilled\":1,\"created_at\":null,\"completed_at\":null,"

enum call { GET, LIST, RESULTS };

/* Only in a child with little memory: the status of one call, as an exit code. */
static void make_call(const struct host *host, const char *service, enum call call) {
    char pages[64] = "0";
    FILE *statm = fopen("/proc/self/statm", "r");
    if (statm == NULL || fgets(pages, sizeof pages, statm) == NULL) _exit(99);
    fclose(statm);
    rlim_t most = (rlim_t)strtoll(pages, NULL, 10) * (rlim_t)sysconf(_SC_PAGESIZE) + ((rlim_t)260 << 20);
    struct rlimit limit = {most, most};
    if (setrlimit(RLIMIT_AS, &limit) != 0) _exit(98);
    alarm(60);
    bj_client *client = client_of(host, service, KEY, "max_attempts", "1");
    bj_status status = BJ_OK;
    bj_error *error = NULL;
    bj_job *job = NULL;
    const bj_page *page;
    bj_pages *list;
    size_t records = 0;
    if (call == GET) status = bj_client_get(&job, client, "job-1", NULL, NULL, &error);
    if (call == RESULTS) status = bj_client_results(client, "job-1", NULL, NULL, count_record, &records, &error);
    if (call == LIST && (status = bj_pages_open(&list, client, NULL, NULL, &error)) == BJ_OK) {
        status = bj_pages_next(&page, list, &error);
        bj_pages_destroy(list);
    }
    if (status < 0 && (bj_error_status(error) != status || bj_error_message(error) == NULL)) _exit(97);
    /* A job's texts are bytes: where there is memory for them they come whole. */
    const char *text = bj_job_error_text(job) != NULL ? bj_job_error_text(job) : bj_job_status_word(job);
    if (status == BJ_OK && (text == NULL || strlen(text) != LONG)) _exit(96);
    bj_error_destroy(error);
    bj_job_destroy(job);
    bj_client_destroy(client);
    _exit(status < 0 ? -status : 0);
}

static void long_texts(void) {
    static const struct { const char *name, *service; enum call call; int http; bj_status wanted; const char *before, *after; } rows[] = {
        {"status", "crustdata", GET, 200, BJ_E_PROTOCOL, "{\"batch_id\":\"job-1\",\"status\":\"", "\"}"},
        {"status among all", "crustdata", GET, 200, BJ_OK,
         "{\"batch_id\":\"job-1\",\"action\":\"enrich\",\"result_count\":1,\"entities_requested\":1,"
         "\"entities_fulfilled\":1,\"created_at\":null,\"completed_at\":null,\"status\":\"", "\"}"},
        {"batch_id", "crustdata", GET, 200, BJ_E_PROTOCOL, "{\"status\":\"completed\",\"action\":\"enrich\",\"result_count\":1,"
         "\"entities_requested\":1,\"entities_fulfilled\":1,\"batch_id\":\"", "\"}"},
        {"download_url", "crustdata", RESULTS, 200, BJ_E_PROTOCOL, BEFORE "\"download_url\":\"http://127.0.0.1/", "\"}"},
        {"download_urls", "crustdata", RESULTS, 200, BJ_E_PROTOCOL, BEFORE "\"download_urls\":[\"http://127.0.0.1/", "\"]}"},
        {"error_message", "crustdata", GET, 200, BJ_OK, BEFORE "\"error_message\":\"", "\"}"},
        {"next_cursor", "crustdata", LIST, 200, BJ_E_PROTOCOL, "{\"jobs\":[],\"has_more\":true,\"next_cursor\":\"", "\"}"},
        {"message of a 400", "crustdata", GET, 400, BJ_E_BAD_REQUEST, "{\"error\":{\"message\":\"", "\"}}"},
        {"reach message", "reach", GET, 200, BJ_E_REFUSED, "{\"success\":false,\"data\":null,\"message\":\"", "\"}"},
        {"reach errors", "reach", GET, 200, BJ_E_REFUSED, "{\"success\":false,\"data\":null,\"message\":\"no\",\"errors\":[\"", "\"]}"},
        {"reach message of a list", "reach", LIST, 200, BJ_E_PROTOCOL, "{\"success\":false,\"data\":null,\"message\":\"", "\"}"},
        {"reach errors of a list", "reach", LIST, 200, BJ_E_REFUSED,
         "{\"success\":false,\"data\":null,\"message\":\"no\",\"errors\":[\"", "\"]}"},
    };
    if (getenv("TEST_SLOW") != NULL) {
        check_skip("sanitizers and valgrind need more address space than this leaves");
        return;
    }
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct host host;
        int how = 0;
        check_context("%s", rows[i].name);
        arrive(&host);
        host.status = rows[i].http;
        host.answer = (struct body){rows[i].before, rows[i].after, strlen(rows[i].before), strlen(rows[i].after),
                                    LONG, 'x', 0};
        /* Before the thread, so that no lock is held by somebody who is not there. */
        pid_t pid = fork();
        if (pid == 0) make_call(&host, rows[i].service, rows[i].call);
        open_doors(&host);
        CHECK(waitpid(pid, &how, 0) == pid);
        leave(&host);
        if (WIFSIGNALED(how)) CHECK_INT(WTERMSIG(how), 0);
        CHECK(WIFEXITED(how));
        /* Memory may also be too short; then the call says so. */
        if (-WEXITSTATUS(how) != BJ_E_NO_MEMORY) CHECK_INT(-WEXITSTATUS(how), rows[i].wanted);
    }
}

/* Secrets and what only looks like one. */

/* A list that lacks its jobs is wrong at "/jobs", whatever words the own headers hold. */
static void details_are_ours(void) {
    static const char *const headers[] = {"header.X-Mode", "header.X-Token", NULL};
    for (size_t i = 0; headers[i] != NULL; i++) {
        struct host host;
        bj_pages *list;
        const bj_page *page;
        bj_error *error;
        check_context("%s", headers[i]);
        arrive(&host);
        says(&host.answer, "{\"has_more\":false,\"next_cursor\":null}");
        open_doors(&host);
        bj_client *client = client_of(&host, "crustdata", KEY, headers[i], "jobs");
        CHECK_INT(bj_pages_open(&list, client, NULL, NULL, NULL), BJ_OK);
        bj_status status = bj_pages_next(&page, list, &error);
        CHECK_TEXT(bj_error_detail(error, "path"), "/jobs");
        if (i == 0) CHECK_HAS(bj_error_message(error), "/jobs");
        EXPECT_ERROR(status, BJ_E_PROTOCOL, error);
        bj_pages_destroy(list);
        bj_client_destroy(client);
        leave(&host);
    }
}

/* Every spelling in which a service may repeat the key. */
static void spelled(int which) {
    static const char key[] = "sk/live\"q7Zr/81x";
    static const struct { const char *name, *text; } rows[] = {
        {"plain", key},
        {"percent", "sk%2Flive%22q7Zr%2F81x"},
        {"JSON", "sk/live\\\"q7Zr/81x"},
        {"JSON, every slash escaped", "sk\\/live\\\"q7Zr\\/81x"},
        {"percent, slashes left", "sk/live%22q7Zr/81x"},
        {"percent, small letters", "sk%2flive%22q7Zr%2f81x"},
        {"XML", "sk/live&quot;q7Zr/81x"},
    };
    for (size_t i = which ? 2 : 0; i < (which ? sizeof rows / sizeof *rows : 2); i++)
        for (int way = 0; way < 4; way++) {
            struct host host;
            bj_job *job;
            bj_error *error;
            char text[400];
            const char *body = text;
            int in_message = way != 1;
            check_context("%s, way %d", rows[i].name, way);
            /* In a JSON string stands no bare quote. */
            if (way == 1 && i == 0) continue;
            json_t *value = json_pack("{s{ss+}}", "error", "message", "no such key: ", rows[i].text);
            char *packed = json_dumps(value, 0);
            if (way == 0) snprintf(text, sizeof text, "no such key: %s", rows[i].text);
            if (way == 1) snprintf(text, sizeof text, "{\"message\":\"no\",\"errors\":[{\"key\":\"%s\"}]}", rows[i].text);
            if (way == 2) body = packed;
            if (way == 3) snprintf(text, sizeof text, "<Error><Code>Bad</Code><Message>no such key: %s</Message></Error>", rows[i].text);
            arrive(&host);
            host.status = 422;
            says(&host.answer, body);
            open_doors(&host);
            bj_client *client = client_of(&host, "crustdata", key, NULL, NULL);
            bj_status status = bj_client_get(&job, client, "job-1", NULL, NULL, &error);
            const char *shown = in_message ? bj_error_message(error) : bj_error_detail(error, "errors");
            CHECK_HAS(shown, "[redacted]");
            if (shown != NULL && !CHECK(strstr(shown, "q7Zr") == NULL)) fprintf(stderr, "    shown: %s\n", shown);
            EXPECT_ERROR(status, BJ_E_UNPROCESSABLE, error);
            bj_client_destroy(client);
            leave(&host);
            free(packed);
            json_decref(value);
        }
}

static void spelled_keys(void) { spelled(0); }

static void spelled_keys_escaped(void) {
    spelled(1);
}

static int tells(const char *text) { return text != NULL && strstr(text, "hunter2") != NULL; }

/* A link may carry a name and a password: the error says what was asked without them. */
static void passwords(int which) {
    static const char *const usual[] = {
        "http://user:hunter2@127.0.0.1:1/file", "http://hunter2@127.0.0.1:1/file", "https://user:hunter2@127.0.0.1:1/file",
        "https://user:hunter2@127.0.0.1:1", "http://user:hunter2@127.0.0.1:1?x=1", "http://user:hunter2@127.0.0.1:1#x",
        "http://user:hunter2@a@127.0.0.1:1/file", "http://a@user:hunter2@127.0.0.1:1/file",
        "//user:hunter2@127.0.0.1:1/file", "ftp://user:hunter2@127.0.0.1:1/file",
        "http:\\\\/\\\\/user:hunter2@127.0.0.1:1/file",
        "http://127.0.0.1:1/file?token=hunter2", "http://127.0.0.1:1/file#hunter2",
        "http://user:hunter2@127.0.0.1:1\\\\@example.com/file", "http://user%3Ahunter2@127.0.0.1:1/file", NULL};
    static const char *const odd[] = {
        "http:/user:hunter2@127.0.0.1:1/file", "http:///user:hunter2@127.0.0.1:1/file",
        "http:\\\\\\\\user:hunter2@127.0.0.1:1/file", "user:hunter2@127.0.0.1:1/file", NULL};
    const char *const *links = which ? odd : usual;
    for (size_t i = 0; links[i] != NULL; i++) {
        struct host host;
        bj_error *error;
        size_t records = 0;
        check_context("%s", links[i]);
        arrive(&host);
        has_job(&host, links[i], 1);
        open_doors(&host);
        bj_client *client = client_of(&host, "crustdata", KEY, "max_attempts", "1");
        bj_status status = bj_client_results(client, "job-1", NULL, NULL, count_record, &records, &error);
        CHECK(status < 0);
        CHECK_INT(records, 0);
        if (!CHECK(!tells(bj_error_url(error)))) fprintf(stderr, "    url: %s\n", bj_error_url(error));
        if (!CHECK(!tells(bj_error_message(error)))) fprintf(stderr, "    message: %s\n", bj_error_message(error));
        for (size_t at = 0; at < bj_error_detail_count(error); at++)
            CHECK(!tells(bj_error_detail(error, bj_error_detail_name(error, at))));
        EXPECT_ERROR(status, status, error);
        bj_client_destroy(client);
        leave(&host);
        CHECK_INT(host.files, 0);
    }
}

static void passwords_in_links(void) { passwords(0); }

static void passwords_in_odd_links(void) {
    passwords(1);
}

int main(void) {
    RUN(long_texts); /* the first, before there is any client in this process */
    RUN(good_file);
    RUN(damage_behind_records);
    RUN(bomb_against_timeout);
    RUN(bomb_against_cancel);
    RUN(slow_error_body);
    RUN(no_result_file);
    RUN(almost_loopback);
    RUN(details_are_ours);
    RUN(spelled_keys);
    RUN(spelled_keys_escaped);
    RUN(passwords_in_links);
    RUN(passwords_in_odd_links);
    return check_report("damaged");
}
