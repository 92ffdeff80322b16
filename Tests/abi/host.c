#define _GNU_SOURCE
#include "host.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void broken(const char *what) {
    fprintf(stderr, "the test's own machinery failed: %s: %s\n", what, strerror(errno));
    exit(3);
}

struct visit {
    struct host *host;
    int place, socket;
};

/* Sends what poll says there is room for; 0 once the client or the host is gone. */
static int send_all(struct host *host, int to, const char *bytes, size_t length) {
    while (length > 0) {
        struct pollfd wait = {to, POLLOUT, 0};
        if (host->closing) return 0;
        if (poll(&wait, 1, 50) == 0) continue;
        ssize_t sent = send(to, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && (errno == EAGAIN || errno == EINTR)) continue;
        if (sent <= 0) return 0;
        bytes += sent;
        length -= (size_t)sent;
    }
    return 1;
}

static int is_gone(int socket) {
    char byte;
    return recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* How much may be sent now; waits while it is nothing. 0: the end, whatever the reason. */
static size_t allowed(struct host *host, struct host_file *file, int socket, size_t at, int cuts, int *cut) {
    size_t end = file->length * file->repeat, may = 0;
    pthread_mutex_lock(&host->lock);
    while (!host->closing) {
        size_t limit = file->hold_at < end ? file->hold_at : end;
        if (cuts && file->cut_at < limit) limit = file->cut_at;
        may = limit > at ? limit - at : 0;
        *cut = cuts && at >= file->cut_at;
        if (may > 0 || at >= end || *cut || is_gone(socket)) break;
        struct timespec soon;
        clock_gettime(CLOCK_REALTIME, &soon);
        soon.tv_nsec += 50000000;
        if (soon.tv_nsec >= 1000000000) soon.tv_sec++, soon.tv_nsec -= 1000000000;
        pthread_cond_timedwait(&host->changed, &host->lock, &soon);
    }
    if (host->closing) may = 0;
    pthread_mutex_unlock(&host->lock);
    return may;
}

static void deliver(struct host *host, struct host_file *file, int socket, long long start, const char *type) {
    char head[500], tag[120] = "", range[120] = "";
    size_t end = file->length * file->repeat, at = start > 0 ? (size_t)start : 0;
    int cut = 0, cuts;
    pthread_mutex_lock(&host->lock);
    cuts = file->cuts > 0;
    if (cuts) file->cuts--;
    if (file->etag != NULL) snprintf(tag, sizeof tag, "ETag: %s\r\n", file->etag);
    pthread_mutex_unlock(&host->lock);
    if (start >= 0 && at < end) snprintf(range, sizeof range, "Content-Range: bytes %zu-%zu/%zu\r\n", at, end - 1, end);
    if (start >= 0 && at >= end) {
        snprintf(head, sizeof head, "HTTP/1.1 416 no\r\nContent-Range: bytes */%zu\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", end);
        send_all(host, socket, head, strlen(head));
        return;
    }
    snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Type: %s\r\n%s%sContent-Length: %zu\r\nConnection: close\r\n\r\n",
             start >= 0 ? "206 part" : "200 ok", type, tag, range, end - at);
    if (!send_all(host, socket, head, strlen(head))) return;
    for (;;) {
        size_t may = allowed(host, file, socket, at, cuts, &cut), within = file->length > 0 ? at % file->length : 0;
        if (may == 0) break;
        if (may > file->length - within) may = file->length - within;
        if (may > 1 << 20) may = 1 << 20;
        if (file->slice > 0 && may > (size_t)file->slice) may = (size_t)file->slice;
        if (!send_all(host, socket, file->bytes + within, may)) break;
        at += may;
        if (file->pause > 0) sleep_ms(file->pause);
    }
}

static void answer(struct host *host, int socket, const char *request) {
    struct host_file *file = &host->document;
    const char *range = strcasestr(request, "\r\nRange: bytes="), *match = strcasestr(request, "\r\nIf-Match: ");
    const char *signature = strstr(request, "X-Amz-Signature=");
    int number = -1;
    long long start = -1;
    if (strncmp(request, "GET /file/", 10) == 0) number = atoi(request + 10);
    if (number >= (int)host->file_count) broken("a file that is not there was asked for");
    pthread_mutex_lock(&host->lock);
    if (number >= 0) file = &host->files[number];
    int is_expired = number >= 0 && (signature == NULL || atoi(signature + 16) != host->signature);
    if (range != NULL && file->etag != NULL && !file->no_ranges) start = atoll(range + 15);
    if (host->asked_count < sizeof host->asked / sizeof *host->asked) {
        host->asked[host->asked_count].file = number;
        host->asked[host->asked_count++].start = start;
    }
    int refused = match != NULL && !file->no_match && (file->etag == NULL || strncmp(match + 12, file->etag, strlen(file->etag)) != 0);
    pthread_cond_broadcast(&host->changed);
    pthread_mutex_unlock(&host->lock);
    if (is_expired || refused) {
        char text[100];
        snprintf(text, sizeof text, "HTTP/1.1 %d no\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", is_expired ? 403 : 412);
        send_all(host, socket, text, strlen(text));
        return;
    }
    deliver(host, file, socket, start, number < 0 ? "application/json" : "application/octet-stream");
}

