/* thread: what TLS keeps for one worker thread: OpenSSL's objects never cross threads, so each
 * worker makes its own from the snapshot's plain records and frees them itself. Certificates are
 * made once for as long as any of the worker's contexts uses them, so a reload that changed nothing
 * parses nothing. */
#ifndef SLUICE_TLS_THREAD_H
#define SLUICE_TLS_THREAD_H

#include <openssl/ssl.h>

#include "base/list.h"
#include "tls/cert_objects.h"
#include "tls/libctx.h"

struct tls_thread {
    struct libctx *libctx;
    BIO_METHOD *bio_method;
    struct list certs; /* of struct tls_cert */
};

/* A certificate record with the thread's own objects of it. */
struct tls_cert {
    struct list entry;
    unsigned refs;
    struct cert_record *record;
    struct cert_objects objects;
};

/* First and last TLS calls of the thread. */
struct tls_thread *tls_thread_new(struct err *ret_err);
void tls_thread_free(struct tls_thread *t); /* takes NULL; all contexts are gone before */

struct tls_cert *tls_cert_get(
    struct tls_thread *t, struct cert_record *record, struct err *ret_err);
void tls_cert_put(struct tls_cert *cert);

#endif
