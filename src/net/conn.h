/* conn: one socket, either side of a session: its transport, its watcher, and the bytes that wait
 * for it.
 *
 * Owned by the session, on one worker's thread. A conn never decides anything: it moves bytes and
 * says what happened. Everything that depends on whether it speaks plain TCP or TLS is behind
 * `transport`, which can be exchanged while the connection runs. An idle conn holds no chunk. */
#ifndef SLUICE_NET_CONN_H
#define SLUICE_NET_CONN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "net/chunk.h"
#include "net/watch.h"

enum io_result {
    IO_DONE,       /* something was done; *ret_n says how much */
    IO_WANT_READ,  /* nothing to be had before the socket can be read */
    IO_WANT_WRITE, /* nothing to be done before the socket takes bytes */
    IO_EOF,        /* the peer ended its direction cleanly */
    IO_ERROR       /* *ret_err says what; the connection is of no further use */
};

enum conn_end {
    CONN_CLOSE, /* both directions have ended, or nothing was promised */
    CONN_RESET, /* RST: what the peer has got must not look complete (P3) */
    CONN_ABORT  /* the same, because of us: behind an alert where the transport has one */
};

#define IO_PIECE (64u * 1024u)  /* at most so many bytes are relayed in one go */
#define IO_RX (32u * 1024u)     /* received at once for a TLS connection */
#define IO_GATHER (32u * 1024u) /* small records are sent together */

/* What all conns of a worker share. The scratch areas are empty between two connections: see
 * conn_park() and conn_flush(). */
struct io {
    struct loop *loop; /* NULL in machine tests */
    mono_us now;       /* set at the start of each callback */
    struct chunk_pool chunks;

    struct conn *rx_owner; /* whose bytes rx holds: rx[rx_begin..rx_end) */
    unsigned rx_begin, rx_end;
    struct conn *gather_owner; /* whose bytes gather holds */
    unsigned gather_n;

    unsigned char rx[IO_RX];
    unsigned char gather[IO_GATHER];
    unsigned char piece[IO_PIECE]; /* plain bytes on their way from one end to the other */
};

struct transport_ops;

struct conn {
    int fd;         /* -1: none */
    bool eof;       /* the peer ended its direction, cleanly */
    bool finishing; /* our clean end is queued */
    bool finished;  /* ... and has left: FIN was sent */
    bool readable; /* the socket may have bytes: set by events, cleared by a read that found the end
                      of them */
    bool wants_write; /* the transport must write before it can go on */
    bool wire_eof; /* FIN came: for a plain conn a clean end, for TLS only after a close_notify */
    bool held;     /* what is sent next may wait in the kernel: see wire_hold() */
    /* the peer takes no more, but what it sent before it left is complete and can still be read */
    bool deaf;
    int broken; /* errno of the call that found the socket broken: every later use fails the same
                 * way; the kernel reports it once and then shows a clean end (P3) */
    const struct transport_ops *transport;
    void *tls; /* the transport's own */
    struct io *io;
    struct watch_io watch;
    struct chunk_queue out;  /* wire bytes that the socket did not take */
    struct chunk_queue in;   /* wire bytes received but not yet decrypted */
    uint64_t sent, received; /* wire bytes */
    uint64_t taken; /* of `sent`: what the peer's machine had taken when that was last looked at */
    bool left;      /* at the last question whether it drains, that was not all */
    size_t barren;  /* wire bytes received since the last plain one */
    /* bytes have waited in `out` without progress since then; 0: none wait */
    mono_us stalled_since;
};

/* How bytes pass. Results as enum io_result; errors name their side by the session, not here. */
struct transport_ops {
    const char *name;
    enum io_result (*handshake)(struct conn *c, struct err *ret_err);
    enum io_result (*read)(
        struct conn *c, void *buf, size_t cap, size_t *ret_n, struct err *ret_err);
    /* Takes all n bytes (n <= IO_PIECE) or fails; only called while nothing waits. What the socket
     * refuses waits in `out`. */
    enum io_result (*write)(struct conn *c, const void *bytes, size_t n, struct err *ret_err);
    /* Queues our clean end of this direction: close_notify where there is one. FIN follows the last
     * byte. */
    enum io_result (*finish)(struct conn *c, struct err *ret_err);
    enum io_result (*flush)(
        struct conn *c, struct err *ret_err); /* IO_DONE: nothing waits any more */
    bool (*park)(struct conn *c); /* leaves the shared scratch empty; false: out of memory */
    bool (*has_buffered)(
        const struct conn *c); /* bytes that no event of the socket will announce */
    void (*close)(struct conn *c, enum conn_end end);
};

extern const struct transport_ops transport_plain;

void io_init(struct io *io, struct loop *loop);
void io_fini(struct io *io);

/* Takes the descriptor, non-blocking, with its watcher off. */
void conn_open(struct conn *c, struct io *io, int fd, const struct transport_ops *transport,
    void (*on_ready)(void *owner, unsigned events), void *owner);
bool conn_is_open(const struct conn *c);

enum io_result conn_handshake(struct conn *c, struct err *ret_err);
enum io_result conn_read(struct conn *c, void *buf, size_t cap, size_t *ret_n, struct err *ret_err);
enum io_result conn_write(struct conn *c, const void *bytes, size_t n, struct err *ret_err);
enum io_result conn_finish(struct conn *c, struct err *ret_err);
/* Sends what waits, and FIN behind the last byte when the conn is finishing. */
enum io_result conn_flush(struct conn *c, struct err *ret_err);
/* Called when a callback is done with the connection: whatever the shared scratch holds of it moves
 * to chunks of its own. IO_ERROR when there is no memory for that. */
enum io_result conn_park(struct conn *c, struct err *ret_err);
bool conn_is_blocked(const struct conn *c); /* bytes wait in `out` */
bool conn_has_buffered(
    const struct conn *c); /* a read would find bytes without asking the socket */

/* Bytes that left us are still with our kernel: closing goes on delivering them, a reset does not.
 */
bool conn_is_held(const struct conn *c);
/* Does the peer take what the kernel holds, megabytes maybe? Nobody is told, so it is asked: true
 * when more of it has gone since the last question or mark, also when that was the last of what a
 * question found. That is progress for `stalled_since` as well. */
bool conn_drains(struct conn *c);
void conn_mark_taken(struct conn *c);

/* Which events to wait for; adds writing by itself while bytes wait. */
void conn_want(struct conn *c, bool reading);
/* Runs its callback again soon, as if it were readable: for work that was put off for fairness. */
void conn_again(struct conn *c);
/* Takes -1 and closed ones. Memory stays the owner's. */
void conn_close(struct conn *c, enum conn_end end);

#endif
