/* A small compressed result, torn at every byte in every way a transfer can end early: either the
 * records are whole, or the error says that they are not. The file comes from the simulator; a
 * server in this process, which knows ranges and versions, tears it, because these are thousands. */
#define _POSIX_C_SOURCE 200809L
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "peers.h"
#include "support.h"

#define RECORDS 45
#define LANES 8
#define ETAG "\"torn\""

/* The file, and what is in it. */
static struct {
    char *bytes;
    size_t size, count;
    char *records[RECORDS];
    size_t lengths[RECORDS];
} whole;

/* How it is torn. What is not resumed is torn at the same byte each time. */
enum how { ONCE_FIN, ONCE_RESET, ONCE_UNTAGGED, ONCE_UNFRAMED, ALWAYS_FIN, ALWAYS_RESET, ALWAYS_UNFRAMED, SHORT_FILE, WAYS };
static const struct way { const char *name; int resumes; } WAY[WAYS] = {
    [ONCE_FIN] = {"closed once, resumed", 1},
    [ONCE_RESET] = {"reset once, resumed", 1},
    [ONCE_UNTAGGED] = {"closed once, begun anew without a validator", 1},
    [ONCE_UNFRAMED] = {"closed once, its length not told", 1},
    [ALWAYS_FIN] = {"closed each time, no resume", 0},
    [ALWAYS_RESET] = {"reset each time, no resume", 0},
    [ALWAYS_UNFRAMED] = {"closed each time, its length not told, no resume", 0},
    [SHORT_FILE] = {"a shorter file under complete framing", 0},
};

/* A server and the client that asks it, each on a thread of its own. */
struct lane {
    struct peer peer;
    pthread_t server, asker;
    pthread_mutex_t lock;
    enum how how; /* from here on under the lock while a call runs */
    size_t at;
    int torn;
    size_t first; /* of the offsets this lane tears at */
    size_t cases[WAYS], exact[WAYS], said[WAYS], wrong[WAYS];
    char complaint[300];
};

/* The server */

static int put(int to, const char *from, size_t length) {
    while (length > 0) {
        ssize_t sent = send(to, from, length, MSG_NOSIGNAL);
        if (sent <= 0) return 0;
        from += sent;
        length -= (size_t)sent;
    }
    return 1;
}

static const char *header(const char *request, const char *name) {
    for (const char *line = strstr(request, "\r\n"); line != NULL; line = strstr(line + 2, "\r\n"))
        if (strncasecmp(line + 2, name, strlen(name)) == 0 && line[2 + strlen(name)] == ':') {
            line += 3 + strlen(name);
            return line + strspn(line, " ");
        }
    return NULL;
}

static void answer_job(int to, const struct lane *lane) {
    char body[600], head[200];
    snprintf(body, sizeof body,
             "{\"batch_id\":\"torn\",\"status\":\"completed\",\"entity\":\"company\",\"action\":\"enrich\",\"identifier_count\":1,"
             "\"result_count\":%zu,\"entities_requested\":1,\"entities_fulfilled\":1,\"created_at\":null,\"completed_at\":null,"
             "\"download_url\":null,\"download_urls\":[\"http://127.0.0.1:%d/file\"]}",
             whole.count, lane->peer.port);
    snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
                                "Connection: close\r\n\r\n", strlen(body));
    if (put(to, head, strlen(head))) put(to, body, strlen(body));
}

/* Whether the connection is to be reset. */
static int answer_file(int to, const char *request, struct lane *lane) {
    pthread_mutex_lock(&lane->lock);
    enum how how = lane->how;
    int tears = !WAY[how].resumes || lane->torn == 0;
    size_t size = how == SHORT_FILE ? lane->at : whole.size, end = tears ? lane->at : size, first = 0;
    lane->torn = 1;
    pthread_mutex_unlock(&lane->lock);
    const char *range = header(request, "Range"), *match = header(request, "If-Match");
    char head[400], tag[64] = "", length[64] = "", span[96] = "";
    int tagged = how != ONCE_UNTAGGED, framed = how != ONCE_UNFRAMED && how != ALWAYS_UNFRAMED, status = 200;
    if (match != NULL && (!tagged || strncmp(match, ETAG, strlen(ETAG)) != 0)) status = 412;
    else if (range != NULL && strncmp(range, "bytes=", 6) == 0) {
        first = strtoul(range + 6, NULL, 10);
        status = first < size ? 206 : 416;
    }
    if (status == 206) snprintf(span, sizeof span, "Content-Range: bytes %zu-%zu/%zu\r\n", first, size - 1, size);
    if (status == 416) snprintf(span, sizeof span, "Content-Range: bytes */%zu\r\n", size);
    if (tagged) snprintf(tag, sizeof tag, "ETag: " ETAG "\r\n");
    if (framed || status > 400) snprintf(length, sizeof length, "Content-Length: %zu\r\n", status < 400 ? size - first : 0);
    snprintf(head, sizeof head, "HTTP/1.1 %d Said\r\nContent-Type: application/gzip\r\n%s%s%sConnection: close\r\n\r\n", status,
             tag, length, span);
    if (!put(to, head, strlen(head)) || status > 400) return 0;
    if (first < end) put(to, whole.bytes + first, end - first);
    return end < size && (how == ONCE_RESET || how == ALWAYS_RESET);
}

