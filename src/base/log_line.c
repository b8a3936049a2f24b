/* log_line: composing a line of the error log. */
#include "base/log_line.h"

#include <string.h>
#include <time.h>

#include "base/text.h"

#define CUT_MARK "..."

static const char *const level_names[] = {
    [LOG_LEVEL_ERROR] = "error",
    [LOG_LEVEL_WARNING] = "warning",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_DEBUG] = "debug",
};

static void append_time(struct text *t, int64_t wall_us)
{
    time_t seconds = (time_t)(wall_us / US_PER_S);
    struct tm tm;
    char stamp[40] = "";
    if (gmtime_r(&seconds, &tm))
        strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &tm);
    text_printf(t, "%s.%06dZ", stamp, (int)(wall_us % US_PER_S));
}

void log_line_compose(const struct log_note *note, int64_t wall_us,
    char memory[static LOG_ERROR_LINE_MAX + 1], struct log_line *ret_line)
{
    struct text t;
    text_init(&t, memory, LOG_ERROR_LINE_MAX + 1 - strlen(CUT_MARK));
    append_time(&t, wall_us);
    size_t time_len = t.len;
    text_printf(&t, " %s %s ", level_names[note->level], note->thread);
    text_escape(&t, note->message);

    if (t.cut) {
        memcpy(t.p + t.len, CUT_MARK, sizeof CUT_MARK);
        t.len += strlen(CUT_MARK);
    }
    *ret_line = (struct log_line){
        .stream = LOG_ERRORS,
        .level = note->level,
        .time_len = time_len,
        .len = t.len,
        .text = memory,
    };
}
