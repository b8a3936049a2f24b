/* log_writer: the thread that takes lines from the queue to the sinks, and tells of those that were
 * lost. It owns the sinks; the main thread hands over new ones. One for the process; all functions
 * but log_writer_count_lost() and log_writer_lost() are the main thread's. */
#ifndef SLUICE_BASE_LOG_WRITER_H
#define SLUICE_BASE_LOG_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"

/* What each stream writes to; both may be the same sink, OFF is NULL. Indexed by log_stream. */
struct log_sinks {
    struct log_sink *of[2];
};

void log_sinks_free(struct log_sinks *sinks);

/* Takes the sinks, on failure too. */
int log_writer_start(struct log_sinks *sinks, struct clock *clock, struct err *ret_err);
/* Takes the sinks, also when it fails because the writer is stuck: the old ones then stay. */
int log_writer_swap(struct log_sinks *sinks, struct err *ret_err);
/* False when the writer is stuck in a target: it is left behind, and the process had better end. */
bool log_writer_stop(int64_t limit_us);

void log_writer_count_lost(void);
uint64_t log_writer_lost(void);

#endif
