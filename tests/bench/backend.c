/* backend: the plain server behind every proxy of the bench. Answers requests of protocol.h; never
 * does anything else, so that what the bench measures is the proxy.
 *
 * usage: backend PORT    prints "ready" when it listens; runs until its standard input ends */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol.h"

#define PIECE_MAX (256u * 1024u)
#define EVENTS 64

enum phase { ASKED, SWALLOWING, ANSWERING };

struct guest {
    int fd;
    enum phase phase;
    size_t have; /* bytes of the request's head */
    struct bench_request request;
    uint64_t left; /* to swallow or to answer */
};

static unsigned char bytes[PIECE_MAX];
static int epoll_fd;

static void watch(int fd, void *what, uint32_t events, int op)
{
    struct epoll_event event = {.events = events, .data.ptr = what};
    if (epoll_ctl(epoll_fd, op, fd, &event) < 0)
        err(1, "epoll_ctl");
}

static void guest_end(struct guest *g)
{
    close(g->fd);
    free(g);
}

/* Bytes read; 0: none for now; -1: the guest has left. */
static ssize_t take(struct guest *g, void *to, size_t n)
{
    ssize_t got = recv(g->fd, to, n, 0);
    if (got > 0)
        return got;
    return got < 0 && errno == EAGAIN ? 0 : -1;
}

static void begin_phase(struct guest *g, enum phase phase)
{
    g->phase = phase;
    g->left = phase == SWALLOWING ? g->request.up : g->request.down;
    if (phase == ASKED)
        g->have = 0;
}

static ssize_t read_head(struct guest *g)
{
    ssize_t n = take(g, (char *)&g->request + g->have, sizeof g->request - g->have);
    if (n > 0)
        g->have += (size_t)n;
    if (g->have == sizeof g->request)
        begin_phase(g, SWALLOWING);
    return n;
}

static ssize_t swallow(struct guest *g)
{
    ssize_t n = g->left ? take(g, bytes, g->left < sizeof bytes ? g->left : sizeof bytes) : 1;
    if (g->left && n > 0)
        g->left -= (uint64_t)n;
    if (!g->left)
        begin_phase(g, ANSWERING);
    return n;
}

/* Pieces are sent one a turn: an interactive stream, not a file. */
static ssize_t answer(struct guest *g)
{
    size_t most = g->request.piece ? g->request.piece : sizeof bytes;
    ssize_t n = send(g->fd, bytes, g->left < most ? g->left : most, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN)
        return -1;
    g->left -= n > 0 ? (uint64_t)n : 0;
    watch(g->fd, g, g->left ? EPOLLOUT : EPOLLIN, EPOLL_CTL_MOD);
    if (g->left)
        return 0;
    begin_phase(g, ASKED);
    return g->request.server_closes ? -1 : 0;
}

static void guest_run(struct guest *g)
{
    ssize_t n;
    do
        n = g->phase == ASKED ? read_head(g) : g->phase == SWALLOWING ? swallow(g) : answer(g);
    while (n > 0);
    if (n < 0)
        guest_end(g);
}

static void welcome(int listener)
{
    const int on = 1;
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct guest *g = calloc(1, sizeof *g);
        if (!g)
            err(1, "a connection");
        g->fd = fd;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        watch(fd, g, EPOLLIN, EPOLL_CTL_ADD);
    }
    if (errno != EAGAIN)
        err(1, "accept");
}

static int listen_on(const char *port)
{
    const int on = 1;
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&addr, sizeof addr) < 0 || listen(fd, SOMAXCONN) < 0)
        err(1, "listening on port %s", port);
    return fd;
}

int main(int argc, char **argv)
{
    struct epoll_event events[EVENTS];
    int over; /* only its address is used */
    if (argc != 2)
        errx(2, "usage: backend PORT");
    int listener = listen_on(argv[1]);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    watch(listener, NULL, EPOLLIN, EPOLL_CTL_ADD);
    watch(STDIN_FILENO, &over, EPOLLIN, EPOLL_CTL_ADD);
    puts("ready");
    fflush(stdout);
    for (;;) {
        int n = epoll_wait(epoll_fd, events, EVENTS, -1);
        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr == &over)
                return 0;
            if (events[i].data.ptr)
                guest_run(events[i].data.ptr);
            else
                welcome(listener);
        }
    }
}
