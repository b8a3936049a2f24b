/* session: one client from accept to close: the spine. What happens in which order is in
 * session_steps.{def,c}; this file opens, runs and closes.
 *
 * Owned by its worker's context, one thread. It closes in one place only, session_close(), with a
 * reason out of base/close_reason.def, one log line and one counter; the memory is freed at the end
 * of the loop's turn. */
#ifndef SLUICE_PROXY_SESSION_H
#define SLUICE_PROXY_SESSION_H

#include "base/addr.h"
#include "proxy/close_reason.h"
#include "proxy/connector.h"
#include "proxy/context.h"
#include "snapshot/view.h"

enum session_step {
#define STEP(name, ...) SESSION_##name,
#include "proxy/session_steps.def"
#undef STEP
    SESSION_STEPS
};

struct session {
    struct list entry; /* in context->sessions, later ->graveyard */
    struct context *ctx;
    struct view *view;                    /* counted: the snapshot it began with */
    const struct snapshot_listen *listen; /* where it was accepted; its socket may be gone */
    const struct frontend *frontend;      /* listen's */
    uint64_t id;
    enum session_step step;
    bool closed;
    struct peer peer; /* the client */
    struct conn front, back;
    struct connector *connector;      /* from CONNECT until the first byte has passed */
    struct server *server;            /* reserved; released at close */
    const struct server *last_server; /* for the log; lives as long as the view */
    unsigned attempts;
    char *errors; /* of failed attempts, for the log; NULL: none */
    struct watch_timer timer;
    mono_us timer_at; /* when it fires; lazily moved */
    mono_us opened_at, step_at, active_at;
    mono_us handshake_us, connect_us; /* durations; 0: not reached */
    uint64_t bytes_in, bytes_out;     /* plain: client to server, server to client */
};

/* Takes the descriptor, whatever comes of it; `listen` is of the view's snapshot. False: there was
 * no memory for a session, so none will be closed. */
bool session_open(struct context *ctx, struct view *view, const struct snapshot_listen *listen,
    int fd, const struct addr *peer);
/* Ends it now. `err` may be NULL. */
void session_close(struct session *s, enum close_reason reason, const struct err *err);
/* context_sweep()'s part of it. */
void session_free(struct session *s);

/* Goes on with it: something happened. */
void session_run(struct session *s);

const char *session_step_name(enum session_step step);

#endif
