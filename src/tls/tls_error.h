/* tls_error: OpenSSL's error queue of this thread in one line. Empties the queue, so that one
 * connection's error is never blamed on another (F15). */
#ifndef SLUICE_TLS_TLS_ERROR_H
#define SLUICE_TLS_TLS_ERROR_H

#include "base/err.h"

/* Before a call that is asked for its error afterwards. Looks first: the queue is empty nearly
 * always, and OpenSSL's ERR_clear_error() goes through all of its slots even then. */
void tls_error_clear(void);

/* Fills *ret_err with ERR_TLS (ERR_MEMORY when that is what OpenSSL says) and "what: reason". */
void tls_error_take(struct err *ret_err, const char *what);

/* For files that are not what they should be, where OpenSSL's words help nobody: ERR_INPUT and the
 * caller's own sentence (again ERR_MEMORY when OpenSSL says so: a full machine must not read as a
 * bad file). Returns -1, for `return tls_error_refuse(...)`. */
int tls_error_refuse(struct err *ret_err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
