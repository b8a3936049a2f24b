/* The loop and its watchers. The wall clock is ours: libev asks one of the two functions below. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "epoll.h"
#include "net/watch.h"

#define DAY_S 86400

static int64_t wall_step_s; /* what the wall clock is wrong by */

int clock_gettime(clockid_t id, struct timespec *ret)
{
    int rc = (int)syscall(SYS_clock_gettime, id, ret);
    if (id == CLOCK_REALTIME)
        ret->tv_sec += wall_step_s;
    return rc;
}

int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
    struct timespec ts;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &ts) < 0)
        return -1;
    *ret = (struct timeval){.tv_sec = ts.tv_sec, .tv_usec = ts.tv_nsec / 1000};
    return 0;
}

static bool is_interrupted; /* the next wait, by a signal that nobody handles, as SIGCONT */

int epoll_wait(int fd, struct epoll_event *events, int n, int timeout)
{
    if (!is_interrupted)
        return (int)syscall(SYS_epoll_pwait, fd, events, n, timeout, NULL, (size_t)8);
    is_interrupted = false;
    errno = EINTR;
    return -1;
}

static struct loop loop;
static int fds[2];
static struct {
    struct watch_io io;
    struct watch_timer timer;
    struct watch_turn turn;
    unsigned io_calls, timer_calls, wakes, turns, events;
    unsigned calls_at_turn; /* io_calls when the last turn ended */
    unsigned io_calls_at_timer;
    mono_us at; /* of the last callback */
    int signal_number;
    unsigned signals;
} seen;

static mono_us now(void)
{
    return clock_mono(clock_system());
}

static void on_io(void *owner, unsigned events)
{
    assert_ptr_equal(owner, &seen);
    seen.io_calls++;
    seen.events = events;
    loop_break(&loop);
}

static void on_timer(void *owner)
{
    assert_ptr_equal(owner, &seen);
    seen.timer_calls++;
    seen.io_calls_at_timer = seen.io_calls;
    seen.at = now();
    loop_break(&loop);
}

static void on_wake(void *owner)
{
    assert_ptr_equal(owner, &seen);
    seen.wakes++;
    loop_break(&loop);
}

static int set_up(void **state)
{
    (void)state;
    struct err err;
    wall_step_s = 0;
    is_interrupted = false;
    memset(&seen, 0, sizeof seen);
    if (loop_init(&loop, &err) < 0)
        return -1;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) < 0)
        return -1;
    watch_io_init(&seen.io, fds[0], on_io, &seen);
    watch_timer_init(&seen.timer, on_timer, &seen);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    watch_io_set(&loop, &seen.io, 0);
    watch_timer_stop(&loop, &seen.timer);
    close(fds[0]);
    close(fds[1]);
    loop_fini(&loop);
    return 0;
}

static void timer_start(int64_t after_us)
{
    watch_timer_start(&loop, &seen.timer, after_us);
}

/* The end of a turn in which much was done: the loop still believes that it is `us` earlier. */
static void spend(int64_t us)
{
    mono_us end = now() + us;
    while (now() < end)
        ;
}

/* ---- loop ---- */

static void loop_uses_epoll_whatever_the_environment_says_F94(void **state)
{
    (void)state;
    struct loop other;
    struct err err;
    setenv("LIBEV_FLAGS", "1", 1); /* select() */
    assert_int_equal(loop_init(&other, &err), 0);
    assert_int_equal(ev_backend(other.ev), EVBACKEND_EPOLL);
    unsetenv("LIBEV_FLAGS");
    loop_fini(&other);
    loop_fini(&other); /* and once more does no harm */
}

/* libev's own pipe for this would end the program. */
static void loop_whose_wakes_cannot_be_watched_is_not_made(void **state)
{
    (void)state;
    struct loop other;
    struct err err;
    epoll_failures.n_ctl = 1;
    assert_int_equal(loop_init(&other, &err), -1);
    assert_int_equal(err.code, ERR_LOCAL);
    epoll_failures.n_create = 1;
    assert_int_equal(loop_init(&other, &err), -1);
    loop_fini(&other);
}

/* The first failure makes libev doubt its notes and make a new epoll instance, for which there is
 * no descriptor at first: it would end the program. */
