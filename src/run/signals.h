/* signals: those that mean something to the program, on the main thread. Other threads block all.
 */
#ifndef SLUICE_RUN_SIGNALS_H
#define SLUICE_RUN_SIGNALS_H

#include "net/watch.h"

/* First thing in the program: what asks a running program for something must not end one that still
 * starts. It waits until signals_watch(). */
void signals_hold(void);
/* `fn` is told of each from the loop, also of those that waited. 0 or -1. */
int signals_watch(struct watch_signals *signals, struct loop *loop,
    void (*fn)(void *owner, int number), void *owner, struct err *ret_err);

#endif
