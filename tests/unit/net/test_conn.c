/* A conn over any transport: what it remembers, and which events it waits for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "net/conn.h"
#include "sockets.h"

static struct loop loop;
static struct io *io;
static struct conn conn;
static int peer;
static struct err err;
static struct {
    unsigned calls, events, ticks;
    struct watch_timer end;
} seen;

/* A transport that answers what the test says. */
static struct {
    enum io_result result;
    bool parks, has_buffered;
    unsigned closes;
    enum conn_end end;
} script;

static enum io_result script_handshake(struct conn *c, struct err *ret_err)
{
    (void)c;
    (void)ret_err;
    return script.result;
}

static enum io_result script_read(
    struct conn *c, void *buf, size_t cap, size_t *ret_n, struct err *ret_err)
{
    (void)buf;
    (void)cap;
    *ret_n = 0;
    return script_handshake(c, ret_err);
}

static enum io_result script_write(struct conn *c, const void *bytes, size_t n, struct err *ret_err)
{
    (void)bytes;
    (void)n;
    return script_handshake(c, ret_err);
}

static bool script_park(struct conn *c)
{
    (void)c;
    return script.parks;
}

static bool script_has_buffered(const struct conn *c)
{
    (void)c;
    return script.has_buffered;
}

static void script_close(struct conn *c, enum conn_end end)
{
    (void)c;
    script.closes++;
    script.end = end;
}

static const struct transport_ops transport_script = {
    .name = "script",
    .handshake = script_handshake,
    .read = script_read,
    .write = script_write,
    .finish = script_handshake,
    .flush = script_handshake,
    .park = script_park,
    .has_buffered = script_has_buffered,
    .close = script_close,
};

static void on_ready(void *owner, unsigned events)
{
    assert_ptr_equal(owner, &conn);
    seen.calls++;
    seen.events = events;
    loop_break(&loop);
}

static void on_end(void *owner)
{
    (void)owner;
    seen.ticks++;
    loop_break(&loop);
}