static void loop_without_a_descriptor_for_its_epoll_waits_for_one_F55(void **state)
{
    (void)state;
    watch_io_set(&loop, &seen.io, WATCH_WRITE);
    loop_run(&loop);
    watch_io_set(&loop, &seen.io, 0);
    epoll_failures.n_ctl = 1;    /* when it takes the socket out, which it does on the next news */
    epoll_failures.n_create = 1; /* when it starts anew */
    timer_start(50 * US_PER_MS);
    loop_run(&loop);
    assert_int_equal(epoll_failures.n_create, 0);
    watch_io_set(&loop, &seen.io, WATCH_WRITE);
    seen.io_calls = 0;
    loop_run(&loop);
    assert_int_equal(seen.io_calls, 1);
    loop_on_wake(&loop, on_wake, &seen);
    watch_io_set(&loop, &seen.io, 0);
    loop_wake(&loop);
    loop_run(&loop);
    assert_int_equal(seen.wakes, 1);
}

/* ---- io ---- */

static void io_is_told_of_what_it_asked_for_only(void **state)
{
    (void)state;
    assert_int_equal(write(fds[1], "x", 1), 1);
    watch_io_set(&loop, &seen.io, WATCH_READ);
    loop_run(&loop);
    assert_int_equal(seen.events, WATCH_READ);
    watch_io_set(&loop, &seen.io, WATCH_WRITE);
    loop_run(&loop);
    assert_int_equal(seen.events, WATCH_WRITE);
    watch_io_set(&loop, &seen.io, WATCH_READ | WATCH_WRITE);
    loop_run(&loop);
    assert_int_equal(seen.events, WATCH_READ | WATCH_WRITE);
}

static void io_that_is_as_before_at_the_end_of_a_turn_costs_no_call(void **state)
{
    (void)state;
    assert_int_equal(write(fds[1], "x", 1), 1);
    watch_io_set(&loop, &seen.io, WATCH_READ);
    loop_run(&loop);
    assert_int_equal(seen.io_calls, 1);
    unsigned before = epoll_ctl_calls;
    watch_io_set(&loop, &seen.io, 0);
    watch_io_set(&loop, &seen.io, WATCH_READ);
    loop_run(&loop);
    assert_int_equal(seen.io_calls, 2);
    assert_int_equal(epoll_ctl_calls, before);
}

static void io_that_was_stopped_is_silent(void **state)
{
    (void)state;
    assert_int_equal(write(fds[1], "x", 1), 1);
    watch_io_set(&loop, &seen.io, WATCH_READ);
    watch_io_set(&loop, &seen.io, 0);
    timer_start(0);
    loop_run(&loop);
    assert_int_equal(seen.timer_calls, 1);
    assert_int_equal(seen.io_calls, 0);
}

static void feed_is_delivered_once_without_news_from_the_system(void **state)
{
    (void)state;
    watch_io_set(&loop, &seen.io, WATCH_READ);
    watch_io_feed(&loop, &seen.io, WATCH_READ);
    watch_io_feed(&loop, &seen.io, WATCH_READ);
    loop_run(&loop);
    assert_int_equal(seen.events, WATCH_READ);
    timer_start(0);
    loop_run(&loop);
    assert_int_equal(seen.timer_calls, 1);
    assert_int_equal(seen.io_calls, 1);
}

/* Else a connection would be called after its end. */
static void stopping_takes_back_what_was_fed(void **state)
{
    (void)state;
    watch_io_set(&loop, &seen.io, WATCH_READ);
    watch_io_feed(&loop, &seen.io, WATCH_READ);
    watch_io_set(&loop, &seen.io, 0);
    timer_start(0);
    loop_run(&loop);
    assert_int_equal(seen.timer_calls, 1);
    assert_int_equal(seen.io_calls, 0);
}

static void setting_the_same_events_keeps_what_was_fed(void **state)
{
    (void)state;
    watch_io_set(&loop, &seen.io, WATCH_READ);
    watch_io_feed(&loop, &seen.io, WATCH_READ);
    watch_io_set(&loop, &seen.io, WATCH_READ);
    timer_start(US_PER_S);
    loop_run(&loop);
    assert_int_equal(seen.io_calls, 1);
}

/* A system that is short of memory or of watches: libev stops the watcher then. */
static void io_that_cannot_be_watched_is_told_so(void **state)
{
    (void)state;
    epoll_failures.n_ctl = 1;
    watch_io_set(&loop, &seen.io, WATCH_READ);
    loop_run(&loop);
    assert_true(seen.events & WATCH_ERROR);
    watch_io_set(&loop, &seen.io, WATCH_READ); /* may be tried again */
    assert_int_equal(write(fds[1], "x", 1), 1);
    loop_run(&loop);
    assert_int_equal(seen.events, WATCH_READ);
}

