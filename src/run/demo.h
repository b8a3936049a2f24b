/* demo: the two servers that `sluice try` puts itself in front of: each answers an HTTP request
 * with its own name and echoes anything else. On a thread of their own, on loopback. */
#ifndef SLUICE_RUN_DEMO_H
#define SLUICE_RUN_DEMO_H

#include "base/addr.h"

#define DEMO_SERVERS 2

struct demo;

/* NULL and an error when no port can be had. */
struct demo *demo_start(struct err *ret_err);
void demo_stop(struct demo *demo); /* takes NULL */
const char *demo_name(size_t i);
const struct addr *demo_address(const struct demo *demo, size_t i);

#endif
