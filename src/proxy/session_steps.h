/* session_steps: what a session does in each step. Private to proxy/session*.c. */
#ifndef SLUICE_PROXY_SESSION_STEPS_H
#define SLUICE_PROXY_SESSION_STEPS_H

#include "proxy/session.h"

enum verdict_kind { VERDICT_WAIT, VERDICT_GOTO, VERDICT_CLOSE };

struct verdict {
    enum verdict_kind kind;
    enum session_step step;   /* VERDICT_GOTO */
    enum close_reason reason; /* VERDICT_CLOSE */
};

#define STEP_WAIT ((struct verdict){.kind = VERDICT_WAIT})
#define STEP_GOTO(name) ((struct verdict){.kind = VERDICT_GOTO, .step = SESSION_##name})
#define STEP_CLOSE(why) ((struct verdict){.kind = VERDICT_CLOSE, .reason = CLOSE_##why})

/* *err is filled when the verdict is to close because of an error. */
#define STEP(name, run, ...) struct verdict run(struct session *s, struct err *err);
#include "proxy/session_steps.def"
#undef STEP

/* The errand is over; what the log will tell of it stays. */
void session_drop_connector(struct session *s);

/* The session's callbacks, for the steps that arm something. */
void session_on_back(void *owner, unsigned events);
void session_on_connector(void *owner);

#endif