static void set_the_other(void *owner, unsigned events)
{
    (void)events;
    struct watch_io *other = owner;
    char byte;
    assert_int_equal(read(other->ev.fd, &byte, 1), 1);
    watch_io_set(&loop, &seen.io, WATCH_READ);
}

/* The other end of a connection asks for it before it has heard. */
static void io_that_cannot_be_watched_is_tried_again_when_it_is_asked_for(void **state)
{
    (void)state;
    int pair[2];
    struct watch_io other;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    watch_io_init(&other, pair[0], set_the_other, &other);
    watch_io_set(&loop, &other, WATCH_READ);
    timer_start(0);
    loop_run(&loop); /* that one is watched */
    epoll_failures.n_ctl = 1;
    watch_io_set(&loop, &seen.io, WATCH_READ);
    assert_int_equal(write(pair[1], "x", 1), 1);
    assert_int_equal(write(fds[1], "x", 1), 1);
    loop_run(&loop);
    assert_int_equal(epoll_failures.n_ctl, 0);
    assert_int_equal(seen.events, WATCH_READ);
    watch_io_set(&loop, &other, 0);
    close(pair[0]);
    close(pair[1]);
}

/* ---- timer ---- */

static void timer_comes_once_and_never_early(void **state)
{
    (void)state;
    static const int64_t delays_us[] = {-5, 0, 1, 999, 5 * US_PER_MS, 30 * US_PER_MS};
    for (size_t i = 0; i < sizeof delays_us / sizeof delays_us[0]; i++) {
        mono_us before = now();
        timer_start(delays_us[i]);
        assert_true(watch_timer_is_active(&seen.timer));
        loop_run(&loop);
        assert_int_equal(seen.timer_calls, i + 1);
        assert_true(seen.at - before >= delays_us[i]);
        assert_false(watch_timer_is_active(&seen.timer));
    }
}

/* Whoever waits for an answer and a deadline must not take the deadline when both are there. */
static void timer_comes_behind_what_came_before_it_F66(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        unsigned told = seen.io_calls;
        is_interrupted = i == 1;
        assert_int_equal(write(fds[1], "x", 1), 1);
        watch_io_set(&loop, &seen.io, WATCH_READ);
        timer_start(0);
        while (seen.timer_calls == i)
            loop_run(&loop);
        assert_true(seen.io_calls_at_timer > told);
        watch_io_set(&loop, &seen.io, 0);
    }
}

static void timer_is_not_early_after_a_long_turn(void **state)
{
    (void)state;
    spend(20 * US_PER_MS);
    mono_us before = now();
    timer_start(10 * US_PER_MS);
    loop_run(&loop);
    assert_true(seen.at - before >= 10 * US_PER_MS);
}

static void step_of_the_wall_clock_does_not_move_a_timer_F66(void **state)
{
    (void)state;
    static const int64_t steps_s[] = {DAY_S, -DAY_S, 1, -1};
    for (size_t i = 0; i < sizeof steps_s / sizeof steps_s[0]; i++) {
        spend(2 * US_PER_MS);
        wall_step_s += steps_s[i];
        mono_us before = now();
        timer_start(US_PER_MS);
        loop_run(&loop); /* a timer of tomorrow would never end this */
        assert_true(seen.at - before >= US_PER_MS);
    }
}

static void starting_again_moves_a_timer(void **state)
{
    (void)state;
    mono_us before = now();
    timer_start(0);
    timer_start(20 * US_PER_MS);
    loop_run(&loop);
    assert_int_equal(seen.timer_calls, 1);
    assert_true(seen.at - before >= 20 * US_PER_MS);
    timer_start(DAY_S * US_PER_S);
    timer_start(0);
    loop_run(&loop);
    assert_int_equal(seen.timer_calls, 2);
}

static void stopped_timer_does_not_come(void **state)
{
    (void)state;
    timer_start(0);
    watch_timer_stop(&loop, &seen.timer);
    assert_false(watch_timer_is_active(&seen.timer));
    watch_io_set(&loop, &seen.io, WATCH_WRITE);
    loop_run(&loop);
    assert_int_equal(seen.io_calls, 1);
    assert_int_equal(seen.timer_calls, 0);
}

/* ---- the others ---- */

static void *wake_thrice(void *arg)
{
    for (int i = 0; i < 3; i++)
        loop_wake(&loop);
    return arg;
}

