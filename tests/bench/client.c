#include "client.h"

#include <err.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define RECORD_MAX 16384u

static _Noreturn void fail(const char *doing)
{
    char why[256] = "the connection ended";
    unsigned long code = ERR_get_error();
    if (code)
        ERR_error_string_n(code, why, sizeof why);
    else if (errno)
        strncpy(why, strerror(errno), sizeof why - 1);
    errx(1, "%s: %s", doing, why);
}

/* Returns when the call only has to wait for the socket. */
static void wait_or_fail(const struct client *c, int result, const char *doing)
{
    int e = SSL_get_error(c->ssl, result);
    if (e != SSL_ERROR_WANT_READ && e != SSL_ERROR_WANT_WRITE)
        fail(doing);
}

/* ---- steps: each returns false when it waits ---- */

static bool step_handshake(struct client *c)
{
    int r = SSL_do_handshake(c->ssl);
    if (r != 1) {
        wait_or_fail(c, r, "handshake");
        return false;
    }
    if (SSL_session_reused(c->ssl) != (c->session != NULL))
        errx(1, "a handshake was %s one", c->session ? "not a resumed" : "not a full");
    c->state = CLIENT_ASK;
    c->moved = 0;
    return true;
}

static bool step_ask(struct client *c)
{
    static unsigned char bytes[RECORD_MAX];
    const uint64_t all = sizeof *c->request + c->request->up;
    while (c->moved < all) {
        size_t n = all - c->moved < sizeof bytes ? all - c->moved : sizeof bytes, done;
        if (c->moved == 0)
            memcpy(bytes, c->request, sizeof *c->request);
        int r = SSL_write_ex(c->ssl, bytes, n, &done);
        if (r != 1) {
            wait_or_fail(c, r, "asking");
            return false;
        }
        c->moved += done;
    }
    c->state = CLIENT_ANSWER;
    c->moved = 0;
    return true;
}

static void next_exchange(struct client *c)
{
    c->moved = 0;
    c->state = --c->exchanges ? CLIENT_ASK : CLIENT_IDLE;
    if (c->state == CLIENT_IDLE && c->ends)
        client_end(c);
}

static bool step_answer(struct client *c)
{
    static unsigned char bytes[RECORD_MAX];
    while (c->moved < c->request->down) {
        uint64_t left = c->request->down - c->moved;
        size_t n;
        int r = SSL_read_ex(c->ssl, bytes, left < sizeof bytes ? left : sizeof bytes, &n);
        if (r != 1) {
            wait_or_fail(c, r, "waiting for the answer");
            return false;
        }
        c->moved += n;
    }
    next_exchange(c);
    return true;
}

/* Servers may take a ticket only once, so it is always the newest that is kept. */
static void keep_session(struct client *c)
{
    SSL_SESSION_free(c->session);
    c->session = SSL_get1_session(c->ssl);
    if (!SSL_SESSION_is_resumable(c->session))
        errx(1, "a connection gave no session to resume");
}

static void gone(struct client *c)
{
    c->state = CLIENT_GONE;
    if (c->plan->keeps_sessions)
        keep_session(c);
    SSL_free(c->ssl);
    close(c->fd);
}

/* The proxy ends its direction too; how it does so is its own affair here. */
static bool step_end(struct client *c)
{
    unsigned char byte;
    size_t n;
    int r = SSL_read_ex(c->ssl, &byte, 1, &n);
    int e = SSL_get_error(c->ssl, r);
    if (e == SSL_ERROR_WANT_READ)
        return false;
    if (r == 1)
        errx(1, "more came than was asked for");
    ERR_clear_error();
    if (c->request->server_closes && e == SSL_ERROR_ZERO_RETURN)
        SSL_shutdown(c->ssl);
    gone(c);
    return false;
}

void client_run(struct client *c)
{
    bool go_on = true;
    while (go_on) {
        ERR_clear_error();
        errno = 0;
        switch (c->state) {
        case CLIENT_HANDSHAKE:
            go_on = step_handshake(c);
            break;
        case CLIENT_ASK:
            go_on = step_ask(c);
            break;
        case CLIENT_ANSWER:
            go_on = step_answer(c);
            break;
        case CLIENT_END:
            go_on = step_end(c);
            break;
        case CLIENT_IDLE:
        case CLIENT_GONE:
            go_on = false;
            break;
        }
    }
}

/* ---- life ---- */

static int dial(const struct plan *plan, struct client *c)
{
    const int on = 1;
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        err(1, "socket");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, (const struct sockaddr *)&plan->proxy, sizeof plan->proxy) < 0 &&
        errno != EINPROGRESS)
        err(1, "connect");
    if (epoll_ctl(plan->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
        err(1, "epoll_ctl");
    return fd;
}

void client_open(struct client *c, const struct plan *plan, const struct bench_request *request,
    unsigned exchanges, bool ends)
{
    *c = (struct client){.plan = plan,
        .state = CLIENT_HANDSHAKE,
        .session = c->session,
        .request = request,
        .exchanges = exchanges,
        .ends = ends};
    c->fd = dial(plan, c);
    c->ssl = SSL_new(plan->ctx);
    if (!c->ssl || !SSL_set_fd(c->ssl, c->fd))
        fail("SSL_new");
    if (c->session && !SSL_set_session(c->ssl, c->session))
        fail("SSL_set_session");
    SSL_set_connect_state(c->ssl);
    client_run(c);
}

void client_ask(struct client *c, const struct bench_request *request, unsigned exchanges)
{
    c->request = request;
    c->exchanges = exchanges;
    c->state = CLIENT_ASK;
    c->moved = 0;
    client_run(c);
}

void client_end(struct client *c)
{
    c->state = CLIENT_END;
    if (!c->request->server_closes)
        SSL_shutdown(c->ssl);
}

bool client_is_busy(const struct client *c)
{
    return c->state != CLIENT_IDLE && c->state != CLIENT_GONE;
}
