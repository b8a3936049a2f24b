/* fake_log: base/log.h that remembers the last line of each log. Linked in the place of log.o. */
#ifndef SLUICE_TESTS_FAKE_LOG_H
#define SLUICE_TESTS_FAKE_LOG_H

#include "base/log.h"

extern char fake_log_access[4096]; /* the last access line; "" after fake_log_init() */
extern char fake_log_error[4096];
extern unsigned fake_log_access_lines;

void fake_log_init(void);

#endif