static void *visited(void *payload) {
    struct visit *visit = payload;
    struct host *host = visit->host;
    char request[16384];
    size_t length = 0;
    while (length < sizeof request - 1) {
        ssize_t got = recv(visit->socket, request + length, sizeof request - 1 - length, 0);
        if (got <= 0) break;
        length += (size_t)got;
        request[length] = '\0';
        if (strstr(request, "\r\n\r\n") == NULL) continue;
        answer(host, visit->socket, request);
        break;
    }
    pthread_mutex_lock(&host->lock);
    host->sockets[visit->place] = -1;
    shutdown(visit->socket, SHUT_WR);
    close(visit->socket);
    host->threads--;
    pthread_cond_broadcast(&host->changed);
    pthread_mutex_unlock(&host->lock);
    free(visit);
    return NULL;
}

static void *accepting(void *payload) {
    struct host *host = payload;
    for (;;) {
        int one = accept4(host->listener, NULL, NULL, SOCK_CLOEXEC);
        struct visit *visit = malloc(sizeof *visit);
        pthread_t thread;
        pthread_mutex_lock(&host->lock);
        if (one < 0 || host->closing) {
            pthread_mutex_unlock(&host->lock);
            if (one >= 0) close(one);
            free(visit);
            return NULL;
        }
        visit->host = host;
        visit->socket = one;
        visit->place = 0;
        while (visit->place < 63 && host->sockets[visit->place] >= 0) visit->place++;
        host->sockets[visit->place] = one;
        host->threads++;
        pthread_mutex_unlock(&host->lock);
        if (pthread_create(&thread, NULL, visited, visit) != 0) broken("pthread_create");
        pthread_detach(thread);
    }
}

static void plain(struct host_file *file) {
    file->repeat = 1;
    file->hold_at = file->cut_at = SIZE_MAX;
}

void host_open(struct host *host) {
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    memset(host, 0, sizeof *host);
    memset(&address, 0, sizeof address);
    for (size_t i = 0; i < 64; i++) host->sockets[i] = -1;
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    pthread_mutex_init(&host->lock, NULL);
    pthread_cond_init(&host->changed, NULL);
    plain(&host->document);
    host->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(host->listener, (struct sockaddr *)&address, size) != 0 || listen(host->listener, 64) != 0 ||
        getsockname(host->listener, (struct sockaddr *)&address, &size) != 0)
        broken("a listener");
    host->port = ntohs(address.sin_port);
    if (pthread_create(&host->acceptor, NULL, accepting, host) != 0) broken("pthread_create");
}

void host_close(struct host *host) {
    pthread_mutex_lock(&host->lock);
    host->closing = 1;
    for (size_t i = 0; i < 64; i++)
        if (host->sockets[i] >= 0) shutdown(host->sockets[i], SHUT_RDWR);
    shutdown(host->listener, SHUT_RDWR);
    pthread_cond_broadcast(&host->changed);
    while (host->threads > 0) pthread_cond_wait(&host->changed, &host->lock);
    pthread_mutex_unlock(&host->lock);
    pthread_join(host->acceptor, NULL);
    close(host->listener);
    free(host->document.bytes);
    for (size_t i = 0; i < host->file_count; i++) free(host->files[i].bytes);
    for (size_t i = 0; i < host->retired_count; i++) free(host->retired[i]);
    free(host->retired);
    pthread_cond_destroy(&host->changed);
    pthread_mutex_destroy(&host->lock);
}

void host_set(struct host *host, struct host_file *file, const void *bytes, size_t length) {
    char *copy = malloc(length + 1);
    memcpy(copy, bytes, length);
    pthread_mutex_lock(&host->lock);
    host->retired = realloc(host->retired, (host->retired_count + 1) * sizeof *host->retired);
    host->retired[host->retired_count++] = file->bytes;
    file->bytes = copy;
    file->length = length;
    pthread_mutex_unlock(&host->lock);
}

struct host_file *host_add(struct host *host, const void *bytes, size_t length) {
    struct host_file *file = &host->files[host->file_count];
    plain(file);
    host_set(host, file, bytes, length);
    host->file_count++;
    return file;
}

void host_document(struct host *host, const char *text) { host_set(host, &host->document, text, strlen(text)); }

