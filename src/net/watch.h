/* watch: libev behind one door: a loop, and watchers that call `fn(owner, ...)`. Everything of one
 * loop belongs to one thread.
 *
 * A watcher is embedded in its owner, which stops it before its own memory goes. Nothing here
 * allocates but loop_init(). */
#ifndef SLUICE_NET_WATCH_H
#define SLUICE_NET_WATCH_H

#include <ev.h>
#include <stdbool.h>

#include "base/clock.h"
#include "base/err.h"

#define WATCH_READ ((unsigned)EV_READ)
#define WATCH_WRITE ((unsigned)EV_WRITE)

struct loop {
    struct ev_loop *ev;
};

struct watch_io {
    ev_io ev;
    void (*fn)(void *owner, unsigned events);
};

struct watch_timer {
    ev_timer ev;
    bool is_over; /* its time; it is told in the next turn */
    void (*fn)(void *owner);
};

struct watch_async {
    ev_async ev;
    void (*fn)(void *owner);
};

struct watch_signal {
    ev_signal ev;
    void (*fn)(void *owner, int signal_number);
};

/* Runs once a turn, after all callbacks and before the loop sleeps. */
struct watch_turn {
    ev_prepare ev;
    void (*fn)(void *owner);
};

/* epoll, and no word from the environment (F94). The main thread's loop alone takes signals. 0 or
 * -1. */
int loop_init(struct loop *loop, bool takes_signals, struct err *ret_err);
void loop_fini(struct loop *loop);
void loop_run(struct loop *loop); /* until loop_break() */
void loop_break(struct loop *loop);
const char *loop_library_version(void); /* for --version */

/* events 0 stops it; nothing happens when they are what they were. */
void watch_io_init(struct watch_io *w, int fd, void (*fn)(void *, unsigned), void *owner);
void watch_io_set(struct loop *loop, struct watch_io *w, unsigned events);
/* As if `events` had come from the system: delivered in this turn or the next. Only while it is
 * set. */
void watch_io_feed(struct loop *loop, struct watch_io *w, unsigned events);

void watch_timer_init(struct watch_timer *w, void (*fn)(void *), void *owner);
/* Once, `after_us` from now (never early), and behind all other news that had come by then: after
 * the process was stopped, or a turn was long, what came in time is not found late (F66). Starting
 * again moves it. */
void watch_timer_start(struct loop *loop, struct watch_timer *w, int64_t after_us);
void watch_timer_stop(struct loop *loop, struct watch_timer *w);
bool watch_timer_is_active(const struct watch_timer *w);

void watch_async_start(struct loop *loop, struct watch_async *w, void (*fn)(void *), void *owner);
void watch_async_send(struct loop *loop, struct watch_async *w); /* any thread */
void watch_async_stop(struct loop *loop, struct watch_async *w);

void watch_signal_start(
    struct loop *loop, struct watch_signal *w, int number, void (*fn)(void *, int), void *owner);
void watch_signal_stop(struct loop *loop, struct watch_signal *w);

void watch_turn_start(struct loop *loop, struct watch_turn *w, void (*fn)(void *), void *owner);
void watch_turn_stop(struct loop *loop, struct watch_turn *w);

#endif
