#include "net/listener.h"

#include "base/log.h"
#include "base/sys.h"

/* A wake-up serves so many, then the connections that exist have their turn. */
#define ACCEPT_MAX 64

enum accept_result { ACCEPT_MORE, ACCEPT_EMPTY, ACCEPT_FULL };

static enum accept_result accept_one(struct listener *l)
{
    struct addr peer;
    peer.len = sizeof peer.u;
    int fd = sys_accept4(l->fd, &peer.u.sa, &peer.len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        l->on_accept(l->owner, fd, &peer);
        return ACCEPT_MORE;
    }
    switch (errno) {
    case EAGAIN:
        return ACCEPT_EMPTY;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
        return ACCEPT_FULL;
    default:
        /* accept(2): errors of the new connection itself (ECONNABORTED, EPERM, network errors) are
         * to be taken like EINTR. */
        return ACCEPT_MORE;
    }
}

static void listener_pause(struct listener *l)
{
    watch_io_set(l->loop, &l->watch, 0);
    watch_timer_start(l->loop, &l->pause, LISTENER_PAUSE_US);
}

static void on_pause_over(void *owner)
{
    struct listener *l = owner;
    watch_io_set(l->loop, &l->watch, WATCH_READ);
}

/* The pause repeats ten times a second, its warning does not: a lack of descriptors is told once a
 * second, the limit once until a connection gets in again. */
static bool is_due(struct listener *l)
{
    return l->pauses_for_system++ % (US_PER_S / LISTENER_PAUSE_US) == 0;
}

static void warn_full(struct listener *l, int os_errno)
{
    char text[ADDR_TEXT_MAX];
    addr_format(&l->addr, text);
    if (is_due(l))
        log_warn_errno(
            os_errno, "cannot accept on %s, clients wait: raise the limit of open files", text);
}

static void warn_limit(struct listener *l, const char *full)
{
    char text[ADDR_TEXT_MAX];
    addr_format(&l->addr, text);
    if (!l->paused_for_limit)
        log_warn("%s: connections to %s wait", full, text);
    l->paused_for_limit = true;
}

/* libev has stopped the watcher: unless it is started again, the address is deaf for ever. */
static void warn_unwatched(struct listener *l)
{
    char text[ADDR_TEXT_MAX];
    addr_format(&l->addr, text);
    if (is_due(l))
        log_warn("cannot watch %s, clients wait: the system is short of memory or of watches "
                 "(fs.epoll.max_user_watches)",
            text);
}

static void on_ready(void *owner, unsigned events)
{
    struct listener *l = owner;
    if (events & WATCH_ERROR) {
        warn_unwatched(l);
        listener_pause(l);
        return;
    }
    for (int i = 0; i < ACCEPT_MAX; i++) {
        const char *full = l->what_is_full(l->owner);
        if (full) {
            warn_limit(l, full);
            listener_pause(l);
            return;
        }
        switch (accept_one(l)) {
        case ACCEPT_MORE:
            l->paused_for_limit = false;
            l->pauses_for_system = 0;
            break;
        case ACCEPT_EMPTY:
            return;
        case ACCEPT_FULL:
            warn_full(l, errno);
            listener_pause(l);
            return;
        }
    }
}

void listener_init(struct listener *l, struct loop *loop, int fd, const struct addr *addr,
    void (*on_accept)(void *, int, const struct addr *), const char *(*what_is_full)(void *),
    void *owner)
{
    *l = (struct listener){.loop = loop,
        .fd = fd,
        .addr = *addr,
        .on_accept = on_accept,
        .what_is_full = what_is_full,
        .owner = owner};
    watch_io_init(&l->watch, fd, on_ready, l);
    watch_timer_init(&l->pause, on_pause_over, l);
}

void listener_start(struct listener *l)
{
    if (l->fd >= 0 && !watch_timer_is_active(&l->pause))
        watch_io_set(l->loop, &l->watch, WATCH_READ);
}

void listener_stop(struct listener *l)
{
    if (l->fd >= 0)
        watch_io_set(l->loop, &l->watch, 0);
    watch_timer_stop(l->loop, &l->pause);
}

void listener_drain(struct listener *l)
{
    while (accept_one(l) == ACCEPT_MORE)
        ;
}
