/* Bytes between a conn and its socket: order, what waits, and how an end is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/failing_mem.h"
#include "calls.h"
#include "net/wire.h"
#include "sockets.h"

#define NOW (1000 * US_PER_S)
#define BIG (IO_PIECE)

static struct loop loop;
static struct io *io;
static struct conn conn, other;
static int peer, other_peer; /* blocking */
static unsigned char sent[4 * BIG], got[4 * BIG];
static struct err err;

static void on_ready(void *owner, unsigned events)
{
    (void)owner;
    (void)events;
}

static void open_conn(struct conn *c, int *ret_peer)
{
    int fd;
    tcp_pair(&fd, ret_peer);
    conn_open(c, io, fd, &transport_plain, on_ready, c);
    c->readable = true;
}

static int set_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sent; i++)
        sent[i] = (unsigned char)(i ^ i >> 8 ^ i >> 16);
    if (loop_init(&loop, &err) < 0 || !(io = malloc(sizeof *io)))
        return -1;
    io_init(io, &loop);
    io->now = NOW;
    open_conn(&conn, &peer);
    open_conn(&other, &other_peer);
    calls_reset();
    mem_fails_at(0);
    memset(&err, 0, sizeof err);
    return 0;
}

/* io_fini() asserts that every chunk came back. */
static int tear_down(void **state)
{
    (void)state;
    conn_close(&conn, CONN_CLOSE);
    conn_close(&other, CONN_CLOSE);
    close(peer);
    close(other_peer);
    io_fini(io);
    free(io);
    loop_fini(&loop);
    return 0;
}

static void send_bytes(const void *bytes, size_t n)
{
    if (wire_send(&conn, bytes, n, &err) != IO_DONE)
        fail_msg("%s", err.context);
}

static void gather(struct conn *c, const void *bytes, size_t n)
{
    if (wire_gather(c, bytes, n, &err) != IO_DONE)
        fail_msg("%s", err.context);
}

static void peer_says(const char *text)
{
    assert_int_equal(write(peer, text, strlen(text)), strlen(text));
    wait_for(conn.fd, POLLIN);
}

/* Reads exactly n bytes. */
static void peer_reads(int fd, size_t n)
{
    for (size_t have = 0; have < n;) {
        ssize_t k = read(fd, got + have, n - have);
        assert_true(k > 0);
        have += (size_t)k;
    }
}

static void peer_hears(int fd, const void *bytes, size_t n)
{
    peer_reads(fd, n);
    assert_memory_equal(got, bytes, n);
}

static void peer_hears_the_end(int fd)
{
    char byte;
    assert_int_equal(read(fd, &byte, 1), 0);
}

