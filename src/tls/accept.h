/* accept: makes a conn the server's side of a TLS connection, and tells what was agreed. */
#ifndef SLUICE_TLS_ACCEPT_H
#define SLUICE_TLS_ACCEPT_H

#include <stdbool.h>

#include "net/conn.h"
#include "tls/context.h"

/* From now on the conn speaks TLS; nothing is sent or read yet. The context outlives the conn. 0,
 * or -1 and the conn is as it was. */
int tls_accept(struct conn *c, struct tls_context *context, struct err *ret_err);

struct tls_info {
    const char *version; /* "TLSv1.3"; static; NULL before it was agreed */
    const char *cipher;  /* the standard's name; static; NULL before it was agreed */
    bool resumed;
    const char *sni; /* as the client sent it, unchecked bytes without NUL; NULL: none; lives as
                        long as the conn */
};
/* All NULL for a conn that is not TLS. */
void tls_info_get(const struct conn *c, struct tls_info *ret_info);

#endif
