/* algorithms: makes all that a handshake may need, when a thread starts. Only tls/ includes this.
 *
 * OpenSSL 3.0 makes all algorithms of a kind when the first of them is asked for, and remembers
 * that it has. One for which there was no memory is missing from then on: a single failed
 * allocation in a worker's first handshake would make every later one fail (F61). */
#ifndef SLUICE_TLS_ALGORITHMS_H
#define SLUICE_TLS_ALGORITHMS_H

#include <openssl/types.h>

#include "base/err.h"

/* In the thread's default context. 0, or -1 when one is missing. */
int algorithms_make(OSSL_PROVIDER *provider, struct err *ret_err);

#endif
