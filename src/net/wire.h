/* wire: bytes as they are on the socket; what the transports of real sockets share. */
#ifndef SLUICE_NET_WIRE_H
#define SLUICE_NET_WIRE_H

#include "net/conn.h"

/* One recv. IO_DONE, IO_WANT_READ (also, without asking, after a recv that got less than it asked
 * for), IO_EOF, IO_ERROR. */
enum io_result wire_recv(struct conn *c, void *buf, size_t cap, size_t *ret_n, struct err *ret_err);
/* Sends now what the socket takes and queues the rest in `out`. IO_DONE or IO_ERROR. */
enum io_result wire_send(struct conn *c, const void *bytes, size_t n, struct err *ret_err);
/* The same, but small pieces wait in the worker's gather area, to be sent together by wire_flush().
 */
enum io_result wire_gather(struct conn *c, const void *bytes, size_t n, struct err *ret_err);
/* What is gathered now is in no hurry: the next flush gives it to the kernel, which may keep it for
 * a moment (0.2 s) to send it together with what follows. */
void wire_hold(struct conn *c);
enum io_result wire_flush(struct conn *c, struct err *ret_err);
/* Moves what is left of the receive scratch into `in`. False: out of memory. */
bool wire_park(struct conn *c);
void wire_close(struct conn *c, enum conn_end end);

#endif
