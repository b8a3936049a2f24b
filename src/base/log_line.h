/* log_line: how a line of the error log looks. Pure.
 *
 *     2026-11-24T03:53:02.123456Z warning w1 message */
#ifndef SLUICE_BASE_LOG_LINE_H
#define SLUICE_BASE_LOG_LINE_H

#include <stddef.h>
#include <stdint.h>

#include "base/log.h"

#define LOG_ERROR_LINE_MAX 2048
#define LOG_ACCESS_LINE_MAX 8192

/* One finished line on its way to a sink: no newline, not terminated; the text is the maker's. */
struct log_line {
    enum log_stream stream;
    enum log_level level;
    size_t time_len; /* of the time at its head, which syslog and the journal add themselves */
    size_t len;
    const char *text;
};

/* What a line of the error log says. */
struct log_note {
    enum log_level level;
    const char *thread;
    const char *message; /* any bytes: escaped here */
};

void log_line_compose(const struct log_note *note, int64_t wall_us,
    char memory[static LOG_ERROR_LINE_MAX + 1], struct log_line *ret_line);

#endif
