/* Servers that misbehave below HTTP, in the test's own process: what no HTTP simulator can do. */
#ifndef BJ_TEST_PEERS_H
#define BJ_TEST_PEERS_H

struct peer {
    int listener, port;
    int held[16], held_count;
};

/* The kernel takes connections and nobody ever says a word. */
void peer_silent(struct peer *peer);
/* The queue of connections is full: a connect neither succeeds nor fails. */
void peer_full(struct peer *peer);
/* A port where nobody listens, until peer_listen. */
void peer_absent(struct peer *peer);
void peer_listen(struct peer *peer);
/* Takes `count` connections, one after the other, reads a request from each and sends these bytes;
 * then it resets the connection when told so, and closes it in any case. */
void peer_answer(struct peer *peer, int count, const char *bytes, int reset);
void peer_close(struct peer *peer);

/* "https://127.0.0.1:4711"; good until the next call. */
const char *peer_url(const struct peer *peer, const char *scheme);

#endif
