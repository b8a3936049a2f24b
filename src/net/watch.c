#include "net/watch.h"

/* libev hands back its own watcher, which is the first member of ours. */

static void on_io(struct ev_loop *loop, ev_io *ev, int revents)
{
    (void)loop;
    struct watch_io *w = (struct watch_io *)ev;
    w->fn(ev->data, (unsigned)revents & (WATCH_READ | WATCH_WRITE));
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

static void on_async(struct ev_loop *loop, ev_async *ev, int revents)
{
    (void)loop;
    (void)revents;
    struct watch_async *w = (struct watch_async *)ev;
    w->fn(ev->data);
}

static void on_signal(struct ev_loop *loop, ev_signal *ev, int revents)
{
    (void)loop;
    (void)revents;
    struct watch_signal *w = (struct watch_signal *)ev;
    w->fn(ev->data, ev->signum);
}

static void on_turn(struct ev_loop *loop, ev_prepare *ev, int revents)
{
    (void)loop;
    (void)revents;
    struct watch_turn *w = (struct watch_turn *)ev;
    w->fn(ev->data);
}

int loop_init(struct loop *loop, bool takes_signals, struct err *ret_err)
{
    unsigned flags = EVFLAG_NOENV | EVBACKEND_EPOLL;
    loop->ev = takes_signals ? ev_default_loop(flags) : ev_loop_new(flags);
    if (!loop->ev) {
        err_set(ret_err, ERR_LOCAL, "cannot make an event loop: out of memory or descriptors");
        return -1;
    }
    return 0;
}

void loop_fini(struct loop *loop)
{
    if (loop->ev)
        ev_loop_destroy(loop->ev);
    loop->ev = NULL;
}

void loop_run(struct loop *loop)
{
    ev_run(loop->ev, 0);
}

void loop_break(struct loop *loop)
{
    ev_break(loop->ev, EVBREAK_ALL);
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
    ev_io_stop(loop->ev, &w->ev);
    if (!events)
        return;
    ev_io_set(&w->ev, w->ev.fd, (int)events);
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

void watch_async_start(struct loop *loop, struct watch_async *w, void (*fn)(void *), void *owner)
{
    ev_async_init(&w->ev, on_async);
    w->ev.data = owner;
    w->fn = fn;
    ev_async_start(loop->ev, &w->ev);
}

void watch_async_send(struct loop *loop, struct watch_async *w)
{
    ev_async_send(loop->ev, &w->ev);
}

void watch_async_stop(struct loop *loop, struct watch_async *w)
{
    ev_async_stop(loop->ev, &w->ev);
}

void watch_signal_start(
    struct loop *loop, struct watch_signal *w, int number, void (*fn)(void *, int), void *owner)
{
    ev_signal_init(&w->ev, on_signal, number);
    w->ev.data = owner;
    w->fn = fn;
    ev_signal_start(loop->ev, &w->ev);
}

void watch_signal_stop(struct loop *loop, struct watch_signal *w)
{
    ev_signal_stop(loop->ev, &w->ev);
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
