/* Accepting, and what happens when there is no room for more (F55). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sched.h>

#include "../base/log_files.h"
#include "base/log.h"
#include "calls.h"
#include "epoll.h"
#include "net/listener.h"
#include "net/sock.h"
#include "sockets.h"

#define CLIENTS_MAX 70
#define ACCEPT_MAX 64 /* in one wake-up */

static struct loop loop;
static struct listener listener;
static struct addr addr;
static int clients[CLIENTS_MAX];
static unsigned n_clients;
static struct {
    unsigned accepted, limit, refusals;
    unsigned wanted, wanted_refusals; /* the loop ends when there are so many */
    struct addr last_peer;
    bool last_flags_right;
    struct watch_turn turn;
    unsigned at_turn; /* accepted when the first turn ended */
} seen;

static void on_accept(void *owner, int fd, const struct addr *peer)
{
    assert_ptr_equal(owner, &seen);
    seen.accepted++;
    seen.last_peer = *peer;
    seen.last_flags_right = (fcntl(fd, F_GETFL) & O_NONBLOCK) && (fcntl(fd, F_GETFD) & FD_CLOEXEC);
    close(fd);
    if (seen.accepted == seen.wanted)
        loop_break(&loop);
}

static const char *what_is_full(void *owner)
{
    assert_ptr_equal(owner, &seen);
    if (seen.accepted < seen.limit)
        return NULL;
    if (++seen.refusals == seen.wanted_refusals)
        loop_break(&loop);
    return "the house is full";
}

static int set_up(void **state)
{
    struct err err;
    enum log_stream whose;
    struct log_target errors = {LOG_SINK_FILE, NULL}, access = {LOG_SINK_OFF, NULL};
    memset(&seen, 0, sizeof seen);
    seen.limit = UINT32_MAX;
    n_clients = 0;
    calls_reset();
    if (make_folder(state) < 0)
        return -1;
    errors.path = path_of("log");
    if (log_start(&errors, &access, clock_system(), &whose, &err) < 0 || loop_init(&loop, &err) < 0)
        return -1;
    addr = addr_of("127.0.0.1:0");
    int fd = sock_listen(&addr, true, &err);
    if (fd < 0)
        return -1;
    addr = addr_bound(fd);
    listener_init(&listener, &loop, fd, &addr, on_accept, what_is_full, &seen);
    listener_start(&listener);
    return 0;
}

static int tear_down(void **state)
{
    while (n_clients)
        close(clients[--n_clients]);
    listener_stop(&listener);
    close(listener.fd);
    loop_fini(&loop);
    log_stop(US_PER_S);
    return remove_folder(state);
}

static unsigned queue_length(void)
{
    struct tcp_info info;
    socklen_t len = sizeof info;
    assert_int_equal(getsockopt(listener.fd, IPPROTO_TCP, TCP_INFO, &info, &len), 0);
    return info.tcpi_unacked; /* of a listening socket */
}

/* So many clients more are in the queue. */
static void knock(unsigned n)
{
    unsigned before = queue_length();
    for (unsigned i = 0; i < n; i++)
        clients[n_clients++] = client_of(&addr);
    while (queue_length() < before + n)
        sched_yield();
}

static void run_until_accepted(unsigned n)
{
    seen.wanted = n;
    if (seen.accepted < n)
        loop_run(&loop);
    assert_int_equal(seen.accepted, n);
}

static void on_first_turn(void *owner)
{
    (void)owner;
    seen.at_turn = seen.accepted;
    if (calls.accept4.n)
        loop_break(&loop);
}

/* Until accept4() was called, then to the end of that turn. */
static void run_one_wake_up(void)
{
    watch_turn_start(&loop, &seen.turn, on_first_turn, NULL);
    loop_run(&loop);
    watch_turn_stop(&loop, &seen.turn);
}

static const char *log_text(void)
{
    log_stop(US_PER_S);
    return contents("log");
}

static void client_is_handed_over_with_its_address(void **state)
{
    (void)state;
    knock(1);
    run_until_accepted(1);
    struct addr client = addr_bound(clients[0]);
    assert_true(addr_equal(&seen.last_peer, &client));
    assert_true(seen.last_flags_right);
}

static void all_who_wait_are_accepted_in_one_wake_up(void **state)
{
    (void)state;
    knock(5);
    run_one_wake_up();
    assert_int_equal(seen.at_turn, 5);
    assert_int_equal(calls.accept4.n, 6); /* the last one found nobody */
}

/* The connections that exist want their turn. */
static void wake_up_accepts_a_bounded_number(void **state)
{
    (void)state;
    knock(CLIENTS_MAX);
    run_one_wake_up();
    assert_int_equal(seen.at_turn, ACCEPT_MAX);
    run_until_accepted(CLIENTS_MAX);
}

/* A client that left while it waited, a firewall: errors of the connection, not of the listener. */
static void error_of_one_client_does_not_keep_others_out(void **state)
{
    (void)state;
    call_plan(&calls.accept4, CALL_FAIL(ECONNABORTED));
    call_plan(&calls.accept4, CALL_FAIL(EPERM));
    call_plan(&calls.accept4, CALL_FAIL(EINTR));
    knock(2);
    run_one_wake_up();
    assert_int_equal(seen.at_turn, 2);
}

