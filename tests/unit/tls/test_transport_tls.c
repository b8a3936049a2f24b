/* Records over a conn: what comes and goes between an OpenSSL client and our end of its connection,
 * however the bytes are cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "../net/calls.h"
#include "../net/sockets.h"
#include "cert_fixture.h"
#include "tls/accept.h"
#include "tls_client.h"

#define RECORD 16384 /* the most plain bytes in one */
#define ALERT(description) (SSL3_AL_FATAL << 8 | (description))

/* One connection: our end and the client. */
struct ends {
    struct conn conn;
    struct tls_client client;
    int fd; /* the client's */
};

static struct {
    struct loop loop;
    struct io *io;
    struct tls_thread *thread;
    struct tls_context *context;
    struct chunk_budget budget;
    struct ends a, b;
    struct err err;
    unsigned char sent[8 * RECORD], got[8 * RECORD];
} test;

static struct ends *const a = &test.a, *const b = &test.b;

static void on_ready(void *owner, unsigned events)
{
    (void)owner;
    (void)events;
}

static void ends_open(
    struct ends *e, void (*pair)(int *, int *), const struct tls_client_plan *plan)
{
    int fd;
    pair(&fd, &e->fd);
    conn_open(&e->conn, test.io, fd, &transport_plain, on_ready, e);
    assert_int_equal(tls_accept(&e->conn, test.context, &test.err), 0);
    tls_client_open(&e->client, e->fd, plan);
}

static void ends_close(struct ends *e)
{
    if (!e->client.ssl)
        return;
    conn_close(&e->conn, CONN_CLOSE);
    assert_int_equal(ERR_peek_error(), 0);
    tls_client_close(&e->client);
    close(e->fd);
    memset(e, 0, sizeof *e);
}

static int set_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof test.sent; i++)
        test.sent[i] = (unsigned char)(i ^ i >> 8 ^ i >> 16);
    test.io->chunks.budget = NULL;
    ends_open(a, unix_pair, &(struct tls_client_plan){.sni = "www.example.org"});
    calls_reset();
    return 0;
}

/* Nothing stays in OpenSSL's queue for the next connection (F15), nothing in the shared scratch. */
static int tear_down(void **state)
{
    (void)state;
    ends_close(a);
    ends_close(b);
    const struct io *io = test.io;
    return ERR_peek_error() || io->rx_owner || io->gather_owner || io->chunks.n_used ? -1 : 0;
}

/* What a session does at the end of a callback. */
static void leave(struct ends *e)
{
    struct err ignored;
    (void)conn_flush(&e->conn, &ignored);
    assert_int_equal(conn_park(&e->conn, &ignored), IO_DONE);
}

static enum io_result shake(struct ends *e)
{
    e->conn.readable = true;
    test.err = (struct err){0};
    enum io_result r = conn_handshake(&e->conn, &test.err);
    leave(e);
    return r;
}

/* `step` bytes of the client at a time. */
static void handshake_by(struct ends *e, size_t step)
{
    enum io_result r = IO_WANT_READ;
    bool done = false;
    for (int round = 0; round < 10 && !(done && r == IO_DONE); round++) {
        done = tls_client_handshake(&e->client);
        while (tls_client_push(&e->client, step))
            if (r != IO_DONE)
                r = shake(e);
    }
    assert_true(done);
    assert_int_equal(r, IO_DONE);
}

static void handshake(struct ends *e)
{
    handshake_by(e, SIZE_MAX);
}

static enum io_result read_some(struct ends *e, size_t cap, size_t *ret_n)
{
    test.err = (struct err){0};
    return conn_read(&e->conn, test.got, cap, ret_n, &test.err);
}

static void reads(struct ends *e, size_t cap, size_t n)
{
    size_t have = 0;
    assert_int_equal(read_some(e, cap, &have), IO_DONE);
    assert_int_equal(have, n);
}

/* What an event of the socket would do. */
static void event(struct ends *e)
{
    e->conn.readable = true;
}

