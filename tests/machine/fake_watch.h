/* fake_watch: net/watch.h without a loop: descriptors are never asked, time is a fake clock's, and
 * the test says what happens. Linked in the place of watch.o. One thread, one instance. */
#ifndef SLUICE_TESTS_FAKE_WATCH_H
#define SLUICE_TESTS_FAKE_WATCH_H

#include "net/watch.h"

void fake_watch_init(struct clock_fake *clock);
/* Moves the clock, and fires what falls due on the way, each at its own time. */
void fake_watch_pass(int64_t us);
/* Moves it to the next timer and fires that one. False, and nothing happens: there is none within
 * `us`. */
bool fake_watch_ring(int64_t us);
unsigned fake_watch_wanted(const struct watch_io *w); /* events; 0: it is off */
bool fake_watch_is_fed(const struct watch_io *w);     /* an event was put off to the next turn */
void fake_watch_deliver(struct watch_io *w, unsigned events);
/* The system does not watch it any more: the watcher is off, and its owner is told. */
void fake_watch_fail(struct watch_io *w);
unsigned fake_watch_timers(void); /* so many are on */
unsigned fake_watch_ios(void);
unsigned fake_watch_starts(void); /* of timers, so far */

#endif