void host_job(struct host *host, long long records) {
    char text[2000], *to = text;
    host->records = records;
    to += sprintf(to, "{\"batch_id\":\"b-1\",\"status\":\"completed\",\"entity\":\"company\",\"action\":\"enrich\","
                      "\"identifier_count\":9,\"result_count\":%lld,\"entities_requested\":9,\"entities_fulfilled\":9,"
                      "\"created_at\":\"2026-06-12T12:00:00Z\",\"completed_at\":\"2026-06-12T12:00:09Z\","
                      "\"download_urls\":[", records);
    for (size_t i = 0; i < host->file_count; i++)
        to += sprintf(to, "%s\"http://127.0.0.1:%d/file/%zu?X-Amz-Signature=%08dabcdef89\"", i > 0 ? "," : "",
                      host->port, i, host->signature);
    sprintf(to, "]}");
    host_document(host, text);
}

void host_expire(struct host *host) {
    pthread_mutex_lock(&host->lock);
    host->signature++;
    pthread_mutex_unlock(&host->lock);
    host_job(host, host->records);
}

void host_release(struct host *host, struct host_file *file, size_t up_to) {
    pthread_mutex_lock(&host->lock);
    file->hold_at = up_to;
    pthread_cond_broadcast(&host->changed);
    pthread_mutex_unlock(&host->lock);
}

size_t host_asked(struct host *host, int file) {
    size_t count = 0;
    pthread_mutex_lock(&host->lock);
    for (size_t i = 0; i < host->asked_count; i++) count += host->asked[i].file == file;
    pthread_mutex_unlock(&host->lock);
    return count;
}

long long host_last_start(struct host *host, int file) {
    long long start = -1;
    pthread_mutex_lock(&host->lock);
    for (size_t i = 0; i < host->asked_count; i++)
        if (host->asked[i].file == file) start = host->asked[i].start;
    pthread_mutex_unlock(&host->lock);
    return start;
}

void host_forget(struct host *host) {
    pthread_mutex_lock(&host->lock);
    host->asked_count = 0;
    pthread_mutex_unlock(&host->lock);
}

int host_wait_asked(struct host *host, int file, size_t times) {
    int64_t until = now_ms() + patience(5000);
    while (host_asked(host, file) < times && now_ms() < until) sleep_ms(5);
    return host_asked(host, file) >= times;
}

bj_client *host_client(const struct host *host, const char *service, const char *name, ...) {
    char base[64];
    bj_client *client;
    bj_error *error;
    va_list arguments;
    snprintf(base, sizeof base, "http://127.0.0.1:%d", host->port);
    bj_options *options = make_options("api_key", service_key(service), "base_url", base, NULL);
    if (strcmp(service, "veryfront") == 0) bj_options_set(options, "project", fact("project"), NULL);
    va_start(arguments, name);
    for (; name != NULL; name = va_arg(arguments, const char *)) {
        const char *value = va_arg(arguments, const char *);
        if (bj_options_set(options, name, value, &error) != BJ_OK) broken(bj_error_message(error));
    }
    va_end(arguments);
    if (bj_client_new(&client, service, options, &error) != BJ_OK) broken(bj_error_message(error));
    bj_options_destroy(options);
    return client;
}

/* Bytes */

static unsigned int crc_of(const unsigned char *bytes, size_t length) {
    unsigned int crc = 0xFFFFFFFFu;
    for (size_t i = 0; i < length; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (0xEDB88320u & (0u - (crc & 1)));
    }
    return ~crc;
}

static char *little(char *to, unsigned long long number, int bytes) {
    for (int i = 0; i < bytes; i++) *to++ = (char)(number >> (8 * i) & 255);
    return to;
}

char *gzip_member(const void *bytes, size_t length, size_t *packed) {
    static const char head[] = "\x1f\x8b\x08\0\0\0\0\0\0\x03";
    char *all = malloc(length + length / 65535 * 5 + 40), *to = all;
    const char *from = bytes;
    size_t left = length;
    memcpy(to, head, 10);
    to += 10;
    do {
        size_t piece = left < 65535 ? left : 65535;
        *to++ = left == piece;
        to = little(to, piece, 2);
        to = little(to, ~piece & 65535, 2);
        memcpy(to, from, piece);
        to += piece;
        from += piece;
        left -= piece;
    } while (left > 0);
    to = little(to, crc_of(bytes, length), 4);
    to = little(to, length, 4);
    *packed = (size_t)(to - all);
    return all;
}

static char *drain(FILE *from, size_t *length) {
    size_t room = 1 << 16, got;
    char *all = malloc(room);
    *length = 0;
    while ((got = fread(all + *length, 1, room - *length, from)) > 0)
        if ((*length += got) == room) all = realloc(all, room *= 2);
    return all;
}

char *output_of(const char *command, size_t *length) {
    FILE *from = popen(command, "r");
    if (from == NULL) broken("popen");
    char *all = drain(from, length);
    if (pclose(from) != 0) *length = SIZE_MAX;
    return all;
}

char *read_file(const char *path, size_t *length) {
    FILE *from = fopen(path, "r");
    *length = 0;
    if (from == NULL) return NULL;
    char *all = drain(from, length);
    fclose(from);
    return all;
}

int file_exists(const char *path) {
    struct stat found;
    return lstat(path, &found) == 0;
}
