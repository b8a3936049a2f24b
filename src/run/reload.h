/* reload: whole or not at all. Main reads, checks and builds; every worker makes its own part and
 * says so; only then is anything in force. Any error anywhere, and the running configuration stays
 * as it is. Main thread only. */
#ifndef SLUICE_RUN_RELOAD_H
#define SLUICE_RUN_RELOAD_H

#include "run/process.h"

/* Reads the configuration anew. While one is under way the wish is remembered, once: the file is
 * read again afterwards, so the last one written wins. */
void reload_request(struct process *p);
/* The two halves of it for a loaded configuration, which is taken; also how the first one comes
 * into force. Building checks everything and binds new addresses; publishing asks the workers. 0,
 * or -1 and the problems are filled. */
int reload_build(struct process *p, struct conf *conf, struct problems *problems);
int reload_publish(struct process *p, struct problems *problems);
void reload_on_prepared(struct process *p, struct prepare *prepare);
/* Something changed in a worker: is the last reload complete? */
void reload_check_settled(struct process *p);
/* The program ends: forget what is under way. */
void reload_fini(struct process *p);

/* A log that cannot be opened is the fault of the line that names it. */
void reload_tell_log(const struct conf *conf, enum log_stream whose, const struct err *err,
    struct problems *problems);

/* Warnings and errors into the log, a line each. */
void reload_log_problems(const struct problems *problems);

#endif