static void lack_of_descriptors_pauses_instead_of_spinning_F55(void **state)
{
    (void)state;
    static const int errors[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM};
    for (unsigned i = 0; i < 4; i++) {
        calls_reset();
        call_plan(&calls.accept4, CALL_FAIL(errors[i]));
        knock(1);
        mono_us before = clock_mono(clock_system());
        run_until_accepted(i + 1);
        assert_true(clock_mono(clock_system()) - before >= LISTENER_PAUSE_US);
        assert_int_equal(calls.accept4.n, 3); /* one failed, one got in, one found nobody */
    }
}

static void lack_of_descriptors_is_told_once_a_second_with_its_remedy_F55(void **state)
{
    (void)state;
    for (unsigned round = 1; round <= 2; round++) { /* somebody got in between */
        for (int i = 0; i < 3; i++)
            call_plan(&calls.accept4, CALL_FAIL(EMFILE));
        knock(1);
        run_until_accepted(round);
    }
    const char *text = log_text();
    char where[ADDR_TEXT_MAX];
    addr_format(&addr, where);
    assert_int_equal(count_lines(text), 2);
    assert_non_null(strstr(text, where));
    assert_non_null(strstr(text, "raise the limit of open files: Too many open files"));
}

static void no_room_pauses_until_there_is_some(void **state)
{
    (void)state;
    seen.limit = 2;
    knock(3);
    run_one_wake_up();
    assert_int_equal(seen.accepted, 2);
    assert_int_equal(calls.accept4.n, 2); /* who has no room does not take */
    seen.limit = 3;
    run_until_accepted(3);
}

static void no_room_is_told_once_until_somebody_got_in(void **state)
{
    (void)state;
    for (unsigned i = 1; i <= 2; i++) {
        seen.limit = i;
        knock(1 + (i == 1)); /* one gets in, another waits */
        seen.wanted_refusals = 3 * i;
        loop_run(&loop);
    }
    assert_int_equal(seen.accepted, 2);
    const char *text = log_text();
    assert_int_equal(count_lines(text), 2);
    assert_non_null(strstr(text, "the house is full"));
}

static void on_end(void *owner)
{
    loop_break(owner);
}

static void stopped_listener_leaves_clients_in_the_queue(void **state)
{
    (void)state;
    struct watch_timer end;
    knock(1);
    listener_stop(&listener);
    watch_timer_init(&end, on_end, &loop);
    watch_timer_start(&loop, &end, 0);
    loop_run(&loop);
    assert_int_equal(seen.accepted, 0);
    listener_start(&listener);
    run_until_accepted(1);
}

static void stopping_ends_a_pause_and_starting_keeps_it(void **state)
{
    (void)state;
    call_plan(&calls.accept4, CALL_FAIL(EMFILE));
    knock(1);
    run_one_wake_up();
    assert_true(watch_timer_is_active(&listener.pause));
    listener_start(&listener);
    assert_false(ev_is_active(&listener.watch.ev));
    listener_stop(&listener);
    assert_false(watch_timer_is_active(&listener.pause));
    listener_start(&listener);
    run_until_accepted(1);
}

/* Before a socket is given up: who waits in its queue would be reset. */
static void drain_takes_all_who_wait_whatever_the_room_F84(void **state)
{
    (void)state;
    seen.limit = 0;
    knock(CLIENTS_MAX);
    listener_stop(&listener);
    listener_drain(&listener);
    assert_int_equal(seen.accepted, CLIENTS_MAX);
}

static void address_that_cannot_be_watched_is_tried_again(void **state)
{
    (void)state;
    epoll_failures.n_ctl = 2;
    knock(1);
    run_until_accepted(1);
    assert_int_equal(epoll_failures.n_ctl, 0);
    const char *text = log_text();
    char where[ADDR_TEXT_MAX];
    addr_format(&addr, where);
    assert_int_equal(count_lines(text), 1);
    assert_non_null(strstr(text, where));
    assert_non_null(strstr(text, "max_user_watches"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(client_is_handed_over_with_its_address),
        CASE(all_who_wait_are_accepted_in_one_wake_up),
        CASE(wake_up_accepts_a_bounded_number),
        CASE(error_of_one_client_does_not_keep_others_out),
        CASE(lack_of_descriptors_pauses_instead_of_spinning_F55),
        CASE(lack_of_descriptors_is_told_once_a_second_with_its_remedy_F55),
        CASE(address_that_cannot_be_watched_is_tried_again),
        CASE(no_room_pauses_until_there_is_some),
        CASE(no_room_is_told_once_until_somebody_got_in),
        CASE(stopped_listener_leaves_clients_in_the_queue),
        CASE(stopping_ends_a_pause_and_starting_keeps_it),
        CASE(drain_takes_all_who_wait_whatever_the_room_F84),
    };
    alarm(300); /* for a loop that nothing ends */
    return cmocka_run_group_tests_name("listener", tests, NULL, NULL);
}
