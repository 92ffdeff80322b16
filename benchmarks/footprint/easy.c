/* How much memory one libcurl handle holds, in bytes as malloc counts them: new, and with a warm connection. */
#include "../peer.h"
#include "held.h"

static size_t forget(char *data, size_t size, size_t count, void *payload) {
    (void)data, (void)payload;
    return size * count;
}

int main(int argc, char **argv) { /* easy BASE_URL ID: prints two counts */
    char url[256];
    struct peer peer;

    if (argc < 3) return fputs("usage: easy BASE_URL ID\n", stderr), 2;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    peer_open(&peer, NULL, forget, NULL);
    peer_close(&peer);
    size_t before = held();
    peer_open(&peer, "Authorization: Bearer key", forget, NULL);
    size_t cold = held();
    snprintf(url, sizeof url, "%s/batch/%s", argv[1], argv[2]);
    peer_get(&peer, url);
    printf("%zu %zu\n", cold - before, held() - before);
    peer_close(&peer);
    return 0;
}
