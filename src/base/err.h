/* err: one failure as a small value: what, whose fault, is trying again safe.
 *
 * Lower layers fill one in and do not log; the layer that handles it logs once. No allocation, any
 * thread. A function that can fail takes `struct err *ret_err` last and leaves it untouched when it
 * succeeds. */
#ifndef SLUICE_BASE_ERR_H
#define SLUICE_BASE_ERR_H

#include <stddef.h>

enum err_code {
    ERR_NONE,
    ERR_MEMORY,      /* an allocation failed */
    ERR_SYSTEM,      /* a system call failed for a reason of no special meaning; see os_errno */
    ERR_LOCAL,       /* this machine ran out: descriptors, ports, buffers; never the peer's fault */
    ERR_REFUSED,     /* the peer's machine answered "no" (ECONNREFUSED, a missing UNIX socket) */
    ERR_UNREACHABLE, /* no route, host or network down */
    ERR_TIMEOUT,     /* a deadline passed */
    ERR_RESET,       /* the peer sent RST */
    ERR_TRUNCATED,   /* FIN without close_notify on a TLS connection */
    ERR_TLS,         /* the TLS peer broke the protocol, or a handshake failed */
    ERR_INPUT,       /* a file or a text is not what it should be; context says why */
    ERR_UNAVAILABLE  /* nothing left to choose from: no server, no budget */
};

enum err_side { SIDE_OURS, SIDE_FRONT, SIDE_BACK };
enum err_retry { RETRY_NEVER, RETRY_SAFE };

struct err {
    enum err_code code;
    enum err_side side;
    enum err_retry retry;
    int os_errno;      /* 0 where no system call was involved */
    char context[160]; /* one line for people, never NULL-less, cut when too long */
};

/* A word for logs and metrics: "refused", "timeout", ... Never NULL. */
const char *err_code_name(enum err_code code);

/* No failure yet. */
void err_clear(struct err *err);

/* Fills *ret_err; side is SIDE_OURS and retry RETRY_NEVER until the caller says otherwise. */
void err_set(struct err *ret_err, enum err_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for a failed system call: the code follows from os_errno (ECONNREFUSED -> ERR_REFUSED,
 * EMFILE -> ERR_LOCAL, ...) and ": " with the system's own words are appended to the context. */
void err_set_errno(struct err *ret_err, int os_errno, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "prefix: " before the context. */
void err_prefix(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
