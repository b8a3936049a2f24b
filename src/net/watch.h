/* watch: libev behind one door: a loop, and watchers that call `fn(owner, ...)`. Everything of one
 * loop belongs to one thread.
 *
 * A watcher is embedded in its owner, which stops it before its own memory goes. Nothing here
 * allocates but loop_init(). */
#ifndef SLUICE_NET_WATCH_H
#define SLUICE_NET_WATCH_H

#include <ev.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "base/err.h"

#define WATCH_READ ((unsigned)EV_READ)
#define WATCH_WRITE ((unsigned)EV_WRITE)
/* The system will not watch it, for want of memory or of watches (epoll_ctl(2)): nothing is watched
 * any more. Comes with the other two. */
#define WATCH_ERROR ((unsigned)EV_ERROR)

struct watch_io {
    ev_io ev;
    void (*fn)(void *owner, unsigned events);
};

struct loop {
    struct ev_loop *ev;
    int wake_fd;
    struct watch_io wake;
    atomic_bool woken; /* and not yet told */
    void (*on_wake)(void *owner);
    void *owner;
};

struct watch_timer {
    ev_timer ev;
    bool is_over; /* its time; it is told in the next turn */
    void (*fn)(void *owner);
};

struct watch_signals {
    struct loop *loop;
    struct watch_io io;
    int fd;
    void (*fn)(void *owner, int signal_number);
    void *owner;
};

/* Runs once a turn, after all callbacks and before the loop sleeps. */
struct watch_turn {
    ev_prepare ev;
    void (*fn)(void *owner);
};

/* epoll, and no word from the environment (F94). 0 or -1. */
int loop_init(struct loop *loop, struct err *ret_err);
void loop_fini(struct loop *loop);
void loop_run(struct loop *loop); /* until loop_break() */
void loop_break(struct loop *loop);
/* Any thread: has `fn` of loop_on_wake() called on the loop's, once for all wakes that came before.
 */
void loop_wake(struct loop *loop);
void loop_on_wake(struct loop *loop, void (*fn)(void *owner), void *owner);
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

/* Blocks them in this thread, as every other must have done already, for good. 0 or -1. */
int watch_signals_start(struct loop *loop, struct watch_signals *w, const int *numbers, size_t n,
    void (*fn)(void *, int), void *owner, struct err *ret_err);
void watch_signals_stop(struct watch_signals *w);

void watch_turn_start(struct loop *loop, struct watch_turn *w, void (*fn)(void *), void *owner);
void watch_turn_stop(struct loop *loop, struct watch_turn *w);

#endif
