/* The floor: the same answer by one libcurl handle that counts the bytes and forgets them. */
#include "../peer.h"

static size_t receive(char *data, size_t size, size_t count, void *payload) {
    (void)data;
    *(long long *)payload += (long long)(size * count);
    return size * count;
}

int main(int argc, char **argv) { /* bare BASE_URL ID CALLS */
    char url[256];
    struct peer peer;
    long long bytes = 0;

    if (argc < 4) return fputs("usage: bare BASE_URL ID CALLS\n", stderr), 2;
    long calls = atol(argv[3]);
    snprintf(url, sizeof url, "%s/batch/%s", argv[1], argv[2]);
    peer_open(&peer, "Authorization: Bearer key", receive, &bytes);
    for (long i = 0; i < calls; i++) peer_get(&peer, url);
    printf("%ld %lld\n", calls, bytes);
    peer_close(&peer);
    return 0;
}
