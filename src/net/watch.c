#include "net/watch.h"

#include <signal.h>
#include <sys/signalfd.h>

#include "base/log.h"
#include "base/sys.h"
#include "net/reserve.h"

#define AGAIN_MS 100

/* libev hands back its own watcher, which is the first member of ours. */

/* libev has given it up, but its notes say that the system watches it: it must be announced anew.
 */
static void forget(ev_io *ev)
{
    ev_io_set(ev, ev->fd, 0);
}

static void on_io(struct ev_loop *loop, ev_io *ev, int revents)
{
    (void)loop;
    struct watch_io *w = (struct watch_io *)ev;
    if (revents & EV_ERROR)
        forget(ev);
    w->fn(ev->data, (unsigned)revents & (WATCH_READ | WATCH_WRITE | WATCH_ERROR));
}

/* libev tells of timers first, and a wait that a signal cut short brings no other news: the next
 * turn's has them. */
static void on_timer(struct ev_loop *loop, ev_timer *ev, int revents)
{
    (void)revents;
    struct watch_timer *w = (struct watch_timer *)ev;
    if (!w->is_over) {
        w->is_over = true;
        ev_timer_set(ev, 0., 0.);
        ev_timer_start(loop, ev);
        return;
    }
    w->fn(ev->data);
}

static void on_turn(struct ev_loop *loop, ev_prepare *ev, int revents)
{
    (void)loop;
    (void)revents;
    struct watch_turn *w = (struct watch_turn *)ev;
    w->fn(ev->data);
}

/* ---- loop ----
 *
 * Waking and signals do without libev's own means (ev_async, ev_signal): those call abort() when
 * there is no descriptor for their pipe or when the system will not watch it. */

static void on_wake(void *owner, unsigned events)
{
    struct loop *loop = owner;
    eventfd_t count;
    if (events & WATCH_ERROR)
        watch_io_set(loop, &loop->wake, WATCH_READ); /* until it succeeds */
    (void)eventfd_read(loop->wake_fd, &count);
    if (atomic_exchange(&loop->woken, false) && loop->on_wake)
        loop->on_wake(loop->owner);
}

static void on_first_wake(void *owner, unsigned events)
{
    (void)owner;
    (void)events;
}

/* What fails to be watched is told of by libev in this turn, but only behind a sleep that knows
 * nothing of it and may be long. */
static void on_sleep(struct ev_loop *ev)
{
    const struct loop *loop = ev_userdata(ev);
    if (ev_pending_count(ev))
        (void)eventfd_write(loop->wake_fd, 1);
}

/* False: the system does not watch it. That shows in a first turn. */
static bool watch_wake(struct loop *loop)
{
    watch_io_init(&loop->wake, loop->wake_fd, on_first_wake, loop);
    watch_io_set(loop, &loop->wake, WATCH_READ);
    ev_run(loop->ev, EVRUN_NOWAIT);
    loop->wake.fn = on_wake;
    return ev_is_active(&loop->wake.ev);
}

/* Where libev cannot go on it calls abort() unless this returns: then it tries again. That is when
 * a loop makes its epoll instance anew, which it does when the system's news and its own notes
 * differ, and another thread has taken the descriptor. */
static void on_syserr(const char *what)
{
    log_error_errno(errno, "%s; trying again", what);
    (void)sys_poll(NULL, 0, AGAIN_MS);
}

static void set_up_library(void)
{
    ev_set_allocator(reserve_resize);
    ev_set_syserr_cb(on_syserr);
}

int loop_init(struct loop *loop, struct err *ret_err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, set_up_library); /* once: other loops may be running */
    *loop = (struct loop){.wake_fd = sys_eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
    if (loop->wake_fd < 0) {
        err_set_errno(ret_err, errno, "cannot make an event loop");
        return -1;
    }
    loop->ev = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL);
    if (!loop->ev || !watch_wake(loop)) {
        err_set(ret_err, ERR_LOCAL, "cannot make an event loop: out of memory or descriptors");
        loop_fini(loop);
        return -1;
    }
    ev_set_userdata(loop->ev, loop);
    ev_set_loop_release_cb(loop->ev, on_sleep, NULL);
    return 0;
}

void loop_fini(struct loop *loop)
{
    if (loop->ev)
        ev_loop_destroy(loop->ev);
    if (loop->wake_fd > 0)
        sys_close(loop->wake_fd);
    loop->ev = NULL;
    loop->wake_fd = -1;
}

void loop_run(struct loop *loop)
{
    ev_run(loop->ev, 0);
}

