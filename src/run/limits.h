/* limits: whether this machine lets us do what the configuration promises (F56). */
#ifndef SLUICE_RUN_LIMITS_H
#define SLUICE_RUN_LIMITS_H

#include "conf/conf.h"

/* The number of worker threads: as written, or the processors that this process may use. */
unsigned limits_threads(const struct conf_global *conf);

/* Raises the soft limit of open files as far as max-connections needs: 2 descriptors each and a
 * reserve. When the hard limit forbids it: an error where max-connections was written, else a lower
 * number and a warning. 0 or -1. */
int limits_files(const struct conf *conf, unsigned n_workers, uint64_t *ret_max_connections,
    struct problems *problems);

#endif
