/* machine: a session without sockets, clocks or threads. A test is a list of steps, as data: what
 * happens to the session, and between them the calls that it must make on its two ends, in this
 * order and with these answers. It fails when the session does something else, or does less.
 *
 * Needs no row: a flush while nothing waits or nothing more can leave, and park(): both may be
 * called at any time, and a row is only for what they change. After each event the machine asserts
 * that the worker's shared scratch was left empty, that a deadline is set, and that each end waits
 * for what it can use and for nothing else; and at the end that nothing is left at all:
 * descriptors, watchers, timers, chunks, memory, reservations, references, unaccounted connections.
 */
#ifndef SLUICE_TESTS_MACHINE_H
#define SLUICE_TESTS_MACHINE_H

#include "proxy/session.h"

/* A row leaves out what it has no use for. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

enum who {
    FRONT, /* the client's end */
    BACK,  /* the server's */
    CLOCK,
    WORKER,
    SESSION
};

enum what {
    /* What happens. */
    ARRIVES, /* FRONT: a client was accepted */
    READY,   /* FRONT, BACK: the socket has an event; result: WATCH_READ, WATCH_WRITE */
    AGAIN,   /* FRONT, BACK: the event that the session put off, for fairness, is delivered */
    UNSEEN,  /* FRONT, BACK: the system does not watch the socket any more */
    HOLDS,   /* FRONT, BACK: of what left for it the kernel still has n bytes, from now on */
    WAKES,   /* BACK: the dialer has news */
    PASSES,  /* CLOCK: n microseconds, and what falls due on the way */
    RINGS,   /* CLOCK: the next timer falls due, n microseconds from now at the latest */
    STOPS,   /* WORKER: closes what it has */
    SPENDS,  /* WORKER: its other clients spend n of the pool's retry budget */
    SHEDS,   /* WORKER: a turn ends with n percent of memory-limit in use */
    RESTS,   /* BACK: every server's weight becomes 0 */
    PROVEN,  /* BACK: every server has been of use to others */

    /* What the session calls, and the answer. IO_ERROR and DIAL_FAILED: n is the err_code. */
    OPEN,      /* FRONT: only to let it fail */
    HANDSHAKE, /* and n bytes of our flight wait */
    READ,      /* IO_DONE: n bytes came; IO_DONE_AND_MORE: and others are buffered */
    WRITE,     /* n bytes are given; IO_DONE: they left; IO_WANT_WRITE: they wait */
    FINISH,    /* IO_WANT_WRITE: our close_notify waits */
    FLUSH,     /* IO_DONE: all that waited left; IO_WANT_WRITE: n bytes of it did */
    FIN,       /* part of a flush: our direction ends */
    PARK,      /* only to let it fail */
    CLOSE,     /* result: CONN_x */
    DIAL,      /* result: DIAL_x; text: the server that must be meant */
    RESULT,    /* of the dial, when its news were told */
    LISTEN,    /* has the server said anything yet? */
    CANCEL,    /* the dial is given up */

    /* What must be true now. */
    STARTED, /* CLOCK: timers, n times so far */
    WANTS,   /* FRONT, BACK: waits for these events, result; 0: none */
    IN,      /* SESSION: the step, result: SESSION_x */
    CLOSED,  /* SESSION: result: CLOSE_x */
    LOST,    /* SESSION: there never was one, for want of memory */
    LOGS,    /* SESSION: text is in the access line */
    RETRIED, /* SESSION: n times so far */
    RESUMED, /* SESSION: n handshakes so far */
    FAILED,  /* BACK: n attempts so far */
    BLAMED,  /* BACK: so many servers, n, are avoided for failures of theirs */
    TRUSTED  /* BACK: so many servers, n, are proven */
};

enum { IO_DONE_AND_MORE = 100 };

/* Texts, where a row says nothing else of them: "deaf", with an error: the peer takes no more, but
 * what it sent is whole; "padded": 64 KiB on the wire that are no data came too; "resumed". */
struct step {
    enum who who;
    enum what what;
    int result;
    int64_t n;
    const char *text;
};

struct machine_case {
    const char *name; /* a sentence */
    const char *conf; /* NULL: MACHINE_CONF */
    const struct step *steps;
    size_t n;
};

/* What most cases run with: TLS clients, servers a and b. */
extern const char MACHINE_CONF[];
/* One for settings that a case wants to be different: frontend's keys, pool's keys. */
#define CONF_WITH(frontend, pool)                                                                  \
    "[frontend web]\nlisten = 127.0.0.1:1\npool = app\n" frontend "[pool app]\n" pool
#define TLS_FRONT "certificate = self-signed\n"
#define PLAIN_FRONT "tls = off\n"
#define ONE_SERVER "server = a 10.0.0.1:1\n"
#define TWO_SERVERS "server = a 10.0.0.1:1\nserver = b 10.0.0.2:1\n"
#define SHORT_WRITE CONF_WITH(TLS_FRONT "write-timeout = 2s\n", TWO_SERVERS)

#define MS(n) ((n)*US_PER_MS)
#define S(n) ((n)*US_PER_S)

/* clang-format off */

/* Openings that many cases share. */
#define SHAKEN \
    {FRONT, ARRIVES}, \
    {FRONT, HANDSHAKE, IO_DONE}
#define CONNECTED \
    SHAKEN, \
    {BACK, DIAL, DIAL_DONE}, \
    {BACK, LISTEN, DIAL_DONE}
#define RELAYING \
    CONNECTED, \
    {BACK, READ, IO_WANT_READ}, \
    {FRONT, READ, IO_WANT_READ}
/* Bytes have passed: the server cannot be replaced any more. */
#define TALKING \
    RELAYING, \
    {FRONT, READY, WATCH_READ}, \
    {FRONT, READ, IO_DONE, 100}, \
    {BACK, WRITE, IO_DONE, 100}

/* Full jitter: only the longest wait is known. */
#define BACKS_OFF(longest) \
    {CLOCK, RINGS, .n = longest}

/* Endings. */
#define BOTH_CLOSE(end, reason) \
    {BACK, CLOSE, end}, \
    {FRONT, CLOSE, end}, \
    {SESSION, CLOSED, reason}
/* The client has the clean end of its answer: no reset may destroy what is on its way. */
#define SERVER_ABORTS(reason) \
    {BACK, CLOSE, CONN_ABORT}, \
    {FRONT, CLOSE, CONN_CLOSE}, \
    {SESSION, CLOSED, reason}
#define FRONT_CLOSES(end, reason) \
    {FRONT, CLOSE, end}, \
    {SESSION, CLOSED, reason}
/* The case has shown what it was for. */
#define ENOUGH \
    {WORKER, STOPS}, \
    BOTH_CLOSE(CONN_ABORT, CLOSE_SHUTDOWN)
#define ENOUGH_DIALLING \
    {WORKER, STOPS}, \
    {BACK, CANCEL}, \
    FRONT_CLOSES(CONN_ABORT, CLOSE_SHUTDOWN)

/* clang-format on */

#define CASE(name) CASE_WITH(name, NULL)
#define CASE_WITH(name, conf)                                                                      \
    {                                                                                              \
#name, conf, name, sizeof name / sizeof name[0]                                            \
    }

/* Runs it; fails the cmocka test that it is part of. */
void machine_run(const struct machine_case *c);
/* The same with every allocation failing once: each time the client is let go with a reason, or
 * nothing is noticed at all; and nothing leaks. */
void machine_run_without_memory(const struct machine_case *c);

/* What all runs have reached so far. */
bool machine_has_closed(enum close_reason reason);
bool machine_has_been_in(enum session_step step);

#endif