static int set_up(void **state)
{
    (void)state;
    int fd;
    memset(&seen, 0, sizeof seen);
    memset(&script, 0, sizeof script);
    if (loop_init(&loop, &err) < 0 || !(io = malloc(sizeof *io)))
        return -1;
    io_init(io, &loop);
    tcp_pair(&fd, &peer);
    conn_open(&conn, io, fd, &transport_plain, on_ready, &conn);
    watch_timer_init(&seen.end, on_end, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    conn.transport = &transport_plain;
    conn_close(&conn, CONN_CLOSE);
    close(peer);
    io_fini(io);
    free(io);
    watch_timer_stop(&loop, &seen.end);
    loop_fini(&loop);
    return 0;
}

/* The events that are there now; 0: none. */
static unsigned next_events(void)
{
    seen.events = 0;
    watch_timer_start(&loop, &seen.end, 0);
    loop_run(&loop);
    watch_timer_stop(&loop, &seen.end);
    return seen.events;
}

static void one_byte_waits(void)
{
    assert_true(chunk_queue_append(&io->chunks, &conn.out, "x", 1));
}

static void open_conn_is_silent_until_it_wants_something(void **state)
{
    (void)state;
    assert_true(conn_is_open(&conn));
    assert_int_equal(write(peer, "x", 1), 1);
    wait_for(conn.fd, POLLIN);
    assert_int_equal(next_events(), 0);
    conn_want(&conn, true);
    assert_int_equal(next_events(), WATCH_READ);
    conn_want(&conn, false);
    assert_int_equal(next_events(), 0);
}

static void writing_is_waited_for_while_bytes_wait(void **state)
{
    (void)state;
    one_byte_waits();
    assert_true(conn_is_blocked(&conn));
    conn_want(&conn, false);
    assert_int_equal(next_events(), WATCH_WRITE);
    assert_int_equal(conn_flush(&conn, &err), IO_DONE);
    conn_want(&conn, false);
    assert_int_equal(next_events(), 0);
}

static void writing_is_waited_for_when_the_transport_must_write_to_read(void **state)
{
    (void)state;
    size_t n;
    conn.transport = &transport_script;
    script.result = IO_WANT_WRITE;
    assert_int_equal(conn_read(&conn, &n, sizeof n, &n, &err), IO_WANT_WRITE);
    conn_want(&conn, true);
    assert_int_equal(next_events(), WATCH_WRITE);
    script.result = IO_WANT_READ;
    assert_int_equal(conn_read(&conn, &n, sizeof n, &n, &err), IO_WANT_READ);
    conn_want(&conn, true);
    assert_int_equal(next_events(), 0);
}

static void again_calls_as_if_the_socket_could_be_read(void **state)
{
    (void)state;
    conn_want(&conn, true);
    conn_again(&conn);
    assert_int_equal(next_events(), WATCH_READ);
    assert_int_equal(next_events(), 0);
}

static void end_of_the_peer_is_remembered(void **state)
{
    (void)state;
    static const enum io_result results[] = {
        IO_DONE, IO_WANT_READ, IO_WANT_WRITE, IO_ERROR, IO_EOF};
    size_t n;
    conn.transport = &transport_script;
    for (int i = 0; i < 5; i++) {
        script.result = results[i];
        assert_int_equal(conn_read(&conn, &n, sizeof n, &n, &err), results[i]);
        assert_int_equal(conn.eof, results[i] == IO_EOF);
    }
}

static void finish_counts_when_the_transport_has_taken_it(void **state)
{
    (void)state;
    conn.transport = &transport_script;
    script.result = IO_ERROR;
    assert_int_equal(conn_finish(&conn, &err), IO_ERROR);
    assert_false(conn.finishing);
    script.result = IO_DONE;
    assert_int_equal(conn_finish(&conn, &err), IO_DONE);
    assert_true(conn.finishing);
}

static void park_tells_of_a_lack_of_memory(void **state)
{
    (void)state;
    conn.transport = &transport_script;
    script.parks = true;
    assert_int_equal(conn_park(&conn, &err), IO_DONE);
    script.parks = false;
    assert_int_equal(conn_park(&conn, &err), IO_ERROR);
    assert_int_equal(err.code, ERR_MEMORY);
}

static void close_ends_it_once(void **state)
{
    (void)state;
    conn.transport = &transport_script;
    conn_close(&conn, CONN_RESET);
    conn_close(&conn, CONN_CLOSE);
    assert_int_equal(script.closes, 1);
    assert_int_equal(script.end, CONN_RESET);
    assert_false(conn_is_open(&conn));
    struct conn never = {0};
    conn_close(&never, CONN_CLOSE);
    assert_int_equal(script.closes, 1);
}

static void closed_conn_is_silent(void **state)
{
    (void)state;
    assert_int_equal(write(peer, "x", 1), 1);
    wait_for(conn.fd, POLLIN);
    conn_want(&conn, true);
    conn_again(&conn);
    conn_close(&conn, CONN_CLOSE);
    assert_int_equal(next_events(), 0);
    conn_want(&conn, true);
    conn_again(&conn);
    assert_int_equal(next_events(), 0);
}

/* ---- what the kernel holds ---- */

/* Until neither the kernel nor we take any more. */
static void write_until_blocked(void)
{
    static const unsigned char piece[IO_PIECE];
    while (!conn_is_blocked(&conn))
        assert_int_equal(conn_write(&conn, piece, sizeof piece, &err), IO_DONE);
}

static void peer_takes(size_t n)
{
    char bytes[4096];
    while (n) {
        ssize_t k = read(peer, bytes, n < sizeof bytes ? n : sizeof bytes);
        assert_true(k > 0);
        n -= (size_t)k;
    }
}

static void bytes_are_held_until_the_peer_has_them(void **state)
{
    (void)state;
    assert_false(conn_is_held(&conn));
    write_until_blocked();
    assert_true(conn_is_held(&conn));
    chunk_queue_clear(&io->chunks, &conn.out);
    peer_takes(conn.sent);
    while (conn_is_held(&conn)) /* the last acknowledgement is on its way */
        sched_yield();
}

static void peer_takes_until_it_drains(void)
{
    for (size_t taken = 0; !conn_drains(&conn); taken += IO_PIECE) {
        assert_true(taken < conn.sent);
        peer_takes(IO_PIECE);
    }
}

/* Nobody else would tell that the peer still reads. */
static void slow_reader_is_seen_to_drain_and_an_idle_one_is_not(void **state)
{
    (void)state;
    bool drains = true;
    write_until_blocked();
    io->now = 6;
    while (drains) { /* from kernel to kernel, for a moment */
        conn.stalled_since = 5;
        drains = conn_drains(&conn);
        assert_int_equal(conn.stalled_since, drains ? 6 : 5);
    }
    peer_takes_until_it_drains();
    assert_int_equal(conn.stalled_since, 6);
    conn.stalled_since = 0; /* nothing waits with us */
    peer_takes_until_it_drains();
    assert_int_equal(conn.stalled_since, 0);
}

static void taking_the_last_of_it_is_draining_once(void **state)
{
    (void)state;
    write_until_blocked();
    chunk_queue_clear(&io->chunks, &conn.out);
    while (conn_drains(&conn)) /* from kernel to kernel, for a moment */
        continue;
    peer_takes(conn.sent);
    while (conn_is_held(&conn))
        sched_yield();
    assert_true(conn_drains(&conn));
    assert_false(conn_drains(&conn));
}

static void conn_of_which_nothing_is_held_does_not_drain(void **state)
{
    (void)state;
    struct conn never = {0};
    assert_false(conn_drains(&never));
    assert_false(conn_drains(&conn));
    assert_int_equal(conn_write(&conn, "x", 1, &err), IO_DONE);
    peer_takes(1);
    while (conn_is_held(&conn))
        sched_yield();
    assert_false(conn_drains(&conn));
    assert_int_equal(conn.stalled_since, 0);
}

/* ---- the plain transport ---- */

static void plain_is_ready_at_once_and_hides_nothing(void **state)
{
    (void)state;
    assert_int_equal(conn_handshake(&conn, &err), IO_DONE);
    assert_false(conn_has_buffered(&conn));
    assert_int_equal(conn_park(&conn, &err), IO_DONE);
}

static void plain_passes_bytes_and_ends(void **state)
{
    (void)state;
    char text[8];
    size_t n = 0;
    assert_int_equal(write(peer, "ping", 4), 4);
    assert_int_equal(shutdown(peer, SHUT_WR), 0);
    wait_for(conn.fd, POLLRDHUP);
    conn.readable = true;
    assert_int_equal(conn_read(&conn, text, 4, &n, &err), IO_DONE);
    assert_memory_equal(text, "ping", 4);
    assert_int_equal(conn_read(&conn, text, 4, &n, &err), IO_EOF);
    assert_int_equal(conn_write(&conn, "pong", 4, &err), IO_DONE);
    assert_int_equal(conn_finish(&conn, &err), IO_DONE);
    assert_int_equal(conn_flush(&conn, &err), IO_DONE);
    assert_int_equal(recv(peer, text, 8, MSG_WAITALL), 4);
    assert_memory_equal(text, "pong", 4);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(open_conn_is_silent_until_it_wants_something),
        CASE(writing_is_waited_for_while_bytes_wait),
        CASE(writing_is_waited_for_when_the_transport_must_write_to_read),
        CASE(again_calls_as_if_the_socket_could_be_read),
        CASE(end_of_the_peer_is_remembered),
        CASE(finish_counts_when_the_transport_has_taken_it),
        CASE(park_tells_of_a_lack_of_memory),
        CASE(close_ends_it_once),
        CASE(closed_conn_is_silent),
        CASE(bytes_are_held_until_the_peer_has_them),
        CASE(slow_reader_is_seen_to_drain_and_an_idle_one_is_not),
        CASE(taking_the_last_of_it_is_draining_once),
        CASE(conn_of_which_nothing_is_held_does_not_drain),
        CASE(plain_is_ready_at_once_and_hides_nothing),
        CASE(plain_passes_bytes_and_ends),
    };
    alarm(300); /* for a loop that nothing ends */
    return cmocka_run_group_tests_name("conn", tests, NULL, NULL);
}
