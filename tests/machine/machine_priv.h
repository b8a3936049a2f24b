/* machine_priv: what the parts of the machine share: world.c, what surrounds a session; scripted.c,
 * the transport and the dialer whose answers are rows; machine.c, which runs the rows. */
#ifndef SLUICE_TESTS_MACHINE_PRIV_H
#define SLUICE_TESTS_MACHINE_PRIV_H

#include "machine.h"

#define POOLS_MAX 4

/* What one end has been given and has given away, to see that bytes arrive as they were read. */
struct end {
    struct conn *conn;
    bool holds_more;
    bool broken;
    bool is_shaken, is_resumed;
    bool is_cut_short; /* closed while the scratch held bytes for it */
    uint64_t n_read, n_written;
    int held; /* by the kernel */
};

struct machine {
    const struct machine_case *test;
    size_t at; /* the next row */

    struct clock_fake clock;
    struct io io;
    struct context ctx;
    struct registry registry;
    struct conf *conf;
    struct pool *pools[POOLS_MAX];
    struct frontend frontend;
    struct snapshot_listen listen;
    struct snapshot snapshot;
    struct view *view;
    bool view_unused;
    unsigned closings; /* told to the worker */
    unsigned dials;
    bool has_discarded;        /* bytes of the client, since nobody took them */
    bool has_discarded_answer; /* ... of the server's bytes */

    struct session *session; /* NULL when it is gone */
    struct end ends[2];      /* by enum who */
    struct dialer *dialer;   /* NULL: none under way */
    int opened_fds, closed_fds;
    int closed; /* enum close_reason, or -1 */
    bool lost;
    long blocks; /* of memory that were in use before it */
};

extern struct machine m;

/* ---- machine.c ---- */

extern const char *const who_names[];
const char *row_name(size_t at); /* "row 3 (front read)"; until the next call */
bool is_next(enum who who, enum what what);
/* The session calls: the row that answers, or the case fails. */
const struct step *called(enum who who, enum what what);

/* ---- scripted.c ---- */

extern const struct transport_ops transport_scripted;
extern const struct dial_ops dial_scripted;
int scripted_front_open(struct conn *front, struct tls_context *tls, struct err *ret_err);

/* ---- world.c ---- */

void world_set_up(const struct machine_case *test);
/* Everything that was taken has been given back, and is accounted for. */
void world_check_leftovers(void);
void world_tear_down(void);
int world_open_fd(void); /* one that is only good for being closed */

#endif
