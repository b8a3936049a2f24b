/* log_sink: one target of the log and what waits for it: a file, stderr, syslog or the journal.
 *
 * Never waits: what a target does not take now stays here for later, up to 64 KiB; what does not
 * fit, and what a target refuses (a full disk, a dead daemon), is lost and counted, and the next
 * line is tried afresh. Owned by the log's writer; opened on the main thread. */
#ifndef SLUICE_BASE_LOG_SINK_H
#define SLUICE_BASE_LOG_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/log_line.h"

struct log_sink;

/* LOG_SINK_OFF gives NULL. Errors name the target. */
int log_sink_new(const struct log_target *target, struct log_sink **ret_sink, struct err *ret_err);
void log_sink_free(struct log_sink *sink); /* what still waits is gone: see log_sink_abandon() */

void log_sink_put(struct log_sink *sink, const struct log_line *line);
/* Writes what waits; false when the target takes no more: poll log_sink_fd() for POLLOUT. */
bool log_sink_flush(struct log_sink *sink);
void log_sink_abandon(struct log_sink *sink); /* counts what waits as lost */

bool log_sink_is_empty(const struct log_sink *sink); /* nothing waits */
int log_sink_fd(const struct log_sink *sink);
uint64_t log_sink_take_lost(struct log_sink *sink); /* lines lost since the last call */
/* Why lines are being lost; 0 when everything so far was written. EAGAIN: the target is too slow.
 */
int log_sink_errno(const struct log_sink *sink);
const char *log_sink_name(const struct log_sink *sink); /* "stderr", a path */

/* What it was made for; the path is the sink's. NULL is LOG_SINK_OFF. */
struct log_target log_sink_target(const struct log_sink *sink);
bool log_sink_is_for(const struct log_sink *sink, const struct log_target *target);

#endif
