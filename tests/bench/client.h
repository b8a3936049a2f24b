/* client: one TLS connection of the load generator, from connect to end. Non-blocking, edge
 * triggered: client_run() goes as far as it can.
 *
 * Whatever goes wrong ends the program: a run with a failed connection measures nothing. */
#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdbool.h>

#include "protocol.h"

/* What all connections of a run have in common. */
struct plan {
    struct sockaddr_in proxy;
    int epoll_fd;
    SSL_CTX *ctx;
    bool keeps_sessions; /* of a connection, for the next one of the same struct client to resume */
};

enum client_state {
    CLIENT_GONE, /* not there: also when zeroed */
    CLIENT_HANDSHAKE,
    CLIENT_ASK,
    CLIENT_ANSWER,
    CLIENT_IDLE,
    CLIENT_END
};

struct client {
    const struct plan *plan;
    enum client_state state;
    int fd;
    SSL *ssl;
    SSL_SESSION *session; /* to resume; NULL: a full handshake */
    const struct bench_request *request;
    unsigned exchanges; /* still to be made */
    bool ends;          /* after the last exchange; otherwise it idles */
    uint64_t moved;     /* bytes of the exchange so far, in the direction of `state` */
};

/* Zeroed before the first time. Connects and makes the exchanges; then ends or idles. */
void client_open(struct client *c, const struct plan *plan, const struct bench_request *request,
    unsigned exchanges, bool ends);
/* More exchanges on an idle connection. */
void client_ask(struct client *c, const struct bench_request *request, unsigned exchanges);
/* Says that it is over, unless that is the server's part, and waits for the proxy's end. */
void client_end(struct client *c);
void client_run(struct client *c);
bool client_is_busy(const struct client *c); /* neither idle nor gone */

#endif