void loop_break(struct loop *loop)
{
    ev_break(loop->ev, EVBREAK_ALL);
}

void loop_wake(struct loop *loop)
{
    if (!atomic_exchange(&loop->woken, true))
        (void)eventfd_write(loop->wake_fd, 1);
}

void loop_on_wake(struct loop *loop, void (*fn)(void *owner), void *owner)
{
    loop->on_wake = fn;
    loop->owner = owner;
}

#define STRING(x) #x
#define STRING_OF(x) STRING(x)

const char *loop_library_version(void)
{
    return "libev " STRING_OF(EV_VERSION_MAJOR) "." STRING_OF(EV_VERSION_MINOR);
}

void watch_io_init(struct watch_io *w, int fd, void (*fn)(void *, unsigned), void *owner)
{
    ev_io_init(&w->ev, on_io, fd, 0);
    w->ev.data = owner;
    w->fn = fn;
}

void watch_io_set(struct loop *loop, struct watch_io *w, unsigned events)
{
    unsigned now = ev_is_active(&w->ev) ? (unsigned)w->ev.events & (WATCH_READ | WATCH_WRITE) : 0;
    if (now == events)
        return;
    if (!ev_is_active(&w->ev) && ev_is_pending(&w->ev))
        forget(&w->ev); /* it was about to be told so, and is tried again instead */
    ev_io_stop(loop->ev, &w->ev);
    if (!events)
        return;
    /* Not ev_io_set(), which has the descriptor announced to the system anew: what was stopped and
     * is as before at the end of the turn costs no call. */
    ev_io_modify(&w->ev, (int)events);
    ev_io_start(loop->ev, &w->ev);
}

void watch_io_feed(struct loop *loop, struct watch_io *w, unsigned events)
{
    ev_feed_event(loop->ev, &w->ev, (int)events);
}

void watch_timer_init(struct watch_timer *w, void (*fn)(void *), void *owner)
{
    ev_timer_init(&w->ev, on_timer, 0., 0.);
    ev_set_priority(&w->ev, EV_MINPRI);
    w->ev.data = owner;
    w->fn = fn;
}

void watch_timer_start(struct loop *loop, struct watch_timer *w, int64_t after_us)
{
    ev_timer_stop(loop->ev, &w->ev);
    w->is_over = false;
    /* libev counts from the start of the turn: a long turn would let the timer come early. What its
     * manual proposes instead, ev_time() - ev_now(), asks the wall clock, which may just have been
     * set (F66). */
    ev_now_update(loop->ev);
    ev_timer_set(&w->ev, (double)(after_us > 0 ? after_us : 0) / 1e6, 0.);
    ev_timer_start(loop->ev, &w->ev);
}

void watch_timer_stop(struct loop *loop, struct watch_timer *w)
{
    ev_timer_stop(loop->ev, &w->ev);
}

bool watch_timer_is_active(const struct watch_timer *w)
{
    return ev_is_active(&w->ev);
}

static void on_signals(void *owner, unsigned events)
{
    struct watch_signals *w = owner;
    struct signalfd_siginfo info;
    if (events & WATCH_ERROR)
        watch_io_set(w->loop, &w->io, WATCH_READ); /* until it succeeds */
    /* All that wait: between two turns others have their say, as workers between HUP and TERM. */
    while (sys_read(w->fd, &info, sizeof info) == sizeof info)
        w->fn(w->owner, (int)info.ssi_signo);
}

int watch_signals_start(struct loop *loop, struct watch_signals *w, const int *numbers, size_t n,
    void (*fn)(void *, int), void *owner, struct err *ret_err)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < n; i++)
        sigaddset(&set, numbers[i]);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    int fd = sys_signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd < 0) {
        err_set_errno(ret_err, errno, "cannot take signals");
        return -1;
    }
    *w = (struct watch_signals){.loop = loop, .fd = fd, .fn = fn, .owner = owner};
    watch_io_init(&w->io, fd, on_signals, w);
    watch_io_set(loop, &w->io, WATCH_READ);
    return 0;
}

void watch_signals_stop(struct watch_signals *w)
{
    watch_io_set(w->loop, &w->io, 0);
    sys_close(w->fd);
}

void watch_turn_start(struct loop *loop, struct watch_turn *w, void (*fn)(void *), void *owner)
{
    ev_prepare_init(&w->ev, on_turn);
    w->ev.data = owner;
    w->fn = fn;
    ev_prepare_start(loop->ev, &w->ev);
}

void watch_turn_stop(struct loop *loop, struct watch_turn *w)
{
    ev_prepare_stop(loop->ev, &w->ev);
}
