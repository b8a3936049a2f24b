/* bio: the BIO between OpenSSL and a conn: reads are served from the worker's receive scratch (one
 * recv for many records), writes gather so that tickets and small records share a send. Never
 * blocks, never allocates per call.
 *
 * The trap: what the scratch holds belongs to one conn; it is parked before the worker turns to
 * another (conn_park). */
#ifndef SLUICE_TLS_BIO_H
#define SLUICE_TLS_BIO_H

#include <openssl/bio.h>

#include "net/conn.h"

BIO_METHOD *tls_bio_method_new(void); /* NULL: OpenSSL's queue says why */
BIO *tls_bio_new(const BIO_METHOD *method, struct conn *c);
/* So much came without a byte of data that no more is read. */
bool tls_bio_is_barren(const struct conn *c);

#endif
