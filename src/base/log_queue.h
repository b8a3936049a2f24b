/* log_queue: everything that is on its way from the threads to the log's writer: a ring per thread
 * that asked for one, a ring for the rest, and how the writer sleeps and is woken.
 *
 * One for the process. Any thread joins, leaves and pushes; the writer alone drains and dozes. */
#ifndef SLUICE_BASE_LOG_QUEUE_H
#define SLUICE_BASE_LOG_QUEUE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/log_line.h"

int log_queue_open(struct err *ret_err);
/* The writer has ended. Rings of threads that have not left stay. */
void log_queue_close(void);

/* A ring for the calling thread, and its name. -1: no memory, it shares the common one. */
int log_queue_join(const char *name, struct err *ret_err);
void log_queue_leave(void);
const char *log_queue_thread_name(void); /* "main" for one that did not join */

/* Never waits for the writer; false when there is no room. */
bool log_queue_push(const struct log_line *line);

/* Hands on every line that was queued when the call began; false when there was none. */
bool log_queue_drain(void (*take)(const struct log_line *line));

/* How the writer waits: poll log_queue_fd() between doze and awake. */
enum log_doze {
    LOG_NAP,  /* for a moment: woken only when a ring runs full */
    LOG_SLEEP /* woken by the next line */
};
bool log_queue_doze(enum log_doze depth); /* false: do not, lines are waiting */
void log_queue_awake(void);
int log_queue_fd(void);
void log_queue_wake(void); /* any thread: wakes the writer whatever it does */

#endif
