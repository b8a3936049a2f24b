#include "run/demo.h"

#include <string.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/mem.h"
#include "base/sys.h"
#include "base/text.h"
#include "net/conn.h"
#include "net/listener.h"
#include "net/sock.h"

#define HEAD_MAX 8192u

struct demo_server {
    struct demo *demo;
    const char *name;
    int fd;
    struct addr addr;
    struct listener listener;
};

struct demo {
    struct loop loop;
    struct io io;
    pthread_t thread;
    bool thread_started;
    struct demo_server servers[DEMO_SERVERS];
    struct list clients;
};

enum demo_mode { MODE_UNKNOWN, MODE_HTTP, MODE_ECHO };

struct demo_client {
    struct list entry;
    struct demo_server *server;
    struct conn conn;
    enum demo_mode mode;
    size_t n;
    char head[HEAD_MAX + 1];
};

static const char *const names[DEMO_SERVERS] = {"alpha", "beta"};

/* ---- one client ---- */

static void client_close(struct demo_client *client, enum conn_end end)
{
    conn_close(&client->conn, end);
    list_remove(&client->entry);
    mem_free(client);
}

/* A method is upper-case letters and a blank; streams that begin so are taken for HTTP. */
static enum demo_mode guess_mode(const char *bytes, size_t n)
{
    size_t letters = 0;
    while (letters < n && bytes[letters] >= 'A' && bytes[letters] <= 'Z')
        letters++;
    if (letters == n && n < 8)
        return MODE_UNKNOWN;
    return letters >= 3 && letters < 8 && bytes[letters] == ' ' ? MODE_HTTP : MODE_ECHO;
}

static enum io_result answer_http(struct demo_client *client, struct err *ret_err)
{
    char memory[256], body[64];
    struct text text, body_text;
    text_init(&body_text, body, sizeof body);
    text_printf(&body_text, "hello from %s\n", client->server->name);
    text_init(&text, memory, sizeof memory);
    text_printf(&text,
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\nConnection: "
        "close\r\n\r\n%s",
        body_text.len, body);
    client->n = 0;
    if (conn_write(&client->conn, memory, text.len, ret_err) == IO_ERROR)
        return IO_ERROR;
    return conn_finish(&client->conn, ret_err);
}

/* What came is in head[0..n). */
static enum io_result client_answer(struct demo_client *client, struct err *ret_err)
{
    if (client->mode == MODE_UNKNOWN)
        client->mode = guess_mode(client->head, client->n);
    if (client->mode == MODE_ECHO) {
        size_t n = client->n;
        client->n = 0;
        return conn_write(&client->conn, client->head, n, ret_err);
    }
    client->head[client->n] = '\0';
    if (client->mode == MODE_HTTP && strstr(client->head, "\r\n\r\n") && !client->conn.finishing)
        return answer_http(client, ret_err);
    return client->n < HEAD_MAX ? IO_DONE : IO_ERROR;
}

/* A stream too short to be told from the beginning of a request is an echo's. */
static enum io_result client_ends(struct demo_client *client, struct err *ret_err)
{
    if (client->mode == MODE_UNKNOWN) {
        client->mode = MODE_ECHO;
        if (client_answer(client, ret_err) == IO_ERROR)
            return IO_ERROR;
    }
    return conn_finish(&client->conn, ret_err);
}

/* One piece a call; level-triggered events bring the rest. */
static enum io_result client_turn(struct demo_client *client, struct err *ret_err)
{
    struct conn *c = &client->conn;
    size_t n;
    enum io_result r = conn_flush(c, ret_err);
    if (r == IO_ERROR || conn_is_blocked(c) || c->eof)
        return r;
    r = conn_read(c, client->head + client->n, HEAD_MAX - client->n, &n, ret_err);
    if (r == IO_EOF)
        r = client_ends(client, ret_err);
    else if (r == IO_DONE) {
        client->n =
            client->conn.finishing ? 0 : client->n + n; /* after the answer nothing counts */
        r = client_answer(client, ret_err);
    }
    return r == IO_ERROR ? r : conn_flush(c, ret_err);
}

