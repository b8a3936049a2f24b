/* shed: which connections go when memory-limit is nearly reached: those whose peers have taken none
 * of the bytes that wait for them for longest. Idle ones hold no bytes, so closing them would free
 * nothing. */
#ifndef SLUICE_PROXY_SHED_H
#define SLUICE_PROXY_SHED_H

#include "proxy/context.h"

#define SHED_STALLED_PERCENT 90   /* of memory-limit: from here on stalled connections are closed */
#define SHED_NO_ACCEPT_PERCENT 95 /* ... none is accepted */

/* Called in each turn of the loop; closes a few now and then, until there is room again. */
void shed_stalled(struct context *ctx, const struct chunk_budget *budget);

#endif
