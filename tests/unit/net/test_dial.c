/* One attempt to reach one address. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/log_files.h"
#include "epoll.h"
#include "far.h"
#include "net/dial.h"
#include "net/sock.h"
#include "sockets.h"

#define NO_SOURCE (&(struct addr){0})

static struct loop loop;
static struct io *io;
static struct dialer dialer;
static struct err err;
static int next_file;
static struct {
    unsigned wakes, conn_calls;
} seen;

static void on_wake(void *owner)
{
    assert_ptr_equal(owner, &seen);
    seen.wakes++;
    loop_break(&loop);
}

static void on_conn_ready(void *owner, unsigned events)
{
    (void)events;
    assert_ptr_equal(owner, &seen);
    seen.conn_calls++;
    loop_break(&loop);
}

static int set_up(void **state)
{
    memset(&seen, 0, sizeof seen);
    memset(&err, 0, sizeof err);
    servers.are_near = false;
    next_file = file_next();
    if (loop_init(&loop, &err) < 0 || !(io = malloc(sizeof *io)))
        return -1;
    io_init(io, &loop);
    dialer_init(&dialer, io, on_wake, &seen);
    return make_folder(state);
}

static int tear_down(void **state)
{
    dial_system.cancel(&dialer);
    io_fini(io);
    free(io);
    loop_fini(&loop);
    return file_next() == next_file ? remove_folder(state) : -1;
}

static int listen_at(struct addr *addr)
{
    int fd = sock_listen(addr, true, &err);
    if (fd < 0)
        fail_msg("%s", err.context);
    *addr = addr_bound(fd);
    return fd;
}

static enum dial_result start(const struct addr *addr)
{
    return dial_system.start(&dialer, addr, NO_SOURCE, &err);
}

static void wait_for_wake(void)
{
    unsigned before = seen.wakes;
    loop_run(&loop);
    assert_int_equal(seen.wakes, before + 1);
}

static void on_end(void *owner)
{
    loop_break(owner);
}

/* The wakes that come when nothing new happens. */
static unsigned wakes_now(void)
{
    struct watch_timer end;
    unsigned before = seen.wakes;
    watch_timer_init(&end, on_end, &loop);
    watch_timer_start(&loop, &end, 0);
    loop_run(&loop);
    watch_timer_stop(&loop, &end);
    return seen.wakes - before;
}

/* Connected over TCP; returns the server's end. */
static int connect_dialer(void)
{
    struct addr addr = addr_of("127.0.0.1:0");
    int listener = listen_at(&addr);
    if (start(&addr) == DIAL_WAIT)
        wait_for_wake();
    assert_int_equal(dial_system.result(&dialer, &err), DIAL_DONE);
    wait_for(listener, POLLIN);
    int server = accept(listener, NULL, NULL);
    assert_true(server >= 0);
    close(listener);
    return server;
}

static void path_is_connected_at_once(void **state)
{
    (void)state;
    char text[ADDR_TEXT_MAX];
    snprintf(text, sizeof text, "unix:%s", path_of("socket"));
    struct addr addr = addr_of(text);
    int listener = sock_listen(&addr, true, &err);
    assert_int_equal(start(&addr), DIAL_DONE);
    assert_true(dialer.fd >= 0);
    close(listener);
}

static void server_on_this_machine_is_connected_at_once(void **state)
{
    (void)state;
    struct addr addr = addr_of("127.0.0.1:0");
    int listener = listen_at(&addr);
    servers.are_near = true;
    assert_int_equal(start(&addr), DIAL_DONE);
    assert_int_equal(dial_system.listen(&dialer, &err), DIAL_WAIT); /* and has said nothing yet */
    close(listener);
}

static void closed_port_on_this_machine_is_refused_at_once(void **state)
{
    (void)state;
    struct addr addr;
    int reserved = reserve(&addr);
    servers.are_near = true;
    assert_int_equal(start(&addr), DIAL_FAILED);
    assert_int_equal(err.code, ERR_REFUSED);
    assert_int_equal(dialer.fd, -1);
    close(reserved);
}

static void failure_at_once_needs_no_wake(void **state)
{
    (void)state;
    char text[ADDR_TEXT_MAX];
    snprintf(text, sizeof text, "unix:%s", path_of("missing"));
    struct addr addr = addr_of(text);
    assert_int_equal(start(&addr), DIAL_FAILED);
    assert_int_equal(err.code, ERR_REFUSED);
    assert_int_equal(dialer.fd, -1);
}

/* A socket that is still on its way has no error: asking it would say "connected". */
static void result_waits_for_the_systems_news(void **state)
{
    (void)state;
    struct addr addr = addr_of("127.0.0.1:0");
    int listener = listen_at(&addr);
    assert_int_equal(start(&addr), DIAL_WAIT);
    assert_int_equal(dial_system.result(&dialer, &err), DIAL_WAIT);
    wait_for_wake();
    assert_int_equal(dial_system.result(&dialer, &err), DIAL_DONE);
    close(listener);
}

static void refusal_ends_the_attempt(void **state)
{
    (void)state;
    struct addr addr;
    int reserved = reserve(&addr); /* nobody listens there */
    assert_int_equal(start(&addr), DIAL_WAIT);
    wait_for_wake();
    assert_int_equal(dial_system.result(&dialer, &err), DIAL_FAILED);
    assert_int_equal(err.code, ERR_REFUSED);
    assert_int_equal(err.os_errno, ECONNREFUSED);
    assert_int_equal(dialer.fd, -1);
    close(reserved);
}

