/* log: the error log and the access log. Formatting happens on the calling thread, writing on a
 * thread of its own, so that a slow, full or blocked sink never holds up a worker: what does not
 * fit into the caller's ring is dropped and counted (F96).
 *
 * Any thread may log. A worker calls log_thread_init() first and has a ring of its own (no lock);
 * other threads share one under a lock. Before log_start() and after log_stop() lines go straight
 * to stderr. One event is one line of at most 2 KiB; everything but printable ASCII is escaped in
 * the finished line (F97). Lines of one thread stay in order, those of different threads need not.
 *
 * Where to read on: log_site (how often), log_line (how a line looks), log_queue and log_ring (from
 * the threads to the writer), log_writer (the thread), log_sink (one target). */
#ifndef SLUICE_BASE_LOG_H
#define SLUICE_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

enum log_stream { LOG_ERRORS, LOG_ACCESS };

/* What a stream writes to. */
enum log_sink_kind {
    LOG_SINK_OFF,
    LOG_SINK_STDERR,
    LOG_SINK_FILE,
    LOG_SINK_SYSLOG,
    LOG_SINK_JOURNAL
};

struct log_target {
    enum log_sink_kind kind;
    const char *path; /* file: absolute; syslog, journal: their socket, NULL for the system's own */
};

/* At most 10 lines a second from one place in the code; within another second the log tells by
 * itself how many more there were (F68). See log_site. */
struct log_site {
    _Atomic int64_t window_start_us;
    _Atomic uint32_t lines;
    _Atomic uint32_t held_back; /* not told yet */
    /* Once something was held back: */
    _Atomic bool is_listed;
    enum log_level level;
    const char *format;
    struct log_site *next;
};

/* Starts the writer thread. Time stamps come from `clock`. Returns 0, or -1, an error that names
 * the target, and whose it is. Main thread, as all of these. */
int log_start(const struct log_target *errors, const struct log_target *access, struct clock *clock,
    enum log_stream *ret_whose, struct err *ret_err);
/* After a reload: opens what changed. On failure, or when the writer is stuck in a target, the old
 * ones stay in force. Lines logged by this thread before go to the old, later ones to the new. */
int log_retarget(const struct log_target *errors, const struct log_target *access,
    enum log_stream *ret_whose, struct err *ret_err);
/* The same for USR1: opens everything anew. */
int log_reopen(struct err *ret_err);
void log_set_level(enum log_level level);
/* Writes what is queued, waiting at most limit_us for sinks that block, then stops the writer.
 * Other threads have called log_thread_fini() before. */
void log_stop(int64_t limit_us);

/* Gives the calling thread a ring of its own; `name` appears in its lines ("w1"). 0 or -1
 * (ERR_MEMORY): the thread then shares the common ring. */
int log_thread_init(const char *name, struct err *ret_err);
void log_thread_fini(void);

bool log_enabled(enum log_level level);
bool log_access_enabled(void);
uint64_t log_dropped(void); /* lines lost so far, all threads, both streams */

/* One finished line, without newline, to the access log. Already escaped by the caller, field by
 * field. */
void log_access_line(const char *line, size_t len);

void log_write(enum log_level level, struct log_site *site, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void log_write_errno(enum log_level level, struct log_site *site, int os_errno, const char *fmt,
    ...) __attribute__((format(printf, 4, 5)));

#define LOG_AT(level, ...)                                                                         \
    do {                                                                                           \
        static struct log_site log_site_;                                                          \
        if (log_enabled(level))                                                                    \
            log_write(level, &log_site_, __VA_ARGS__);                                             \
    } while (0)
#define LOG_ERRNO_AT(level, os_errno, ...)                                                         \
    do {                                                                                           \
        static struct log_site log_site_;                                                          \
        if (log_enabled(level))                                                                    \
            log_write_errno(level, &log_site_, os_errno, __VA_ARGS__);                             \
    } while (0)

/* For what is told once and must not be left out: starts, reloads, stops. */
#define log_event(level, ...) log_write(level, NULL, __VA_ARGS__)

#define log_error(...) LOG_AT(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) LOG_AT(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) LOG_AT(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) LOG_AT(LOG_LEVEL_DEBUG, __VA_ARGS__)
#define log_error_errno(e, ...) LOG_ERRNO_AT(LOG_LEVEL_ERROR, e, __VA_ARGS__)
#define log_warn_errno(e, ...) LOG_ERRNO_AT(LOG_LEVEL_WARNING, e, __VA_ARGS__)

#endif