static void loop_is_woken_from_another_thread(void **state)
{
    (void)state;
    pthread_t thread;
    loop_on_wake(&loop, on_wake, &seen);
    for (unsigned round = 1; round <= 2; round++) {
        assert_int_equal(pthread_create(&thread, NULL, wake_thrice, NULL), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
        loop_run(&loop);
        assert_int_equal(seen.wakes, round); /* once for all that came before */
    }
}

static void on_signal(void *owner, int number)
{
    struct loop *main_loop = owner;
    seen.signal_number = number;
    seen.signals++;
    loop_break(main_loop);
}

static const int numbers[] = {SIGUSR1, SIGHUP};

static void signal_is_told_by_its_number(void **state)
{
    (void)state;
    struct watch_signals signals;
    struct err err;
    assert_int_equal(watch_signals_start(&loop, &signals, numbers, 2, on_signal, &loop, &err), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(raise(numbers[i]), 0);
        loop_run(&loop);
        assert_int_equal(seen.signal_number, numbers[i]);
    }
    watch_signals_stop(&signals);
}

static void signals_that_wait_are_told_in_one_turn(void **state)
{
    (void)state;
    struct watch_signals signals;
    struct err err;
    assert_int_equal(watch_signals_start(&loop, &signals, numbers, 2, on_signal, &loop, &err), 0);
    assert_int_equal(raise(SIGUSR1), 0);
    assert_int_equal(raise(SIGHUP), 0);
    loop_run(&loop);
    assert_int_equal(seen.signals, 2);
    watch_signals_stop(&signals);
}

/* A shell's background job has some of them ignored. */
static void signal_is_told_though_it_was_blocked_or_ignored_before(void **state)
{
    (void)state;
    struct watch_signals signals;
    struct err err;
    signal(SIGUSR1, SIG_IGN);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    assert_int_equal(raise(SIGHUP), 0);
    assert_int_equal(watch_signals_start(&loop, &signals, numbers, 2, on_signal, &loop, &err), 0);
    loop_run(&loop);
    assert_int_equal(seen.signal_number, SIGHUP);
    assert_int_equal(raise(SIGUSR1), 0);
    loop_run(&loop);
    assert_int_equal(seen.signal_number, SIGUSR1);
    watch_signals_stop(&signals);
    signal(SIGUSR1, SIG_DFL);
}

static void on_turn(void *owner)
{
    assert_ptr_equal(owner, &seen);
    seen.turns++;
    seen.calls_at_turn = seen.io_calls;
}

static void on_io_without_end(void *owner, unsigned events)
{
    (void)owner;
    (void)events;
    if (++seen.io_calls < 3)
        return;
    watch_io_set(&loop, &seen.io, 0);
    timer_start(0);
}

static void turn_comes_before_the_loop_sleeps_behind_all_callbacks(void **state)
{
    (void)state;
    watch_io_init(&seen.io, fds[0], on_io_without_end, &seen);
    watch_io_set(&loop, &seen.io, WATCH_WRITE);
    watch_turn_start(&loop, &seen.turn, on_turn, &seen);
    loop_run(&loop);
    assert_int_equal(seen.calls_at_turn, 3);
    assert_true(seen.turns >= 4);
    watch_turn_stop(&loop, &seen.turn);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(loop_uses_epoll_whatever_the_environment_says_F94),
        CASE(loop_whose_wakes_cannot_be_watched_is_not_made),
        CASE(loop_without_a_descriptor_for_its_epoll_waits_for_one_F55),
        CASE(io_is_told_of_what_it_asked_for_only),
        CASE(io_that_is_as_before_at_the_end_of_a_turn_costs_no_call),
        CASE(io_that_was_stopped_is_silent),
        CASE(feed_is_delivered_once_without_news_from_the_system),
        CASE(stopping_takes_back_what_was_fed),
        CASE(setting_the_same_events_keeps_what_was_fed),
        CASE(io_that_cannot_be_watched_is_told_so),
        CASE(io_that_cannot_be_watched_is_tried_again_when_it_is_asked_for),
        CASE(timer_comes_once_and_never_early),
        CASE(timer_comes_behind_what_came_before_it_F66),
        CASE(timer_is_not_early_after_a_long_turn),
        CASE(step_of_the_wall_clock_does_not_move_a_timer_F66),
        CASE(starting_again_moves_a_timer),
        CASE(stopped_timer_does_not_come),
        CASE(loop_is_woken_from_another_thread),
        CASE(signal_is_told_by_its_number),
        CASE(signals_that_wait_are_told_in_one_turn),
        CASE(signal_is_told_though_it_was_blocked_or_ignored_before),
        CASE(turn_comes_before_the_loop_sleeps_behind_all_callbacks),
    };
    alarm(300); /* for a loop that nothing ends */
    return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
