/*
 * The floor: libcurl alone fetches the pages and throws their bytes away, all but the last ones,
 * in which the next cursor stands.
 */
#define _GNU_SOURCE
#include "../peer.h"

struct tail {
    char bytes[128];
    size_t count;
    long long total;
};

static size_t receive(char *data, size_t size, size_t count, void *payload) {
    struct tail *tail = payload;
    size_t length = size * count, most = sizeof tail->bytes;
    tail->total += (long long)length;
    if (length >= most) {
        memcpy(tail->bytes, data + length - most, most);
        tail->count = most;
        return length;
    }
    size_t keep = tail->count < most - length ? tail->count : most - length;
    memmove(tail->bytes, tail->bytes + tail->count - keep, keep);
    memcpy(tail->bytes + keep, data, length);
    tail->count = keep + length;
    return length;
}

int main(int argc, char **argv) { /* bare BASE_URL */
    static const char name[] = "\"next_cursor\":\"";
    char url[256];
    struct peer peer;
    struct tail tail = {.total = 0};
    long pages = 0;
    const char *cursor;

    if (argc < 2) return fputs("usage: bare BASE_URL\n", stderr), 2;
    peer_open(&peer, "Authorization: Bearer key", receive, &tail);
    snprintf(url, sizeof url, "%s/batch?limit=100", argv[1]);
    do {
        tail.count = 0;
        peer_get(&peer, url);
        pages++;
        cursor = memmem(tail.bytes, tail.count, name, sizeof name - 1);
        if (cursor != NULL)
            snprintf(url, sizeof url, "%s/batch?limit=100&cursor=%.36s", argv[1],
                     cursor + sizeof name - 1);
    } while (cursor != NULL);
    printf("%ld %lld\n", pages, tail.total);
    peer_close(&peer);
    return 0;
}
