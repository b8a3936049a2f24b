/* listen_set: the listening sockets of one address, one for each worker (one in all for a UNIX
 * path). They belong to the process, not to a worker or a snapshot: while the address lives their
 * number never shrinks, because closing one of several SO_REUSEPORT sockets resets what waits in
 * its queue (F84).
 *
 * Main thread only, but for the descriptors themselves, which workers accept on. Counted by the
 * snapshots that name the address. */
#ifndef SLUICE_NET_LISTEN_SET_H
#define SLUICE_NET_LISTEN_SET_H

#include "base/addr.h"
#include "base/list.h"

struct listen_set {
    struct list entry;
    struct addr addr;
    unsigned refs;
    /* Other sockets of ours are on the port already: the first must not mistake them for somebody
     * else's, and it must not take their clients before listen_set_start(). */
    bool is_shared;
    unsigned n; /* descriptors: worker i accepts on fds[i]; a UNIX path has one, of worker 0 */
    int fds[];
};

/* Finds the address in `sets`, or binds n sockets; one reference is the caller's. NULL when an
 * address cannot be bound. */
struct listen_set *listen_set_get(
    struct list *sets, const struct addr *addr, unsigned n, struct err *ret_err);
/* Now or never: whoever got it has made up his mind. Without effect on one that listens. 0 or -1.
 */
int listen_set_start(const struct listen_set *set, struct err *ret_err);
/* The last one closes them, and removes a UNIX path. Workers have stopped accepting before. */
void listen_set_put(struct listen_set *set);
/* All of them are the user's from now on. The kernel lets only sockets of one user share a port, as
 * one for every address and one for a single address do. */
void listen_sets_give(struct list *sets, uid_t user);
/* The descriptor of one worker, -1 when it has none. */
int listen_set_fd(const struct listen_set *set, unsigned worker);

/* From now on new clients are refused quietly (their SYN is dropped, not answered) while those who
 * are already in the queue, or halfway into it, can still be accepted: closing a socket with a
 * queue would reset them. Any thread. */
void listen_fd_retire(int fd, const struct addr *addr);
/* A connection accepted from a retired socket: it may have inherited that. */
void listen_fd_let_in(int fd, const struct addr *addr);

#endif
