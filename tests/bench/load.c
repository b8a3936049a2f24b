/* load: the bench's load generator. Prints "ready VERSION CIPHER GROUP" when everything before the
 * measurement is done, waits for a line, works, prints "done CONNECTIONS EXCHANGES BYTES
 * NANOSECONDS", and holds what is open until its standard input ends. */
#include <arpa/inet.h>
#include <err.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "client.h"

static const char usage[] =
    "usage: load connect|exchange --port PORT [options]\n"
    "  connect:  new connections, each with --exchanges exchanges, then closed\n"
    "  exchange: --connections are opened first, with one small exchange each; then each makes\n"
    "            --exchanges (may be 0: idle) exchanges\n"
    "\n"
    "  --connections N   how many (1)\n"
    "  --parallel N      so many at a time are being opened (8)\n"
    "  --exchanges N     on each connection (1)\n"
    "  --up BYTES        of a request (300)\n"
    "  --down BYTES      of an answer (1000)\n"
    "  --piece BYTES     the backend writes its answer in pieces of this size\n"
    "  --server-closes   the backend ends the connection, not the client\n"
    "  --tls12           instead of TLS 1.3\n"
    "  --resume          handshakes resume the session of an earlier connection\n";

struct options {
    bool exchange; /* otherwise connect */
    unsigned long port, connections, parallel, exchanges;
    unsigned long up, down, piece, server_closes, tls12, resume;
};

struct load {
    struct options options;
    struct plan plan;
    struct bench_request request;
    struct client *clients; /* connect: `parallel` of them, used again; exchange: all */
};

/* Every connection begins with it where the request itself may be a large one. */
static const struct bench_request small = {.up = 300, .down = 1000};

/* ---- options ---- */

static const struct {
    const char *name;
    bool is_flag;
    size_t offset; /* of an unsigned long in struct options */
} known[] = {
    {"--port", false, offsetof(struct options, port)},
    {"--connections", false, offsetof(struct options, connections)},
    {"--parallel", false, offsetof(struct options, parallel)},
    {"--exchanges", false, offsetof(struct options, exchanges)},
    {"--up", false, offsetof(struct options, up)},
    {"--down", false, offsetof(struct options, down)},
    {"--piece", false, offsetof(struct options, piece)},
    {"--server-closes", true, offsetof(struct options, server_closes)},
    {"--tls12", true, offsetof(struct options, tls12)},
    {"--resume", true, offsetof(struct options, resume)},
};

static _Noreturn void misused(void)
{
    fputs(usage, stderr);
    exit(2);
}

static unsigned long number(const char *text)
{
    char *end;
    unsigned long n = text ? strtoul(text, &end, 10) : 0;
    if (!text || end == text || *end)
        misused();
    return n;
}

/* How many words it took. */
static int take_option(struct options *o, char **words)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(words[0], known[i].name) != 0)
            continue;
        unsigned long *value = (void *)((char *)o + known[i].offset);
        *value = known[i].is_flag ? 1 : number(words[1]);
        return known[i].is_flag ? 1 : 2;
    }
    misused();
}

static void read_options(struct options *o, char **words)
{
    *o = (struct options){.connections = 1, .parallel = 8, .exchanges = 1, .up = 300, .down = 1000};
    const char *kind = words[0] ? words[0] : "";
    o->exchange = strcmp(kind, "exchange") == 0;
    if (!o->exchange && strcmp(kind, "connect") != 0)
        misused();
    for (words++; *words;)
        words += take_option(o, words);
    if (!o->port || !o->connections || !o->parallel)
        misused();
}

/* ---- TLS ---- */

/* One version, cipher and group, so that all peers do the same work. */
static SSL_CTX *make_ctx(const struct options *o)
{
    int version = o->tls12 ? TLS1_2_VERSION : TLS1_3_VERSION;
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    if (!ctx || !SSL_CTX_set_min_proto_version(ctx, version) ||
        !SSL_CTX_set_max_proto_version(ctx, version) ||
        !SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256") ||
        !SSL_CTX_set_cipher_list(
            ctx, "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256") ||
        !SSL_CTX_set1_groups_list(ctx, "X25519:P-256"))
        errx(1, "OpenSSL refuses the settings");
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return ctx;
}

/* ---- work ---- */

