#include "fake_watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define WATCHES_MAX 16

struct armed_timer {
    struct watch_timer *w; /* NULL: free */
    mono_us at;
};

struct set_io {
    struct watch_io *w; /* NULL: free */
    unsigned events;
    bool fed;
};

static struct clock_fake *the_clock;
static struct armed_timer timers[WATCHES_MAX];
static struct set_io ios[WATCHES_MAX];
static unsigned starts;

void fake_watch_init(struct clock_fake *clock)
{
    the_clock = clock;
    memset(timers, 0, sizeof timers);
    memset(ios, 0, sizeof ios);
    starts = 0;
}

static struct armed_timer *timer_slot(const struct watch_timer *w)
{
    for (unsigned i = 0; i < WATCHES_MAX; i++)
        if (timers[i].w == w)
            return &timers[i];
    if (!w)
        fail_msg("more than %d timers", WATCHES_MAX);
    return NULL;
}

static struct set_io *io_slot(const struct watch_io *w)
{
    for (unsigned i = 0; i < WATCHES_MAX; i++)
        if (ios[i].w == w)
            return &ios[i];
    if (!w)
        fail_msg("more than %d watchers", WATCHES_MAX);
    return NULL;
}

static struct armed_timer *earliest(void)
{
    struct armed_timer *first = NULL;
    for (unsigned i = 0; i < WATCHES_MAX; i++)
        if (timers[i].w && (!first || timers[i].at < first->at))
            first = &timers[i];
    return first;
}

bool fake_watch_ring(int64_t us)
{
    struct armed_timer *t = earliest();
    if (!t || t->at > the_clock->now + us)
        return false;
    struct watch_timer *w = t->w;
    if (t->at > the_clock->now)
        the_clock->now = t->at;
    t->w = NULL;
    w->fn(w->ev.data);
    return true;
}

void fake_watch_pass(int64_t us)
{
    mono_us end = the_clock->now + us;
    while (fake_watch_ring(end - the_clock->now))
        ;
    the_clock->now = end;
}

unsigned fake_watch_wanted(const struct watch_io *w)
{
    const struct set_io *slot = io_slot(w);
    return slot ? slot->events : 0;
}

bool fake_watch_is_fed(const struct watch_io *w)
{
    const struct set_io *slot = io_slot(w);
    return slot && slot->fed;
}

void fake_watch_deliver(struct watch_io *w, unsigned events)
{
    struct set_io *slot = io_slot(w);
    assert_non_null(slot);
    slot->fed = false;
    w->fn(w->ev.data, events);
}

void fake_watch_fail(struct watch_io *w)
{
    struct set_io *slot = io_slot(w);
    assert_non_null(slot);
    *slot = (struct set_io){0};
    w->fn(w->ev.data, WATCH_ERROR | WATCH_READ | WATCH_WRITE);
}

unsigned fake_watch_timers(void)
{
    unsigned n = 0;
    for (unsigned i = 0; i < WATCHES_MAX; i++)
        n += timers[i].w != NULL;
    return n;
}

unsigned fake_watch_starts(void)
{
    return starts;
}

unsigned fake_watch_ios(void)
{
    unsigned n = 0;
    for (unsigned i = 0; i < WATCHES_MAX; i++)
        n += ios[i].w != NULL;
    return n;
}

/* ---- net/watch.h ---- */

void watch_io_init(struct watch_io *w, int fd, void (*fn)(void *, unsigned), void *owner)
{
    memset(w, 0, sizeof *w);
    w->ev.fd = fd;
    w->ev.data = owner;
    w->fn = fn;
}

/* As libev: a watcher that changes or stops forgets what was pending. */
void watch_io_set(struct loop *loop, struct watch_io *w, unsigned events)
{
    (void)loop;
    struct set_io *slot = io_slot(w);
    if ((slot ? slot->events : 0) == events)
        return;
    if (!slot)
        slot = io_slot(NULL);
    *slot = events ? (struct set_io){.w = w, .events = events} : (struct set_io){0};
}

void watch_io_feed(struct loop *loop, struct watch_io *w, unsigned events)
{
    (void)loop;
    struct set_io *slot = io_slot(w);
    if (!slot || !(slot->events & events))
        fail_msg("an event was fed to a watcher that is off");
    slot->fed = true;
}

void watch_timer_init(struct watch_timer *w, void (*fn)(void *), void *owner)
{
    memset(w, 0, sizeof *w);
    w->ev.data = owner;
    w->fn = fn;
}

void watch_timer_start(struct loop *loop, struct watch_timer *w, int64_t after_us)
{
    watch_timer_stop(loop, w);
    starts++;
    *timer_slot(NULL) =
        (struct armed_timer){.w = w, .at = the_clock->now + (after_us > 0 ? after_us : 0)};
}

void watch_timer_stop(struct loop *loop, struct watch_timer *w)
{
    (void)loop;
    struct armed_timer *slot = timer_slot(w);
    if (slot)
        slot->w = NULL;
}

bool watch_timer_is_active(const struct watch_timer *w)
{
    return timer_slot(w) != NULL;
}
