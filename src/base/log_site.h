/* log_site: the share that one place in the code has of the error log, and what is told of the
 * lines beyond it (F68). Sites are static variables (struct log_site in log.h): a site that ever
 * held a line back stays in one list that the log's writer walks. Any thread, no lock. */
#ifndef SLUICE_BASE_LOG_SITE_H
#define SLUICE_BASE_LOG_SITE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "base/text.h"

enum log_verdict {
    LOG_PASS,
    LOG_HELD_BACK,
    LOG_FIRST_HELD_BACK /* since the count was last taken: the writer should hear of it */
};

/* Asked once for each line; `level` and `format` are what the place always logs with. */
enum log_verdict log_site_judge(
    struct log_site *site, mono_us now, enum log_level level, const char *format);

/* Whether any site holds something back that nobody has taken. */
bool log_sites_hold_back(void);
/* Calls tell() with the count of each such site, which begins anew. */
void log_sites_take(void (*tell)(const struct log_site *site, uint32_t count));

/* What lines of this place look like: its format with "..." for what varies. */
void log_site_describe(const struct log_site *site, struct text *t);

#endif
