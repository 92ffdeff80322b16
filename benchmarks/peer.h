/* What every program over libcurl alone begins and ends with. */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct peer {
    CURL *curl;
    struct curl_slist *headers;
    char error[CURL_ERROR_SIZE];
};

/* What the environment says, as for the peers in Go and Python: certificates to trust, and the version
 * of HTTP (1.1 or 2) where the server has both. */
static inline void peer_environment(struct peer *peer) {
    const char *file = getenv("SSL_CERT_FILE"), *version = getenv("BENCH_HTTP");
    if (file != NULL) curl_easy_setopt(peer->curl, CURLOPT_CAINFO, file);
    if (version == NULL) return;
    curl_easy_setopt(peer->curl, CURLOPT_HTTP_VERSION,
                     *version == '2' ? (long)CURL_HTTP_VERSION_2TLS : (long)CURL_HTTP_VERSION_1_1);
}

/* `header` may be NULL. */
static inline void peer_open(struct peer *peer, const char *header, curl_write_callback receive, void *payload) {
    peer->curl = curl_easy_init();
    peer->headers = header == NULL ? NULL : curl_slist_append(NULL, header);
    curl_easy_setopt(peer->curl, CURLOPT_HTTPHEADER, peer->headers);
    curl_easy_setopt(peer->curl, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(peer->curl, CURLOPT_ERRORBUFFER, peer->error);
    curl_easy_setopt(peer->curl, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(peer->curl, CURLOPT_WRITEDATA, payload);
    peer_environment(peer);
}

/* Ends the program where the transfer failed. */
static inline void peer_get(struct peer *peer, const char *url) {
    curl_easy_setopt(peer->curl, CURLOPT_URL, url);
    if (curl_easy_perform(peer->curl) == CURLE_OK) return;
    fprintf(stderr, "%s\n", peer->error);
    exit(1);
}

static inline void peer_close(struct peer *peer) {
    curl_slist_free_all(peer->headers);
    curl_easy_cleanup(peer->curl);
}

struct buffer {
    char *bytes;
    size_t count, room;
};

/* Receives a body into the buffer that is the payload. */
static inline size_t collect(char *data, size_t size, size_t count, void *payload) {
    struct buffer *buffer = payload;
    size_t length = size * count;
    if (buffer->count + length > buffer->room) {
        size_t room = 2 * (buffer->count + length);
        char *bytes = realloc(buffer->bytes, room);
        if (bytes == NULL) return 0;
        buffer->bytes = bytes;
        buffer->room = room;
    }
    memcpy(buffer->bytes + buffer->count, data, length);
    buffer->count += length;
    return length;
}

#endif
