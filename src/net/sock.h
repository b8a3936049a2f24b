/* sock: makes sockets with the options that this program always wants. Any thread. */
#ifndef SLUICE_NET_SOCK_H
#define SLUICE_NET_SOCK_H

#include "base/addr.h"
#include "base/err.h"

/* A non-blocking listening socket. The first on a port finds out whether somebody else has it
 * already: SO_REUSEPORT would let two programs of one user share it, each getting half of the
 * clients. TCP: SO_REUSEADDR, SO_REUSEPORT (one socket a worker), IPV6_V6ONLY, TCP_NODELAY
 * (inherited by what it accepts). A UNIX path that nobody answers on any more is taken over;
 * whoever may reach it may connect (mode 0666). -1 and an error that names the address. */
int sock_listen(const struct addr *addr, bool is_first, struct err *ret_err);
/* The same without listening yet: no client is sent here before listen(2). */
int sock_bind(const struct addr *addr, bool is_first, struct err *ret_err);
/* A non-blocking socket on its way to addr, from source unless its len is 0. *ret_connected says
 * whether it is there already. Errors of ours (descriptors, ports) have code ERR_LOCAL or
 * ERR_SYSTEM and are never the server's fault (F58). */
int sock_dial(
    const struct addr *addr, const struct addr *source, bool *ret_connected, struct err *ret_err);
/* What became of a connect that was under way: 0 or its errno. */
int sock_connect_result(int fd);
/* Closes a connection so that its peer cannot take what it got for complete: RST (P3). */
void sock_reset(int fd);

#endif