static void on_client(void *owner, unsigned events)
{
    struct demo_client *client = owner;
    struct conn *c = &client->conn;
    struct err ignored;
    c->readable = (events & WATCH_READ) != 0;
    if (events & WATCH_ERROR || client_turn(client, &ignored) == IO_ERROR)
        client_close(client, CONN_RESET);
    else if (c->eof && c->finished)
        client_close(client, CONN_CLOSE);
    else
        conn_want(c, !c->eof && !conn_is_blocked(c));
}

/* ---- the servers ---- */

static void on_accept(void *owner, int fd, const struct addr *peer)
{
    (void)peer;
    struct demo_server *server = owner;
    struct demo_client *client = mem_zalloc(sizeof *client);
    if (!client) {
        sock_reset(fd);
        return;
    }
    client->server = server;
    list_append(&server->demo->clients, &client->entry);
    conn_open(&client->conn, &server->demo->io, fd, &transport_plain, on_client, client);
    conn_want(&client->conn, true);
}

static const char *nothing_is_full(void *owner)
{
    (void)owner;
    return NULL;
}

static void on_stop(void *owner)
{
    struct demo *demo = owner;
    loop_break(&demo->loop);
}

static void *demo_main(void *arg)
{
    struct demo *demo = arg;
    loop_run(&demo->loop);
    LIST_EACH_SAFE(it, tmp, &demo->clients)
    client_close(CONTAINER_OF(it, struct demo_client, entry), CONN_RESET);
    return NULL;
}

static int server_open(struct demo *demo, size_t i, struct err *ret_err)
{
    struct demo_server *server = &demo->servers[i];
    struct addr any;
    if (addr_parse("127.0.0.1:0", &any, ret_err) < 0)
        return -1;
    server->demo = demo;
    server->name = names[i];
    server->fd = sock_listen(&any, true, ret_err);
    if (server->fd < 0)
        return -1;
    server->addr.len = sizeof server->addr.u;
    if (sys_getsockname(server->fd, &server->addr.u.sa, &server->addr.len) < 0) {
        err_set_errno(ret_err, errno, "asking for a demo server's port");
        return -1;
    }
    listener_init(&server->listener, &demo->loop, server->fd, &server->addr, on_accept,
        nothing_is_full, server);
    listener_start(&server->listener);
    return 0;
}

struct demo *demo_start(struct err *ret_err)
{
    struct demo *demo = mem_zalloc(sizeof *demo);
    if (!demo) {
        err_set(ret_err, ERR_MEMORY, "no memory for the demo servers");
        return NULL;
    }
    list_init(&demo->clients);
    for (size_t i = 0; i < DEMO_SERVERS; i++)
        demo->servers[i].fd = -1;
    if (loop_init(&demo->loop, ret_err) < 0)
        goto fail;
    io_init(&demo->io, &demo->loop);
    loop_on_wake(&demo->loop, on_stop, demo);
    for (size_t i = 0; i < DEMO_SERVERS; i++)
        if (server_open(demo, i, ret_err) < 0)
            goto fail;
    if (sys_thread_create(&demo->thread, demo_main, demo) < 0) {
        err_set_errno(ret_err, errno, "starting the demo servers");
        goto fail;
    }
    demo->thread_started = true;
    return demo;
fail:
    demo_stop(demo);
    return NULL;
}

void demo_stop(struct demo *demo)
{
    if (!demo)
        return;
    if (demo->thread_started) {
        loop_wake(&demo->loop);
        pthread_join(demo->thread, NULL);
    }
    for (size_t i = 0; i < DEMO_SERVERS; i++)
        sys_close(demo->servers[i].fd);
    io_fini(&demo->io);
    loop_fini(&demo->loop);
    mem_free(demo);
}

const char *demo_name(size_t i)
{
    return names[i];
}

const struct addr *demo_address(const struct demo *demo, size_t i)
{
    return &demo->servers[i].addr;
}