static void turn(struct load *l)
{
    struct epoll_event events[64];
    int n = epoll_wait(l->plan.epoll_fd, events, 64, 30000);
    if (n == 0)
        errx(1, "nothing happened for 30 seconds");
    for (int i = 0; i < n; i++)
        client_run(events[i].data.ptr);
}

/* Each from beginning to end, `parallel` at a time. */
static void connect_all(struct load *l, unsigned long count)
{
    const struct options *o = &l->options;
    for (unsigned long begun = 0, busy = 1; begun < count || busy;) {
        busy = 0;
        for (unsigned long i = 0; i < o->parallel; i++) {
            struct client *c = &l->clients[i];
            if (!client_is_busy(c) && begun < count) {
                client_open(c, &l->plan, &l->request, (unsigned)o->exchanges, true);
                begun++;
            }
            busy += client_is_busy(c);
        }
        if (busy)
            turn(l);
    }
}

static void finish(struct load *l, const struct client *c)
{
    while (client_is_busy(c))
        turn(l);
}

/* Opens all, each with a small exchange, and leaves them idle. */
static void open_all(struct load *l)
{
    const struct options *o = &l->options;
    for (unsigned long i = 0; i < o->connections; i++) {
        if (i >= o->parallel)
            finish(l, &l->clients[i - o->parallel]);
        client_open(&l->clients[i], &l->plan, &small, 1, false);
    }
    for (unsigned long i = 0; i < o->connections; i++)
        finish(l, &l->clients[i]);
}

static void exchange_all(struct load *l)
{
    const struct options *o = &l->options;
    if (!o->exchanges)
        return;
    for (unsigned long i = 0; i < o->connections; i++)
        client_ask(&l->clients[i], &l->request, (unsigned)o->exchanges);
    for (unsigned long i = 0; i < o->connections; i++)
        finish(l, &l->clients[i]);
}

static void say_ready(const SSL *ssl)
{
    const char *group = SSL_group_to_name((SSL *)ssl, (int)SSL_get_negotiated_group((SSL *)ssl));
    printf("ready %s %s %s\n", SSL_get_version(ssl),
        SSL_CIPHER_standard_name(SSL_get_current_cipher(ssl)), group ? group : "-");
}

/* One more connection tells what all speak. */
static void connect_to_say_ready(struct load *l)
{
    struct client c = {0};
    client_open(&c, &l->plan, &small, 1, false);
    finish(l, &c);
    say_ready(c.ssl);
    client_end(&c);
    finish(l, &c);
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void prepare(struct load *l)
{
    const struct options *o = &l->options;
    l->request = (struct bench_request){.up = o->up,
        .down = o->down,
        .piece = (uint32_t)o->piece,
        .server_closes = (uint32_t)o->server_closes};
    l->plan.ctx = make_ctx(o);
    l->plan.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    l->plan.proxy = (struct sockaddr_in){.sin_family = AF_INET,
        .sin_port = htons((uint16_t)o->port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    unsigned long n = o->exchange ? o->connections : o->parallel;
    l->clients = calloc(n, sizeof *l->clients);
    if (!l->clients || l->plan.epoll_fd < 0)
        err(1, "preparing");
    if (o->exchange) {
        open_all(l);
        say_ready(l->clients[0].ssl);
    } else {
        connect_to_say_ready(l);
        l->plan.keeps_sessions = o->resume;
        if (o->resume)
            connect_all(l, o->parallel); /* the full handshakes that the others resume */
    }
    fflush(stdout);
}

static void wait_for_line(void)
{
    for (int c = getchar(); c != '\n' && c != EOF;)
        c = getchar();
}

int main(int argc, char **argv)
{
    struct load l = {0};
    (void)argc;
    read_options(&l.options, argv + 1);
    const struct options *o = &l.options;
    prepare(&l);
    wait_for_line();
    uint64_t began = now_ns();
    if (o->exchange)
        exchange_all(&l);
    else
        connect_all(&l, o->connections);
    uint64_t took = now_ns() - began;
    unsigned long exchanges = o->connections * o->exchanges;
    printf("done %lu %lu %lu %lu\n", o->connections, exchanges, exchanges * (o->up + o->down),
        (unsigned long)took);
    fflush(stdout);
    wait_for_line();
    return 0;
}
