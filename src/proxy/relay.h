/* relay: bytes from one end to the other, written once for both directions and both kinds of
 * transport. Decides nothing but when to pause: reading stops while the other side does not take
 * what it got, so a connection holds a few pieces at most, never a stream. */
#ifndef SLUICE_PROXY_RELAY_H
#define SLUICE_PROXY_RELAY_H

#include "net/conn.h"

enum relay_result {
    RELAY_OK,          /* moved what could be moved */
    RELAY_FROM_BROKEN, /* *ret_err: reading failed */
    RELAY_TO_BROKEN    /* *ret_err: writing failed */
};

/* Moves some RELAY_TURN bytes in pieces of at most `piece` (<= IO_PIECE), fewer when they are
 * small, then leaves the worker's scratch empty. When `from` ends cleanly, so does this direction
 * of `to`. *moved grows by the plain bytes that were taken, which nobody else can be given any
 * more. */
#define RELAY_TURN (64u * 1024u)
enum relay_result relay_pump(
    struct conn *from, struct conn *to, size_t piece, uint64_t *moved, struct err *ret_err);
/* The same to nobody: RELAY_OK or RELAY_FROM_BROKEN. */
enum relay_result relay_discard(struct conn *from, size_t piece, struct err *ret_err);
/* Sets both watchers to what can go on now. */
void relay_watch(struct conn *a, struct conn *b);

#endif
