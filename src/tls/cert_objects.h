/* cert_objects: a certificate record as OpenSSL's objects, as SSL_use_cert_and_key() wants them.
 *
 * Owned by the thread that made them, used and freed there. */
#ifndef SLUICE_TLS_CERT_OBJECTS_H
#define SLUICE_TLS_CERT_OBJECTS_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "tls/cert_record.h"

struct cert_objects {
    X509 *leaf;
    STACK_OF(X509) * chain; /* may be empty, is never NULL */
    EVP_PKEY *key;
};

int cert_objects_init(
    const struct cert_record *record, struct cert_objects *ret_objects, struct err *ret_err);
void cert_objects_fini(struct cert_objects *objects);

#endif
