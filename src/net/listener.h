/* listener: one listening socket in one worker: accepts, and pauses when there is no room instead
 * of spinning (F55).
 *
 * The socket belongs to the process and outlives the listener; the listener is the worker's
 * interest in it. */
#ifndef SLUICE_NET_LISTENER_H
#define SLUICE_NET_LISTENER_H

#include "base/addr.h"
#include "net/watch.h"

#define LISTENER_PAUSE_US (100 * US_PER_MS)

struct listener {
    struct loop *loop;
    int fd;
    struct addr addr;
    struct watch_io watch;
    struct watch_timer pause;
    bool paused_for_limit;      /* since the last connection that got in */
    unsigned pauses_for_system; /* likewise */
    /* A descriptor that the callee now owns, non-blocking. */
    void (*on_accept)(void *owner, int fd, const struct addr *peer);
    /* What there is too little of for another connection, in words for the log: pause, and ask
     * again. NULL: there is room. */
    const char *(*what_is_full)(void *owner);
    void *owner;
};

void listener_init(struct listener *l, struct loop *loop, int fd, const struct addr *addr,
    void (*on_accept)(void *, int, const struct addr *), const char *(*what_is_full)(void *),
    void *owner);
void listener_start(struct listener *l);
void listener_stop(struct listener *l);
/* Accepts what waits now, whatever the room: before a socket is given up. */
void listener_drain(struct listener *l);

#endif
