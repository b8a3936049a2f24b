/* reserve: memory set aside for event loops.
 *
 * libev calls abort() when an allocation fails (F61), and most of its arrays grow with the number
 * of connections. So when memory ends, the reserve is given back to the heap and the loop's
 * allocation tried again; until the reserve could be set aside anew, no connection is accepted. It
 * is never touched, so it costs addresses and no pages.
 *
 * One for the process. Any thread, but setting it is main's. */
#ifndef SLUICE_NET_RESERVE_H
#define SLUICE_NET_RESERVE_H

#include <stdbool.h>
#include <stdint.h>

/* Enough for what the loops of so many connections may ask for after memory has ended. 0 or -1, and
 * what was set aside before stays. */
int reserve_set(uint64_t n_connections);
void reserve_drop(void); /* at the end */
/* Tries to get back one that was given up. True where none was ever set. */
bool reserve_is_there(void);

/* libev's allocator. */
void *reserve_resize(void *old, long size);

#endif