static bool peer_has_heard_nothing(int fd)
{
    char byte;
    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

/* The kernel was told that more follows what was sent last. */
static bool more_follows(void)
{
    return calls.send_flags & MSG_MORE;
}

/* From now on the socket takes nothing more, for as long as the plan lasts. */
static void socket_is_full(unsigned times)
{
    while (times--)
        call_plan(&calls.send, CALL_FAIL(EAGAIN));
}

/* ---- sending ---- */

static void send_leaves_nothing_behind_while_the_socket_takes_it(void **state)
{
    (void)state;
    send_bytes("hello", 5);
    assert_int_equal(calls.send.n, 1);
    assert_false(conn_is_blocked(&conn));
    assert_int_equal(conn.sent, 5);
    assert_int_equal(conn.stalled_since, 0);
    peer_hears(peer, "hello", 5);
}

static void send_goes_on_after_a_part_and_after_an_interruption(void **state)
{
    (void)state;
    call_plan(&calls.send, 2);
    call_plan(&calls.send, CALL_FAIL(EINTR));
    call_plan(&calls.send, 1);
    send_bytes("hello", 5);
    assert_int_equal(calls.send.n, 4);
    assert_false(conn_is_blocked(&conn));
    peer_hears(peer, "hello", 5);
}

static void what_the_socket_refuses_waits(void **state)
{
    (void)state;
    call_plan(&calls.send, 2);
    socket_is_full(1);
    send_bytes("hello", 5);
    assert_int_equal(conn.out.bytes, 3);
    assert_int_equal(conn.sent, 2);
    assert_int_equal(conn.stalled_since, NOW);
    assert_int_equal(wire_flush(&conn, &err), IO_DONE);
    assert_int_equal(conn.sent, 5);
    assert_int_equal(conn.stalled_since, 0);
    peer_hears(peer, "hello", 5);
}

static void bytes_that_wait_go_before_new_ones(void **state)
{
    (void)state;
    socket_is_full(1);
    send_bytes("one ", 4);
    io->now = NOW + 1;
    send_bytes("two ", 4);
    gather(&conn, "three", 5);
    assert_int_equal(calls.send.n, 1); /* the later ones did not even try */
    assert_int_equal(conn.stalled_since, NOW);
    assert_int_equal(conn.out.bytes, 13);
    assert_int_equal(wire_flush(&conn, &err), IO_DONE);
    peer_hears(peer, "one two three", 13);
}

static void flush_waits_for_the_socket_and_notes_progress(void **state)
{
    (void)state;
    socket_is_full(1);
    send_bytes(sent, 3 * CHUNK_BYTES);
    io->now = NOW + 1;
    socket_is_full(1);
    assert_int_equal(wire_flush(&conn, &err), IO_WANT_WRITE);
    assert_int_equal(conn.stalled_since, NOW);
    io->now = NOW + 2;
    call_plan(&calls.send, 1);
    socket_is_full(1);
    assert_int_equal(wire_flush(&conn, &err), IO_WANT_WRITE);
    assert_int_equal(conn.stalled_since, NOW + 2);
    assert_int_equal(conn.out.bytes, 3 * CHUNK_BYTES - 1);
    assert_int_equal(wire_flush(&conn, &err), IO_DONE);
    peer_hears(peer, sent, 3 * CHUNK_BYTES);
}

/* A real socket with a small buffer and a peer that reads late. */
static void slow_reader_gets_all_bytes_in_order(void **state)
{
    (void)state;
    int small = 4096;
    assert_int_equal(setsockopt(conn.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
    for (size_t at = 0; at < sizeof sent; at += 1000)
        send_bytes(sent + at, at + 1000 < sizeof sent ? 1000 : sizeof sent - at);
    assert_true(conn_is_blocked(&conn));
    for (size_t have = 0; have < sizeof sent;) {
        struct pollfd p[] = {{.fd = peer, .events = POLLIN},
            {.fd = conn.fd, .events = conn_is_blocked(&conn) ? POLLOUT : 0}};
        assert_true(poll(p, 2, WAIT_MS) > 0);
        if (p[0].revents)
            have += (size_t)read(peer, got + have, sizeof got - have);
        assert_int_not_equal(wire_flush(&conn, &err), IO_ERROR);
    }
    assert_memory_equal(got, sent, sizeof sent);
    assert_int_equal(conn.sent, sizeof sent);
    assert_int_equal(io->chunks.n_used, 0);
}

/* Nothing may follow bytes that were lost. */
static void bytes_without_memory_break_the_connection(void **state)
{
    (void)state;
    socket_is_full(1);
    mem_fails_at(1);
    assert_int_equal(wire_send(&conn, "x", 1, &err), IO_ERROR);
    assert_int_equal(err.code, ERR_MEMORY);
    assert_int_equal(wire_send(&conn, "y", 1, &err), IO_ERROR);
    assert_int_equal(err.code, ERR_MEMORY);
    assert_true(peer_has_heard_nothing(peer));
}

/* ---- gathering ---- */

static void small_pieces_share_one_send(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++)
        gather(&conn, sent + 1000 * i, 1000);
    assert_int_equal(calls.send.n, 0);
    assert_int_equal(wire_flush(&conn, &err), IO_DONE);
    assert_int_equal(calls.send.n, 1);
    assert_null(io->gather_owner);
    peer_hears(peer, sent, 20000);
}

static void held_bytes_wait_for_the_next_ones(void **state)
{
    (void)state;
    gather(&conn, "ticket", 6);
    wire_hold(&conn);
    assert_int_equal(wire_flush(&conn, &err), IO_DONE);
    assert_true(more_follows());
    gather(&conn, "answer", 6);
    assert_int_equal(wire_flush(&conn, &err), IO_DONE);
    assert_false(more_follows());
    peer_hears(peer, "ticketanswer", 12);
}

static void held_bytes_leave_by_themselves_when_nothing_follows(void **state)
{
    (void)state;
    gather(&conn, "ticket", 6);
    wire_hold(&conn);
    assert_int_equal(wire_flush(&conn, &err), IO_DONE);
    assert_false(conn_is_blocked(&conn));
    peer_hears(peer, "ticket", 6);
}

static void only_what_was_gathered_is_held(void **state)
{
    (void)state;
    gather(&other, "theirs", 6);
    wire_hold(&conn);
    send_bytes("answer", 6);
    assert_false(more_follows());
    assert_int_equal(wire_flush(&other, &err), IO_DONE);
    assert_false(more_follows());
}

static void full_area_is_sent_before_it_takes_more(void **state)
{
    (void)state;
    size_t n = 0;
    for (; n <= IO_GATHER; n += 7000)
        gather(&conn, sent + n, 7000);
    assert_int_equal(calls.send.n, 1);
    assert_int_equal(wire_flush(&conn, &err), IO_DONE);
    peer_hears(peer, sent, n);
}

static void large_piece_is_sent_at_once_behind_the_small_ones(void **state)
{
    (void)state;
    gather(&conn, sent, 100);
    gather(&conn, sent + 100, 8 * 1024);
    assert_int_equal(calls.send.n, 2);
    assert_null(io->gather_owner);
    peer_hears(peer, sent, 100 + 8 * 1024);
}

static void gathered_bytes_that_the_socket_refuses_wait_in_order(void **state)
{
    (void)state;
    gather(&conn, sent, 1000);
    socket_is_full(1);
    gather(&conn, sent + 1000, IO_GATHER - 500); /* large: both wait */
    assert_int_equal(conn.out.bytes, 500 + IO_GATHER);
    gather(&conn, sent + 500 + IO_GATHER, 9);
    assert_null(io->gather_owner);
    assert_int_equal(wire_flush(&conn, &err), IO_DONE);
    peer_hears(peer, sent, 509 + IO_GATHER);
}

static void small_piece_waits_when_the_full_area_does(void **state)
{
    (void)state;
    size_t n = 0;
    for (; n + 5000 <= IO_GATHER; n += 5000)
        gather(&conn, sent + n, 5000);
    socket_is_full(1);
    gather(&conn, sent + n, 5000);
    assert_int_equal(conn.out.bytes, n + 5000);
    assert_null(io->gather_owner);
    assert_int_equal(wire_flush(&conn, &err), IO_DONE);
    peer_hears(peer, sent, n + 5000);
}

static void two_connections_do_not_mix_their_bytes(void **state)
{
    (void)state;
    gather(&conn, "mine", 4);
    gather(&other, "theirs", 6);
    assert_ptr_equal(io->gather_owner, &other);
    peer_hears(peer, "mine", 4); /* it made room */
    gather(&conn, "mine again", 10);
    peer_hears(other_peer, "theirs", 6);
    assert_int_equal(wire_flush(&other, &err), IO_DONE);
    assert_true(peer_has_heard_nothing(peer)); /* flushing one does not send the other's */
    assert_int_equal(wire_flush(&conn, &err), IO_DONE);
    peer_hears(peer, "mine again", 10);
}

static void failure_of_the_one_that_makes_room_is_not_the_others(void **state)
{
    (void)state;
    gather(&conn, "mine", 4);
    call_plan(&calls.send, CALL_FAIL(ECONNRESET));
    gather(&other, "theirs", 6);
    assert_int_equal(wire_flush(&other, &err), IO_DONE);
    peer_hears(other_peer, "theirs", 6);
    assert_int_equal(wire_flush(&conn, &err), IO_DONE); /* it has nothing to send ... */
    assert_int_equal(wire_send(&conn, "x", 1, &err), IO_ERROR);
    assert_int_equal(err.code, ERR_RESET); /* ... but remembers */
}

/* ---- the end of what we send ---- */

static void fin_follows_the_last_byte(void **state)
{
    (void)state;
    socket_is_full(2);
    send_bytes("last", 4);
    assert_int_equal(conn_finish(&conn, &err), IO_DONE);
    assert_int_equal(conn_flush(&conn, &err), IO_WANT_WRITE);
    assert_false(conn.finished);
    assert_int_equal(calls.shutdown.n, 0);
    assert_int_equal(conn_flush(&conn, &err), IO_DONE);
    assert_true(conn.finished);
    peer_hears(peer, "last", 4);
    peer_hears_the_end(peer);
    assert_int_equal(conn_flush(&conn, &err), IO_DONE);
    assert_int_equal(calls.shutdown.n, 1);
}

static void last_bytes_share_a_segment_with_fin(void **state)
{
    (void)state;
    gather(&conn, "before", 6);
    assert_int_equal(wire_flush(&conn, &err), IO_DONE);
    assert_false(more_follows());
    gather(&conn, "last", 4);
    conn.finishing = true;
    assert_int_equal(wire_flush(&conn, &err), IO_DONE);
    assert_true(more_follows());
    peer_hears(peer, "beforelast", 10);
    peer_hears_the_end(peer);
}

static void fin_of_gathered_bytes_waits_for_them_too(void **state)
{
    (void)state;
    gather(&conn, "last", 4);
    conn.finishing = true;
    assert_int_equal(wire_flush(&conn, &err), IO_DONE);
    peer_hears(peer, "last", 4);
    peer_hears_the_end(peer);
}

/* When another connection made room, and there was no memory for what the socket did not take. */
static void fin_does_not_follow_bytes_that_were_lost(void **state)
{
    (void)state;
    gather(&conn, "last", 4);
    conn.finishing = true;
    socket_is_full(1);
    mem_fails_at(1);
    gather(&other, "theirs", 6);
    assert_int_equal(wire_flush(&conn, &err), IO_ERROR);
    assert_int_equal(err.code, ERR_MEMORY);
    assert_false(conn.finished);
    assert_true(peer_has_heard_nothing(peer));
}

static void fin_that_the_peers_reset_overtook_is_no_error(void **state)
{
    (void)state;
    conn.finishing = true;
    call_plan(&calls.shutdown, CALL_FAIL(ENOTCONN));
    assert_int_equal(wire_flush(&conn, &err), IO_DONE);
    assert_true(conn.finished);
}

static void fin_that_fails_otherwise_is_one(void **state)
{
    (void)state;
    conn.finishing = true;
    call_plan(&calls.shutdown, CALL_FAIL(ENOBUFS));
    assert_int_equal(wire_flush(&conn, &err), IO_ERROR);
    assert_int_equal(err.os_errno, ENOBUFS);
    assert_false(conn.finished);
}

/* ---- receiving ---- */

static enum io_result receive(size_t cap, size_t *ret_n)
{
    return wire_recv(&conn, got, cap, ret_n, &err);
}

/* A second call would be wasted: level-triggered events tell of more. */
static void short_read_is_not_asked_again(void **state)
{
    (void)state;
    size_t n = 0;
    peer_says("hello");
    assert_int_equal(receive(6, &n), IO_DONE);
    assert_int_equal(n, 5);
    assert_int_equal(conn.received, 5);
    assert_int_equal(receive(6, &n), IO_WANT_READ);
    assert_int_equal(calls.recv.n, 1);
}

static void full_read_is_asked_again_until_the_socket_is_empty(void **state)
{
    (void)state;
    size_t n = 0;
    peer_says("hello");
    assert_int_equal(receive(5, &n), IO_DONE);
    assert_true(conn.readable);
    assert_int_equal(receive(5, &n), IO_WANT_READ);
    assert_int_equal(calls.recv.n, 2);
    assert_false(conn.readable);
    assert_int_equal(receive(5, &n), IO_WANT_READ);
    assert_int_equal(calls.recv.n, 2);
}

static void nothing_is_asked_before_an_event(void **state)
{
    (void)state;
    size_t n = 0;
    conn.readable = false;
    peer_says("hello");
    assert_int_equal(receive(5, &n), IO_WANT_READ);
    assert_int_equal(calls.recv.n, 0);
}

static void interrupted_read_is_repeated(void **state)
{
    (void)state;
    size_t n = 0;
    peer_says("hello");
    call_plan(&calls.recv, CALL_FAIL(EINTR));
    assert_int_equal(receive(5, &n), IO_DONE);
    assert_int_equal(n, 5);
}

static void end_is_told_again_without_asking(void **state)
{
    (void)state;
    size_t n = 0;
    assert_int_equal(shutdown(peer, SHUT_WR), 0);
    wait_for(conn.fd, POLLIN);
    for (int i = 0; i < 3; i++)
        assert_int_equal(receive(5, &n), IO_EOF);
    assert_int_equal(calls.recv.n, 1);
    assert_true(conn.wire_eof);
}

/* ---- broken ---- */

/* The kernel tells of an RST once, and of a clean end afterwards. */
static void reset_is_told_again_whoever_asks(void **state)
{
    (void)state;
    size_t n = 0;
    reset(peer);
    wait_for(conn.fd, POLLIN);
    for (int i = 0; i < 3; i++) {
        memset(&err, 0, sizeof err);
        assert_int_equal(receive(5, &n), IO_ERROR);
        assert_int_equal(err.code, ERR_RESET);
        memset(&err, 0, sizeof err);
        assert_int_equal(wire_send(&conn, "x", 1, &err), IO_ERROR);
        assert_int_equal(err.code, ERR_RESET);
    }
    assert_int_equal(calls.recv.n, 1);
    assert_int_equal(calls.send.n, 0);
    peer = -1;
}

static void reset_found_by_sending_is_told_to_the_reader(void **state)
{
    (void)state;
    size_t n = 0;
    reset(peer);
    wait_for(conn.fd, POLLIN);
    assert_int_equal(wire_send(&conn, "x", 1, &err), IO_ERROR);
    assert_int_equal(err.code, ERR_RESET);
    assert_int_equal(receive(5, &n), IO_ERROR);
    assert_int_equal(err.code, ERR_RESET);
    peer = -1;
}

/* The peer said all it had to say and left without reading the rest. What it said is complete. */
static void peer_that_left_after_its_end_is_deaf_but_can_be_read(void **state)
{
    (void)state;
    size_t n = 0;
    send_bytes("question", 8);
    wait_for(peer, POLLIN);
    peer_says("answer");
    assert_int_equal(shutdown(peer, SHUT_WR), 0);
    wait_for(conn.fd, POLLRDHUP);
    close(peer); /* with our question unread: RST */
    peer = -1;
    wait_for(conn.fd, POLLHUP);
    assert_int_equal(wire_send(&conn, sent, BIG, &err), IO_ERROR);
    assert_int_equal(err.os_errno, EPIPE);
    assert_true(conn.deaf);
    assert_int_equal(receive(100, &n), IO_DONE);
    assert_int_equal(n, 6);
    assert_memory_equal(got, "answer", 6);
    conn.readable = true; /* as its event would say */
    assert_int_equal(receive(100, &n), IO_EOF);
}

static void bytes_for_a_deaf_peer_are_dropped(void **state)
{
    (void)state;
    socket_is_full(1);
    send_bytes(sent, 3 * CHUNK_BYTES);
    call_plan(&calls.send, CALL_FAIL(EPIPE));
    assert_int_equal(wire_flush(&conn, &err), IO_ERROR);
    assert_false(conn_is_blocked(&conn));
    assert_int_equal(conn.stalled_since, 0);
    assert_int_equal(io->chunks.n_used, 0);
    unsigned before = calls.send.n;
    assert_int_equal(wire_send(&conn, "x", 1, &err), IO_ERROR);
    assert_int_equal(err.os_errno, EPIPE);
    assert_int_equal(calls.send.n, before); /* nor is it tried again */
}

/* ---- parking and closing ---- */

static void fill_scratch(struct conn *owner, const char *text)
{
    memcpy(io->rx + 7, text, strlen(text));
    io->rx_owner = owner;
    io->rx_begin = 7;
    io->rx_end = 7 + (unsigned)strlen(text);
}

static void park_moves_the_scratch_behind_what_already_waits(void **state)
{
    (void)state;
    const unsigned char *p;
    assert_true(chunk_queue_append(&io->chunks, &conn.in, "one ", 4));
    fill_scratch(&conn, "two");
    assert_true(wire_park(&conn));
    assert_null(io->rx_owner);
    assert_int_equal(chunk_queue_peek(&conn.in, &p), 7);
    assert_memory_equal(p, "one two", 7);
    assert_true(wire_park(&conn)); /* and takes nothing twice */
    assert_int_equal(conn.in.bytes, 7);
}

static void park_leaves_what_belongs_to_another(void **state)
{
    (void)state;
    fill_scratch(&other, "theirs");
    assert_true(wire_park(&conn));
    assert_ptr_equal(io->rx_owner, &other);
    assert_int_equal(conn.in.bytes, 0);
    assert_true(wire_park(&other));
    assert_int_equal(other.in.bytes, 6);
}

static void park_without_memory_says_so(void **state)
{
    (void)state;
    fill_scratch(&conn, "text");
    mem_fails_at(1);
    assert_false(wire_park(&conn));
    assert_null(io->rx_owner); /* all the same: nobody else may get these bytes */
}

static void close_lets_go_of_everything_shared(void **state)
{
    (void)state;
    socket_is_full(1);
    send_bytes(sent, CHUNK_BYTES);
    assert_true(chunk_queue_append(&io->chunks, &conn.in, sent, CHUNK_BYTES));
    fill_scratch(&conn, "text");
    io->gather_owner = &conn;
    wire_close(&conn, CONN_CLOSE);
    assert_int_equal(io->chunks.n_used, 0);
    assert_null(io->rx_owner);
    assert_null(io->gather_owner);
    assert_int_equal(conn.fd, -1);
    peer_hears_the_end(peer);
    wire_close(&conn, CONN_CLOSE); /* twice is once */
}

static void close_leaves_what_belongs_to_another(void **state)
{
    (void)state;
    fill_scratch(&other, "theirs");
    gather(&other, "theirs", 6);
    wire_close(&conn, CONN_CLOSE);
    assert_ptr_equal(io->rx_owner, &other);
    assert_int_equal(wire_flush(&other, &err), IO_DONE);
    peer_hears(other_peer, "theirs", 6);
}

static void reset_at_the_end_is_what_the_peer_sees(void **state)
{
    (void)state;
    static const enum conn_end ends[] = {CONN_RESET, CONN_ABORT};
    for (int i = 0; i < 2; i++) {
        send_bytes("part", 4);
        wire_close(&conn, ends[i]);
        peer_reads(peer, 4);
        assert_int_equal(read(peer, got, 1), -1);
        assert_int_equal(errno, ECONNRESET);
        close(peer);
        open_conn(&conn, &peer);
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(send_leaves_nothing_behind_while_the_socket_takes_it),
        CASE(send_goes_on_after_a_part_and_after_an_interruption),
        CASE(what_the_socket_refuses_waits),
        CASE(bytes_that_wait_go_before_new_ones),
        CASE(flush_waits_for_the_socket_and_notes_progress),
        CASE(slow_reader_gets_all_bytes_in_order),
        CASE(bytes_without_memory_break_the_connection),
        CASE(small_pieces_share_one_send),
        CASE(held_bytes_wait_for_the_next_ones),
        CASE(held_bytes_leave_by_themselves_when_nothing_follows),
        CASE(only_what_was_gathered_is_held),
        CASE(full_area_is_sent_before_it_takes_more),
        CASE(large_piece_is_sent_at_once_behind_the_small_ones),
        CASE(gathered_bytes_that_the_socket_refuses_wait_in_order),
        CASE(small_piece_waits_when_the_full_area_does),
        CASE(two_connections_do_not_mix_their_bytes),
        CASE(failure_of_the_one_that_makes_room_is_not_the_others),
        CASE(fin_follows_the_last_byte),
        CASE(last_bytes_share_a_segment_with_fin),
        CASE(fin_of_gathered_bytes_waits_for_them_too),
        CASE(fin_does_not_follow_bytes_that_were_lost),
        CASE(fin_that_the_peers_reset_overtook_is_no_error),
        CASE(fin_that_fails_otherwise_is_one),
        CASE(short_read_is_not_asked_again),
        CASE(full_read_is_asked_again_until_the_socket_is_empty),
        CASE(nothing_is_asked_before_an_event),
        CASE(interrupted_read_is_repeated),
        CASE(end_is_told_again_without_asking),
        CASE(reset_is_told_again_whoever_asks),
        CASE(reset_found_by_sending_is_told_to_the_reader),
        CASE(peer_that_left_after_its_end_is_deaf_but_can_be_read),
        CASE(bytes_for_a_deaf_peer_are_dropped),
        CASE(park_moves_the_scratch_behind_what_already_waits),
        CASE(park_leaves_what_belongs_to_another),
        CASE(park_without_memory_says_so),
        CASE(close_lets_go_of_everything_shared),
        CASE(close_leaves_what_belongs_to_another),
        CASE(reset_at_the_end_is_what_the_peer_sees),
    };
    return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
