/* signals: those that mean something to the program, on the main thread. Other threads block all.
 */
#ifndef SLUICE_RUN_SIGNALS_H
#define SLUICE_RUN_SIGNALS_H

#include "net/watch.h"

enum { SIGNALS = 6 };

struct signals {
    struct watch_signal watches[SIGNALS];
};

/* First thing in the program: what asks a running program for something must not end one that still
 * starts. It waits until signals_watch(). */
void signals_hold(void);
/* `fn` is told of each from the loop, those that waited first. */
void signals_watch(
    struct signals *signals, struct loop *loop, void (*fn)(void *owner, int number), void *owner);
void signals_unwatch(struct signals *signals, struct loop *loop);

#endif
