/* dial: one attempt to reach one address. Knows no retry and no deadline: a connector gives it up
 * when its own time is over.
 *
 * Embedded in its owner. dialer_start() answers at once or says DIAL_WAIT; then on_wake is called
 * when dialer_result() has something new. Machine tests put other ops into the place of
 * dial_system. */
#ifndef SLUICE_NET_DIAL_H
#define SLUICE_NET_DIAL_H

#include "base/addr.h"
#include "net/conn.h"

enum dial_result { DIAL_WAIT, DIAL_DONE, DIAL_FAILED };

struct dialer {
    int fd;         /* -1: none */
    bool ready;     /* the system has news of it */
    bool unwatched; /* and will have no more */
    struct io *io;
    struct watch_io watch;
    void (*on_wake)(void *owner);
    void *owner;
};

struct dial_ops {
    enum dial_result (*start)(
        struct dialer *d, const struct addr *addr, const struct addr *source, struct err *ret_err);
    enum dial_result (*result)(struct dialer *d, struct err *ret_err);
    /* After DIAL_DONE: has the server said anything yet? DIAL_WAIT: no, on_wake is called when it
     * does. DIAL_FAILED: it has broken the connection. */
    enum dial_result (*listen)(struct dialer *d, struct err *ret_err);
    /* After DIAL_DONE: the connection becomes the conn's. */
    void (*take)(struct dialer *d, struct conn *c, void (*on_ready)(void *, unsigned), void *owner);
    void (*cancel)(struct dialer *d); /* also after DIAL_FAILED, and twice */
};

extern const struct dial_ops dial_system;

void dialer_init(struct dialer *d, struct io *io, void (*on_wake)(void *), void *owner);

#endif