static void client_says(struct ends *e, const void *bytes, size_t n)
{
    tls_client_say(&e->client, bytes, n);
    tls_client_push_all(&e->client);
    event(e);
}

static void write_bytes(struct ends *e, const void *bytes, size_t n)
{
    if (conn_write(&e->conn, bytes, n, &test.err) != IO_DONE)
        fail_msg("%s", test.err.context);
}

/* ---- handshake ---- */

static void handshake_is_told_in_the_standards_words(void **state)
{
    (void)state;
    static const struct {
        int version;
        const char *name, *cipher;
    } rows[] = {{TLS1_2_VERSION, "TLSv1.2", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
        {TLS1_3_VERSION, "TLSv1.3", "TLS_AES_128_GCM_SHA256"}};
    for (int i = 0; i < 2; i++) {
        struct tls_info info;
        struct tls_client_plan plan = {.version = rows[i].version, .sni = "www.example.org"};
        ends_open(b, unix_pair, &plan);
        tls_info_get(&b->conn, &info);
        assert_null(info.version);
        assert_null(info.cipher);
        handshake(b);
        tls_info_get(&b->conn, &info);
        assert_string_equal(info.version, rows[i].name);
        assert_string_equal(info.cipher, rows[i].cipher);
        assert_string_equal(info.sni, "www.example.org");
        assert_false(info.resumed);
        ends_close(b);
    }
}

static void plain_connection_has_no_tls_to_tell_of(void **state)
{
    (void)state;
    struct conn plain = {.fd = -1, .transport = &transport_plain};
    struct tls_info info = {.sni = "x", .version = "x", .cipher = "x", .resumed = true};
    tls_info_get(&plain, &info);
    assert_null(info.sni);
    assert_null(info.version);
    assert_null(info.cipher);
    assert_false(info.resumed);
}

static void handshake_takes_single_bytes(void **state)
{
    (void)state;
    handshake_by(a, 1);
    client_says(a, "hello", 5);
    reads(a, RECORD, 5);
}

static void garbage_fails_the_handshake_with_an_alert(void **state)
{
    (void)state;
    assert_int_equal(write(a->fd, "GET / HTTP/1.1\r\n\r\n", 18), 18);
    assert_int_equal(shake(a), IO_ERROR);
    assert_int_equal(test.err.code, ERR_TLS);
    assert_non_null(strstr(test.err.context, "TLS handshake: http request"));
}

static void refused_version_is_told_by_an_alert(void **state)
{
    (void)state;
    ends_open(b, unix_pair, &(struct tls_client_plan){.version = TLS1_1_VERSION});
    assert_false(tls_client_handshake(&b->client));
    tls_client_push_all(&b->client);
    assert_int_equal(shake(b), IO_ERROR);
    assert_int_equal(test.err.code, ERR_TLS);
    assert_non_null(strstr(test.err.context, "TLS handshake: unsupported protocol"));
    assert_false(tls_client_handshake(&b->client));
    assert_int_equal(b->client.alert, ALERT(SSL_AD_PROTOCOL_VERSION));
}

static void client_that_leaves_in_the_handshake_is_a_truncation(void **state)
{
    (void)state;
    assert_int_equal(shutdown(a->fd, SHUT_WR), 0); /* before a word */
    assert_int_equal(shake(a), IO_ERROR);
    assert_int_equal(test.err.code, ERR_TRUNCATED);
    ends_open(b, unix_pair, &(struct tls_client_plan){0});
    assert_false(tls_client_handshake(&b->client));
    tls_client_push_all(&b->client);
    assert_int_equal(shake(b), IO_WANT_READ);
    assert_int_equal(shutdown(b->fd, SHUT_WR), 0); /* behind its first */
    assert_int_equal(shake(b), IO_ERROR);
    assert_int_equal(test.err.code, ERR_TRUNCATED);
    ends_close(b);
    ends_open(b, unix_pair, &(struct tls_client_plan){.version = TLS1_2_VERSION});
    assert_false(tls_client_handshake(&b->client));
    tls_client_push_all(&b->client);
    assert_int_equal(shake(b), IO_WANT_READ);
    assert_int_equal(write(b->fd, "\x15\x03\x03\x00\x02\x01\x00", 7), 7); /* close_notify */
    assert_int_equal(shake(b), IO_ERROR);
    assert_int_equal(test.err.code, ERR_TRUNCATED);
}

/* ---- sending ---- */

/* A send of its own for each ticket would wait for an ACK, or cost a packet. */
static void ticket_and_first_bytes_share_a_send(void **state)
{
    (void)state;
    char text[8];
    assert_false(tls_client_handshake(&a->client));
    tls_client_push_all(&a->client);
    assert_int_equal(shake(a), IO_WANT_READ);
    assert_int_equal(calls.send.n, 1); /* all of the server's flight */
    assert_true(tls_client_handshake(&a->client));
    tls_client_push_all(&a->client);
    event(a);
    assert_int_equal(conn_handshake(&a->conn, &test.err), IO_DONE);
    write_bytes(a, "first", 5);
    leave(a);
    assert_int_equal(calls.send.n, 2);
    assert_int_equal(tls_client_hear(&a->client, text, sizeof text), 5);
    assert_int_equal(SSL_SESSION_is_resumable(SSL_get0_session(a->client.ssl)), 1);
}

static void only_the_ticket_of_tls13_is_held_for_what_follows(void **state)
{
    (void)state;
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    for (int i = 0; i < 2; i++) {
        ends_open(b, tcp_pair, &(struct tls_client_plan){.version = versions[i]});
        handshake(b);
        assert_int_equal(calls.send.n, 2); /* the flight; Finished or ticket */
        assert_int_equal(calls.send_flags & MSG_MORE, i == 1 ? MSG_MORE : 0);
        write_bytes(b, "answer", 6);
        leave(b);
        assert_int_equal(calls.send_flags & MSG_MORE, 0);
        calls_reset();
        ends_close(b);
    }
}

static void small_records_share_a_send(void **state)
{
    (void)state;
    handshake(a);
    calls_reset();
    for (int i = 0; i < 20; i++)
        write_bytes(a, test.sent + 1000 * i, 1000);
    assert_int_equal(calls.send.n, 0);
    leave(a);
    assert_int_equal(calls.send.n, 1);
    assert_int_equal(tls_client_hear(&a->client, test.got, sizeof test.got), 20000);
    assert_memory_equal(test.got, test.sent, 20000);
}

static void large_piece_leaves_in_full_records(void **state)
{
    (void)state;
    handshake(a);
    calls_reset();
    write_bytes(a, test.sent, 4 * RECORD);
    leave(a);
    assert_int_equal(calls.send.n, 4);
    assert_int_equal(tls_client_hear(&a->client, test.got, sizeof test.got), 4 * RECORD);
    assert_memory_equal(test.got, test.sent, 4 * RECORD);
}

static void records_that_the_socket_refuses_wait_and_arrive_whole(void **state)
{
    (void)state;
    size_t have = 0;
    handshake(a);
    call_plan(&calls.send, 100); /* within the first record */
    call_plan(&calls.send, CALL_FAIL(EAGAIN));
    write_bytes(a, test.sent, 3 * RECORD);
    assert_true(conn_is_blocked(&a->conn));
    for (int round = 0; have < 3 * RECORD && round < 100; round++) {
        have += tls_client_hear(&a->client, test.got + have, sizeof test.got - have);
        assert_int_not_equal(conn_flush(&a->conn, &test.err), IO_ERROR);
    }
    assert_int_equal(have, 3 * RECORD);
    assert_memory_equal(test.got, test.sent, have);
}

/* OpenSSL's own words would hide it, and behind the client's end it knows none. */
static void write_that_fails_tells_the_systems_reason(void **state)
{
    (void)state;
    static const int errors[] = {ECONNRESET, EPIPE, ETIMEDOUT};
    for (int i = 0; i < 6; i++) {
        size_t n;
        ends_open(b, unix_pair, &(struct tls_client_plan){0});
        handshake(b);
        if (i >= 3) {
            assert_int_equal(SSL_shutdown(b->client.ssl), 0);
            tls_client_push_all(&b->client);
            event(b);
            assert_int_equal(read_some(b, RECORD, &n), IO_EOF);
        }
        calls_reset();
        call_plan(&calls.send, CALL_FAIL(errors[i % 3]));
        assert_int_equal(conn_write(&b->conn, test.sent, RECORD, &test.err), IO_ERROR);
        assert_int_equal(test.err.os_errno, errors[i % 3]);
        ends_close(b);
    }
}

/* ---- receiving ---- */

static void many_records_are_one_recv_and_one_read(void **state)
{
    (void)state;
    handshake(a);
    for (int i = 0; i < 10; i++)
        tls_client_say(&a->client, test.sent + 100 * i, 100);
    tls_client_push_all(&a->client);
    event(a);
    calls_reset();
    reads(a, IO_PIECE, 1000);
    assert_memory_equal(test.got, test.sent, 1000);
    assert_int_equal(calls.recv.n, 1);
}

static void bytes_arrive_whatever_the_segments(void **state)
{
    (void)state;
    size_t have = 0;
    handshake(a);
    tls_client_say(&a->client, test.sent, 700);
    tls_client_say(&a->client, test.sent + 700, 300);
    while (tls_client_push(&a->client, 1)) {
        size_t n = 0;
        event(a);
        enum io_result r =
            conn_read(&a->conn, test.got + have, sizeof test.got - have, &n, &test.err);
        assert_true(r == IO_DONE || r == IO_WANT_READ);
        leave(a);
        assert_false(conn_has_buffered(&a->conn)); /* half a record is no reason to come again */
        have += n;
    }
    assert_int_equal(have, 1000);
    assert_memory_equal(test.got, test.sent, 1000);
}

/* The trap of the shared scratch: what is left in it belongs to one connection. */
static void leftover_ciphertext_is_parked_and_read_later(void **state)
{
    (void)state;
    ends_open(b, unix_pair, &(struct tls_client_plan){0});
    handshake(a);
    handshake(b);
    for (int i = 0; i < 20; i++)
        tls_client_say(&a->client, test.sent + 1000 * i, 1000);
    tls_client_push_all(&a->client);
    client_says(b, "other", 5);
    event(a);
    reads(a, 1000, 1000); /* the relay paused: the rest is ciphertext */
    assert_ptr_equal(test.io->rx_owner, &a->conn);
    assert_true(conn_has_buffered(&a->conn));
    leave(a);
    assert_null(test.io->rx_owner);
    assert_true(a->conn.in.bytes > 19000);
    assert_true(conn_has_buffered(&a->conn));
    reads(b, IO_PIECE, 5);
    assert_memory_equal(test.got, "other", 5);
    leave(b);
    for (int i = 1; i < 20; i++) {
        reads(a, 1000, 1000);
        assert_memory_equal(test.got, test.sent + 1000 * i, 1000);
    }
    assert_false(conn_has_buffered(&a->conn));
    assert_int_equal(a->conn.in.bytes, 0);
}

static void parked_bytes_come_before_those_of_the_socket(void **state)
{
    (void)state;
    handshake(a);
    tls_client_say(&a->client, "one ", 4);
    tls_client_say(&a->client, "two ", 4);
    tls_client_push_all(&a->client);
    event(a);
    reads(a, 4, 4);
    leave(a);
    client_says(a, "three", 5);
    reads(a, IO_PIECE, 9);
    assert_memory_equal(test.got, "two three", 9);
}

static void rest_of_a_record_is_announced_by_nobody_else(void **state)
{
    (void)state;
    handshake(a);
    client_says(a, test.sent, 1000);
    reads(a, 100, 100);
    leave(a);
    assert_int_equal(a->conn.in.bytes, 0); /* OpenSSL holds it */
    assert_true(conn_has_buffered(&a->conn));
    reads(a, 1000, 900);
    assert_memory_equal(test.got, test.sent + 100, 900);
    assert_false(conn_has_buffered(&a->conn));
}

/* OpenSSL would keep a buffer of its own for it. */
static void record_is_not_begun_without_room_for_all_of_it(void **state)
{
    (void)state;
    handshake(a);
    tls_client_say(&a->client, test.sent, RECORD);
    client_says(a, test.sent + RECORD, RECORD);
    reads(a, 2 * RECORD - 1, RECORD);
    assert_int_equal(SSL_pending(a->conn.tls), 0);
    event(a);
    reads(a, RECORD, RECORD);
    assert_memory_equal(test.got, test.sent + RECORD, RECORD);
}

static void park_beyond_the_budget_says_so(void **state)
{
    (void)state;
    handshake(a);
    tls_client_say(&a->client, test.sent, 1000);
    tls_client_say(&a->client, test.sent, 1000);
    tls_client_push_all(&a->client);
    event(a);
    reads(a, 1000, 1000);
    test.io->chunks.budget = &test.budget; /* of nothing */
    assert_int_equal(conn_park(&a->conn, &test.err), IO_ERROR);
    assert_int_equal(test.err.code, ERR_MEMORY);
}

static void new_keys_take_nothing_from_the_stream_F9(void **state)
{
    (void)state;
    char text[8];
    handshake(a);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(SSL_key_update(a->client.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
        client_says(a, "ping", 4);
        reads(a, RECORD, 4);
        write_bytes(a, "pong", 4);
        leave(a);
        assert_int_equal(tls_client_hear(&a->client, text, sizeof text), 4);
    }
}

/* n new keys of the client; the result of the read that met them. */
static enum io_result read_key_updates(struct ends *e, int n)
{
    size_t ignored;
    while (n--) {
        assert_int_equal(SSL_key_update(e->client.ssl, SSL_KEY_UPDATE_NOT_REQUESTED), 1);
        assert_int_equal(SSL_do_handshake(e->client.ssl), 1);
    }
    tls_client_push_all(&e->client);
    event(e);
    enum io_result r = read_some(e, RECORD, &ignored);
    leave(e);
    return r;
}

static void records_without_data_are_borne_for_64_kib_F9(void **state)
{
    (void)state;
    const int some = 500; /* of some 27 bytes each */
    handshake(a);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(read_key_updates(a, some), IO_WANT_READ);
        if (i % 3 == 2) {
            client_says(a, "data", 4); /* makes up for what came before */
            reads(a, RECORD, 4);
        }
    }
    uint64_t before = a->conn.received;
    while (read_key_updates(a, some) == IO_WANT_READ)
        assert_true(a->conn.received - before <= 64 * 1024);
    assert_int_equal(test.err.code, ERR_TLS);
    assert_non_null(strstr(test.err.context, "records without data"));
}

/* OpenSSL answers some things by itself: a client that asks and never reads has to wait. */
static void what_openssl_says_by_itself_is_bounded(void **state)
{
    (void)state;
    BIO *bio = SSL_get_wbio(a->conn.tls);
    size_t waiting = 0;
    for (; waiting <= 2 * IO_PIECE; waiting += RECORD) {
        call_plan(&calls.send, CALL_FAIL(EAGAIN));
        assert_int_equal(BIO_write(bio, test.sent, RECORD), RECORD);
    }
    assert_int_equal(a->conn.out.bytes, waiting);
    assert_int_equal(BIO_write(bio, "x", 1), -1);
    assert_true(BIO_should_retry(bio) && BIO_should_write(bio));
    assert_int_equal(a->conn.out.bytes, waiting);
    chunk_queue_clear(&test.io->chunks, &a->conn.out);
    assert_int_equal(BIO_write(bio, "x", 1), 1);
    assert_false(BIO_should_retry(bio));
    leave(a);
}

/* ---- ends ---- */

static void close_notify_ends_one_direction_only_F14(void **state)
{
    (void)state;
    size_t n = 0;
    handshake(a);
    tls_client_say(&a->client, "bye", 3);
    assert_int_equal(SSL_shutdown(a->client.ssl), 0);
    tls_client_push_all(&a->client);
    event(a);
    reads(a, IO_PIECE, 3);
    for (int i = 0; i < 2; i++)
        assert_int_equal(read_some(a, IO_PIECE, &n), IO_EOF);
    assert_true(a->conn.eof);
    write_bytes(a, test.sent, 3 * RECORD);
    leave(a);
    assert_int_equal(tls_client_hear(&a->client, test.got, sizeof test.got), 3 * RECORD);
    assert_memory_equal(test.got, test.sent, 3 * RECORD);
    assert_false(tls_client_heard_the_end(&a->client));
}

/* No event of the socket would ever tell of it. */
static void close_notify_that_came_with_the_last_bytes_is_announced(void **state)
{
    (void)state;
    size_t n;
    handshake(a);
    tls_client_say(&a->client, "bye", 3);
    assert_int_equal(SSL_shutdown(a->client.ssl), 0);
    tls_client_push_all(&a->client);
    event(a);
    reads(a, IO_PIECE, 3);
    leave(a);
    assert_false(a->conn.readable);
    assert_true(conn_has_buffered(&a->conn));
    assert_int_equal(read_some(a, IO_PIECE, &n), IO_EOF);
}

static void our_end_is_close_notify_then_fin_behind_the_last_byte(void **state)
{
    (void)state;
    handshake(a);
    call_plan(&calls.send, CALL_FAIL(EAGAIN));
    call_plan(&calls.send, CALL_FAIL(EAGAIN));
    write_bytes(a, test.sent, RECORD);
    assert_int_equal(conn_finish(&a->conn, &test.err), IO_DONE);
    assert_int_equal(conn_flush(&a->conn, &test.err), IO_WANT_WRITE);
    assert_false(a->conn.finished);
    assert_int_equal(conn_flush(&a->conn, &test.err), IO_DONE);
    assert_true(a->conn.finished);
    assert_int_equal(tls_client_hear(&a->client, test.got, sizeof test.got), RECORD);
    assert_true(tls_client_heard_the_end(&a->client));
    assert_true(a->client.fin);
}

static void client_can_go_on_behind_our_end(void **state)
{
    (void)state;
    handshake(a);
    assert_int_equal(conn_finish(&a->conn, &test.err), IO_DONE);
    leave(a);
    client_says(a, "still here", 10);
    reads(a, IO_PIECE, 10);
    assert_int_equal(SSL_shutdown(a->client.ssl), 0);
    tls_client_push_all(&a->client);
    size_t n;
    event(a);
    assert_int_equal(read_some(a, IO_PIECE, &n), IO_EOF);
}

/* A client that was cut off must not look like one that had finished (P3). */
static void fin_without_close_notify_is_a_truncation_F13(void **state)
{
    (void)state;
    static const size_t bytes_of_the_last_record[] = {0, 3, 20};
    for (int i = 0; i < 3; i++) {
        size_t n;
        ends_open(b, unix_pair, &(struct tls_client_plan){0});
        handshake(b);
        client_says(b, "whole", 5);
        tls_client_say(&b->client, "cut off", 7);
        tls_client_push(&b->client, bytes_of_the_last_record[i]);
        assert_int_equal(shutdown(b->fd, SHUT_WR), 0);
        event(b);
        reads(b, IO_PIECE, 5); /* what came whole is passed on */
        event(b);
        assert_int_equal(read_some(b, IO_PIECE, &n), IO_ERROR);
        assert_int_equal(test.err.code, ERR_TRUNCATED);
        assert_false(b->conn.eof);
        ends_close(b);
    }
}

static void reset_of_the_client_is_told_as_one(void **state)
{
    (void)state;
    size_t n;
    ends_open(b, tcp_pair, &(struct tls_client_plan){0});
    for (int round = 0; round < 1000 && shake(b) != IO_DONE; round++) {
        (void)tls_client_handshake(&b->client);
        tls_client_push_all(&b->client);
    }
    reset(b->fd);
    b->fd = -1;
    wait_for(b->conn.fd, POLLHUP);
    event(b);
    assert_int_equal(read_some(b, IO_PIECE, &n), IO_ERROR);
    assert_int_equal(test.err.code, ERR_RESET);
}

/* A record that nobody with the keys has made. */
static void say_garbage(const struct ends *e)
{
    static const char record[] = "\x17\x03\x03\x00\x20"
                                 "0123456789abcdef0123456789abcdef";
    assert_int_equal(write(e->fd, record, sizeof record - 1), sizeof record - 1);
}

static void broken_record_is_answered_by_an_alert_and_blamed_on_the_client(void **state)
{
    (void)state;
    size_t n;
    handshake(a);
    say_garbage(a);
    event(a);
    assert_int_equal(read_some(a, IO_PIECE, &n), IO_ERROR);
    assert_int_equal(test.err.code, ERR_TLS);
    leave(a);
    assert_int_equal(tls_client_hear(&a->client, test.got, 1), 0);
    assert_int_equal(a->client.alert, ALERT(SSL_AD_BAD_RECORD_MAC));
}

/* At once, since the next read could not tell the reason any more. */
static void broken_record_behind_a_sound_one_tells_its_reason(void **state)
{
    (void)state;
    size_t n;
    handshake(a);
    client_says(a, "sound", 5);
    say_garbage(a);
    assert_int_equal(read_some(a, IO_PIECE, &n), IO_ERROR);
    assert_int_equal(test.err.code, ERR_TLS);
    assert_non_null(strstr(test.err.context, "bad record mac"));
}

static void failure_of_one_connection_is_not_anothers_F15(void **state)
{
    (void)state;
    size_t n;
    ends_open(b, unix_pair, &(struct tls_client_plan){0});
    handshake(a);
    handshake(b);
    say_garbage(a);
    event(a);
    assert_int_equal(read_some(a, IO_PIECE, &n), IO_ERROR);
    event(b);
    assert_int_equal(read_some(b, IO_PIECE, &n), IO_WANT_READ);
    client_says(b, "sound", 5);
    reads(b, IO_PIECE, 5);
}

/* ---- closing ---- */

static void reset_says_no_goodbye(void **state)
{
    (void)state;
    handshake(a);
    conn_close(&a->conn, CONN_RESET);
    assert_false(tls_client_heard_the_end(&a->client));
    assert_int_equal(a->client.alert, 0);
}

static void abort_tells_the_client_whose_fault_it_was(void **state)
{
    (void)state;
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    for (int i = 0; i < 2; i++) {
        ends_open(b, unix_pair, &(struct tls_client_plan){.version = versions[i]});
        handshake(b);
        client_says(b, test.sent, 1000);
        reads(b, 100, 100); /* OpenSSL still has something to give */
        conn_close(&b->conn, CONN_ABORT);
        assert_int_equal(ERR_peek_error(), 0);
        assert_false(tls_client_heard_the_end(&b->client));
        assert_int_equal(b->client.alert, ALERT(SSL_AD_INTERNAL_ERROR));
        assert_true(b->client.fin);
        ends_close(b);
    }
}

static void abort_is_told_in_the_handshake_too(void **state)
{
    (void)state;
    assert_false(tls_client_handshake(&a->client));
    tls_client_push(&a->client, 50);
    assert_int_equal(shake(a), IO_WANT_READ);
    conn_close(&a->conn, CONN_ABORT);
    assert_false(tls_client_handshake(&a->client));
    assert_int_equal(a->client.alert, ALERT(SSL_AD_INTERNAL_ERROR));
}

#define OPENSSL_3_2 0x30200000ul

static void abort_behind_the_clients_end_is_told_too(void **state)
{
    (void)state;
    size_t n;
    if (OpenSSL_version_num() >= OPENSSL_3_2)
        skip(); /* no way to make it speak then */
    handshake(a);
    assert_int_equal(SSL_shutdown(a->client.ssl), 0);
    tls_client_push_all(&a->client);
    event(a);
    assert_int_equal(read_some(a, IO_PIECE, &n), IO_EOF);
    conn_close(&a->conn, CONN_ABORT);
    assert_false(tls_client_heard_the_end(&a->client));
    assert_int_equal(a->client.alert, ALERT(SSL_AD_INTERNAL_ERROR));
}

/* A close_notify that has not left yet would make the cut stream look whole (P3). */
static void abort_takes_back_an_end_that_has_not_left(void **state)
{
    (void)state;
    handshake(a);
    write_bytes(a, "last", 4);
    assert_int_equal(conn_finish(&a->conn, &test.err), IO_DONE);
    conn_close(&a->conn, CONN_ABORT);
    assert_false(tls_client_heard_the_end(&a->client));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static int group_setup(void **state)
{
    (void)state;
    struct err *e = &test.err;
    static struct cert_record *record;
    static struct tls_policy policy = {.name = "web", .records = &record, .n_records = 1};
    test.io = malloc(sizeof *test.io);
    if (!test.io || libctx_process_init(e) < 0 || loop_init(&test.loop, e) < 0)
        return -1;
    io_init(test.io, &test.loop);
    test.thread = tls_thread_new(e);
    if (!test.thread || cert_record_self_signed(CERT_FIXTURE_FROM_S, &record, e) < 0)
        return -1;
    test.context = tls_context_new(test.thread, &policy, e);
    cert_record_unref(record);
    return test.context ? 0 : -1;
}

static int group_teardown(void **state)
{
    (void)state;
    tls_context_free(test.context);
    tls_thread_free(test.thread);
    io_fini(test.io);
    free(test.io);
    loop_fini(&test.loop);
    libctx_process_fini();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(handshake_is_told_in_the_standards_words),
        CASE(plain_connection_has_no_tls_to_tell_of),
        CASE(handshake_takes_single_bytes),
        CASE(garbage_fails_the_handshake_with_an_alert),
        CASE(refused_version_is_told_by_an_alert),
        CASE(client_that_leaves_in_the_handshake_is_a_truncation),
        CASE(ticket_and_first_bytes_share_a_send),
        CASE(only_the_ticket_of_tls13_is_held_for_what_follows),
        CASE(small_records_share_a_send),
        CASE(large_piece_leaves_in_full_records),
        CASE(records_that_the_socket_refuses_wait_and_arrive_whole),
        CASE(write_that_fails_tells_the_systems_reason),
        CASE(many_records_are_one_recv_and_one_read),
        CASE(bytes_arrive_whatever_the_segments),
        CASE(leftover_ciphertext_is_parked_and_read_later),
        CASE(parked_bytes_come_before_those_of_the_socket),
        CASE(rest_of_a_record_is_announced_by_nobody_else),
        CASE(record_is_not_begun_without_room_for_all_of_it),
        CASE(park_beyond_the_budget_says_so),
        CASE(new_keys_take_nothing_from_the_stream_F9),
        CASE(records_without_data_are_borne_for_64_kib_F9),
        CASE(what_openssl_says_by_itself_is_bounded),
        CASE(close_notify_ends_one_direction_only_F14),
        CASE(close_notify_that_came_with_the_last_bytes_is_announced),
        CASE(our_end_is_close_notify_then_fin_behind_the_last_byte),
        CASE(client_can_go_on_behind_our_end),
        CASE(fin_without_close_notify_is_a_truncation_F13),
        CASE(reset_of_the_client_is_told_as_one),
        CASE(broken_record_is_answered_by_an_alert_and_blamed_on_the_client),
        CASE(broken_record_behind_a_sound_one_tells_its_reason),
        CASE(failure_of_one_connection_is_not_anothers_F15),
        CASE(reset_says_no_goodbye),
        CASE(abort_tells_the_client_whose_fault_it_was),
        CASE(abort_is_told_in_the_handshake_too),
        CASE(abort_behind_the_clients_end_is_told_too),
        CASE(abort_takes_back_an_end_that_has_not_left),
    };
    return cmocka_run_group_tests_name("transport_tls", tests, group_setup, group_teardown);
}
