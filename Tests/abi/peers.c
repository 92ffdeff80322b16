#define _POSIX_C_SOURCE 200809L
#include "peers.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void broken(const char *what) {
    fprintf(stderr, "the test's own machinery failed: %s: %s\n", what, strerror(errno));
    exit(3);
}

static struct sockaddr_in address_of(const struct peer *peer) {
    struct sockaddr_in address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)peer->port);
    return address;
}

void peer_absent(struct peer *peer) {
    memset(peer, 0, sizeof *peer);
    peer->listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = address_of(peer);
    socklen_t size = sizeof address;
    if (bind(peer->listener, (struct sockaddr *)&address, size) != 0) broken("bind");
    if (getsockname(peer->listener, (struct sockaddr *)&address, &size) != 0) broken("getsockname");
    peer->port = ntohs(address.sin_port);
}

void peer_listen(struct peer *peer) {
    if (listen(peer->listener, 16) != 0) broken("listen");
}

void peer_silent(struct peer *peer) {
    peer_absent(peer);
    peer_listen(peer);
}

void peer_full(struct peer *peer) {
    peer_absent(peer);
    if (listen(peer->listener, 0) != 0) broken("listen");
    /* Connections until one hangs; what hangs stays, so that the queue stays full. */
    while (peer->held_count < 16) {
        struct sockaddr_in address = address_of(peer);
        int one = socket(AF_INET, SOCK_STREAM, 0);
        fcntl(one, F_SETFL, O_NONBLOCK);
        peer->held[peer->held_count++] = one;
        if (connect(one, (struct sockaddr *)&address, sizeof address) == 0) continue;
        struct pollfd wait = {one, POLLOUT, 0};
        if (errno != EINPROGRESS) broken("connect");
        if (poll(&wait, 1, 100) == 0) return;
    }
    broken("a listener whose queue never fills");
}

void peer_answer(struct peer *peer, int count, const char *bytes, int reset) {
    for (int i = 0; i < count; i++) {
        char request[8192];
        int one = accept(peer->listener, NULL, NULL);
        if (one < 0) return;
        ssize_t got = recv(one, request, sizeof request, 0);
        if (got > 0 && bytes[0] != '\0' && send(one, bytes, strlen(bytes), MSG_NOSIGNAL) < 0) broken("send");
        if (reset) {
            struct linger linger = {1, 0};
            setsockopt(one, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
        }
        close(one);
    }
}

void peer_close(struct peer *peer) {
    for (int i = 0; i < peer->held_count; i++) close(peer->held[i]);
    close(peer->listener);
}

const char *peer_url(const struct peer *peer, const char *scheme) {
    static char url[64];
    snprintf(url, sizeof url, "%s://127.0.0.1:%d", scheme, peer->port);
    return url;
}