static void *serve(void *payload) {
    struct lane *lane = payload;
    for (;;) {
        char request[8192];
        size_t length = 0;
        int one = accept(lane->peer.listener, NULL, NULL);
        if (one < 0) return NULL;
        do {
            ssize_t got = recv(one, request + length, sizeof request - 1 - length, 0);
            if (got <= 0) break;
            request[length += (size_t)got] = '\0';
        } while (strstr(request, "\r\n\r\n") == NULL && length < sizeof request - 1);
        int resets = 0;
        if (length > 0 && strncmp(request, "GET /batch/", 11) == 0) answer_job(one, lane);
        else if (length > 0) resets = answer_file(one, request, lane);
        if (resets) {
            struct linger linger = {1, 0};
            setsockopt(one, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
        }
        close(one);
    }
}

/* The client */

static void complain(struct lane *lane, enum how how, size_t records, bj_status status, const bj_error *error) {
    lane->wrong[how]++;
    if (lane->complaint[0] != '\0') return;
    snprintf(lane->complaint, sizeof lane->complaint, "%s, at %zu of %zu: %zu of %zu records, then %s: %.120s", WAY[how].name,
             lane->at, whole.size, records, whole.count, bj_status_name(status), bj_error_message(error));
}

static void read_torn(struct lane *lane, bj_client *client, enum how how, size_t at) {
    bj_results *results;
    const bj_record *record;
    bj_error *error = NULL;
    size_t records = 0, length;
    int same = 1;
    pthread_mutex_lock(&lane->lock);
    lane->how = how;
    lane->at = at;
    lane->torn = 0;
    pthread_mutex_unlock(&lane->lock);
    bj_status status = bj_results_open(&results, client, "torn", NULL, NULL, &error);
    while (status == BJ_OK && (status = bj_results_next(&record, results, &error)) == BJ_OK) {
        const char *data = bj_record_data(record, &length);
        same = same && records < whole.count && length == whole.lengths[records] &&
               memcmp(data, whole.records[records], length) == 0;
        records++;
    }
    int is_exact = same && status == BJ_END && records == whole.count && bj_results_verdict(results) == BJ_VERDICT_VERIFIED;
    int says_short = same && status == BJ_E_TRUNCATED && records <= whole.count && bj_results_verdict(results) == BJ_VERDICT_SHORT;
    /* Before the first byte came, the connection is all that broke. A reset can overtake what was sent. */
    int nothing_came = at == 0 || how == ALWAYS_RESET;
    if (!says_short) says_short = nothing_came && records == 0 && status == BJ_E_TRANSPORT;
    lane->cases[how]++;
    lane->exact[how] += is_exact;
    lane->said[how] += says_short;
    /* Whole when it was resumed, and when nothing was torn off; where the end is not told, one that
     * falls between two members may pass for it, and then the service's count tells. */
    int wanted = at == whole.size              ? is_exact
                 : !WAY[how].resumes           ? says_short
                 : how == ONCE_UNFRAMED        ? is_exact || says_short
                                               : is_exact;
    if (!wanted) complain(lane, how, records, status, error);
    bj_error_destroy(error);
    bj_results_destroy(results);
}

static bj_client *client_of(const struct lane *lane, const char *attempts) {
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d", lane->peer.port);
    bj_options *options = make_options("api_key", "k", "base_url", url, "max_attempts", attempts, NULL);
    bj_client *client;
    if (bj_client_new(&client, "crustdata", options, NULL) != BJ_OK) exit(3);
    bj_options_destroy(options);
    return client;
}

static void *ask(void *payload) {
    struct lane *lane = payload;
    size_t step = patience(1) > 1 ? 61 : 1; /* a sample under valgrind */
    bj_client *patient = client_of(lane, "4"), *hasty = client_of(lane, "1");
    for (enum how how = 0; how < WAYS; how++)
        for (size_t at = lane->first * step; at <= whole.size; at += LANES * step)
            read_torn(lane, WAY[how].resumes ? patient : hasty, how, at);
    for (enum how how = 0; how < WAYS && lane->first == 0; how++)
        read_torn(lane, WAY[how].resumes ? patient : hasty, how, whole.size);
    bj_client_destroy(patient);
    bj_client_destroy(hasty);
    return NULL;
}

/* The file, as the simulator packs it: records of its own in two members. */
static void make_file(void) {
    const char *id = sample("crustdata", "succeeded");
    json_t *rows = truth_part("crustdata", sample("crustdata", "large"), RECORDS), *row, *list = json_array(), *job;
    json_error_t problem;
    char path[100], *text;
    size_t i, length;
    json_array_foreach(json_object_get(rows, "records"), i, row) {
        whole.records[i] = base64_bytes(json_string_value(row), &whole.lengths[i]);
        json_array_append_new(list, json_pack("{sO}", "base64", row));
    }
    whole.count = json_array_size(list);
    json_t *content = json_pack("{ss ss so}", "service", "crustdata", "sample", "succeeded", "records", list);
    json_decref(control("PUT", "/content", content));
    json_decref(content);
    calm();
    plant("storage", "results", -1, 0, "{\"fault\": \"gzip\", \"members\": 2}");
    snprintf(path, sizeof path, "/batch/%s", id);
    text = fetch("crustdata", path, &length);
    job = json_loadb(text, length, 0, &problem);
    whole.bytes = fetch_link(json_string_value(json_array_get(json_object_get(job, "download_urls"), 0)), &whole.size);
    free(text);
    json_decref(job);
    json_decref(rows);
    calm();
    json_decref(control("DELETE", "/content", NULL));
}

static struct lane lanes[LANES];

static void way(enum how how) {
    size_t cases = 0, exact = 0, said = 0, wrong = 0;
    for (size_t i = 0; i < LANES; i++) {
        cases += lanes[i].cases[how];
        exact += lanes[i].exact[how];
        said += lanes[i].said[how];
        wrong += lanes[i].wrong[how];
    }
    printf("torn bodies: %zu cases %s: %zu exact, %zu said to be short, %zu wrong\n", cases, WAY[how].name, exact, said, wrong);
    CHECK(cases > whole.size / 100);
    CHECK_INT(wrong, 0);
    CHECK_INT(exact + said, cases);
}

static void closed_once(void) { way(ONCE_FIN); }
static void reset_once(void) { way(ONCE_RESET); }
static void closed_once_without_validator(void) { way(ONCE_UNTAGGED); }
static void closed_once_without_length(void) { way(ONCE_UNFRAMED); }
static void closed_each_time(void) { way(ALWAYS_FIN); }
static void reset_each_time(void) { way(ALWAYS_RESET); }
static void closed_each_time_without_length(void) { way(ALWAYS_UNFRAMED); }
static void short_file(void) { way(SHORT_FILE); }

int main(void) {
    make_file();
    for (size_t i = 0; i < LANES; i++) {
        peer_silent(&lanes[i].peer);
        pthread_mutex_init(&lanes[i].lock, NULL);
        lanes[i].first = i;
        pthread_create(&lanes[i].server, NULL, serve, &lanes[i]);
    }
    for (size_t i = 0; i < LANES; i++) pthread_create(&lanes[i].asker, NULL, ask, &lanes[i]);
    for (size_t i = 0; i < LANES; i++) {
        pthread_join(lanes[i].asker, NULL);
        shutdown(lanes[i].peer.listener, SHUT_RDWR);
        pthread_join(lanes[i].server, NULL);
        peer_close(&lanes[i].peer);
        if (lanes[i].complaint[0] != '\0') fprintf(stderr, "%s\n", lanes[i].complaint);
    }
    RUN(closed_once);
    RUN(reset_once);
    RUN(closed_once_without_validator);
    RUN(closed_once_without_length);
    RUN(closed_each_time);
    RUN(reset_each_time);
    RUN(closed_each_time_without_length);
    RUN(short_file);
    for (size_t i = 0; i < whole.count; i++) free(whole.records[i]);
    free(whole.bytes);
    return check_report("torn");
}