static void second_attempt_starts_from_nothing(void **state)
{
    (void)state;
    struct addr addr;
    int reserved = reserve(&addr);
    assert_int_equal(start(&addr), DIAL_WAIT);
    wait_for_wake();
    assert_int_equal(dial_system.result(&dialer, &err), DIAL_FAILED);
    int listener = listen_at(&addr);
    assert_int_equal(start(&addr), DIAL_WAIT);
    assert_int_equal(dial_system.result(&dialer, &err), DIAL_WAIT); /* not the old news */
    wait_for_wake();
    assert_int_equal(dial_system.result(&dialer, &err), DIAL_DONE);
    close(listener);
    close(reserved);
}

static void cancelled_attempt_is_silent_and_may_be_cancelled_twice(void **state)
{
    (void)state;
    struct addr addr = addr_of("127.0.0.1:0");
    int listener = listen_at(&addr);
    assert_int_equal(start(&addr), DIAL_WAIT);
    wait_for(dialer.fd, POLLOUT);
    dial_system.cancel(&dialer);
    dial_system.cancel(&dialer);
    assert_int_equal(dialer.fd, -1);
    assert_int_equal(wakes_now(), 0);
    close(listener);
}

static void connection_becomes_the_conns(void **state)
{
    (void)state;
    struct conn conn;
    int server = connect_dialer(), fd = dialer.fd;
    dial_system.take(&dialer, &conn, on_conn_ready, &seen);
    assert_int_equal(dialer.fd, -1);
    assert_int_equal(conn.fd, fd);
    dial_system.cancel(&dialer); /* is not concerned any more */
    assert_int_equal(write(server, "x", 1), 1);
    unsigned wakes = seen.wakes;
    conn_want(&conn, true);
    loop_run(&loop);
    assert_int_equal(seen.conn_calls, 1);
    assert_int_equal(seen.wakes, wakes);
    conn_close(&conn, CONN_CLOSE);
    close(server);
}

/* Without the system's news it looks connected: a socket on its way has no error. */
static void attempt_that_cannot_be_watched_is_our_failure_F58(void **state)
{
    (void)state;
    struct addr addr = addr_of("127.0.0.1:0");
    int listener = listen_at(&addr);
    epoll_failures.n_ctl = 1;
    assert_int_equal(start(&addr), DIAL_WAIT);
    wait_for_wake();
    assert_int_equal(dial_system.result(&dialer, &err), DIAL_FAILED);
    assert_int_equal(err.code, ERR_LOCAL);
    assert_int_equal(dialer.fd, -1);
    close(listener);
}

/* ---- what the server says first ---- */

static void silent_server_is_waited_for(void **state)
{
    (void)state;
    int server = connect_dialer();
    assert_int_equal(dial_system.listen(&dialer, &err), DIAL_WAIT);
    assert_int_equal(wakes_now(), 0); /* not for its readiness to take bytes */
    assert_int_equal(write(server, "hello", 5), 5);
    wait_for_wake();
    assert_int_equal(dial_system.listen(&dialer, &err), DIAL_DONE);
    char text[8];
    assert_int_equal(recv(dialer.fd, text, sizeof text, 0), 5); /* nothing was taken away */
    close(server);
}

static void clean_end_of_the_server_is_for_the_relay(void **state)
{
    (void)state;
    int server = connect_dialer();
    assert_int_equal(shutdown(server, SHUT_WR), 0);
    wait_for(dialer.fd, POLLIN);
    assert_int_equal(dial_system.listen(&dialer, &err), DIAL_DONE);
    close(server);
}

static void server_that_resets_at_once_has_failed(void **state)
{
    (void)state;
    int server = connect_dialer();
    assert_int_equal(dial_system.listen(&dialer, &err), DIAL_WAIT);
    reset(server);
    wait_for_wake();
    assert_int_equal(dial_system.listen(&dialer, &err), DIAL_FAILED);
    assert_int_equal(err.code, ERR_RESET);
    assert_int_equal(dialer.fd, -1);
}

static void silent_server_that_cannot_be_watched_is_our_failure_F58(void **state)
{
    (void)state;
    int server = connect_dialer();
    epoll_failures.n_ctl = 1;
    assert_int_equal(dial_system.listen(&dialer, &err), DIAL_WAIT);
    wait_for_wake();
    assert_int_equal(dial_system.listen(&dialer, &err), DIAL_FAILED);
    assert_int_equal(err.code, ERR_LOCAL);
    close(server);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(path_is_connected_at_once),
        CASE(server_on_this_machine_is_connected_at_once),
        CASE(closed_port_on_this_machine_is_refused_at_once),
        CASE(failure_at_once_needs_no_wake),
        CASE(result_waits_for_the_systems_news),
        CASE(refusal_ends_the_attempt),
        CASE(second_attempt_starts_from_nothing),
        CASE(cancelled_attempt_is_silent_and_may_be_cancelled_twice),
        CASE(connection_becomes_the_conns),
        CASE(attempt_that_cannot_be_watched_is_our_failure_F58),
        CASE(silent_server_that_cannot_be_watched_is_our_failure_F58),
        CASE(silent_server_is_waited_for),
        CASE(clean_end_of_the_server_is_for_the_relay),
        CASE(server_that_resets_at_once_has_failed),
    };
    alarm(300); /* for a loop that nothing ends */
    return cmocka_run_group_tests_name("dial", tests, NULL, NULL);
}
