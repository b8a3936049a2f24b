/* cert_priv: what the cert_*.c files share; nobody else includes it. The way of a file: cert_file
 * (bytes, judged by what fstat says), cert_pem (blocks), cert_record (the record and the order of
 * all this), cert_objects (what OpenSSL makes of it), cert_checks, cert_names.
 *
 * Functions that can fail return -1 and fill *ret_err; outputs are untouched then. */
#ifndef SLUICE_TLS_CERT_PRIV_H
#define SLUICE_TLS_CERT_PRIV_H

#include "tls/cert_objects.h"
#include "tls/cert_record.h"

#define CERT_FILE_MAX_BYTES (1024 * 1024)
#define CERT_MAX_IN_FILE 16 /* leaf and chain: more is a CA bundle by mistake */

/* What a file holds before anything has looked into it. */
struct cert_blocks {
    struct cert_der certs[CERT_MAX_IN_FILE];
    size_t n_certs;
    struct cert_der key;
};

int cert_der_copy(const void *p, size_t n, struct cert_der *ret_der); /* -1: no memory */
void cert_der_fini(struct cert_der *der);                             /* wipes: it may be a key */
void cert_blocks_fini(struct cert_blocks *blocks);

int cert_file_read(const char *path, uid_t owner, struct cert_der *ret_text, struct err *ret_err);
/* At least one certificate and exactly one key, or an error. */
int cert_pem_split(
    const struct cert_der *text, struct cert_blocks *ret_blocks, struct err *ret_err);

/* Takes the blocks over, also on failure. `path` is copied. */
int cert_record_from_blocks(const char *path, struct cert_blocks *blocks,
    struct cert_record **ret_record, struct err *ret_err);

/* Fills record->names. */
int cert_names_take(X509 *leaf, struct cert_record *record, struct err *ret_err);

/* The key is the leaf's. Names must have been taken: they say whose certificate it is. */
int cert_check_key(
    const struct cert_objects *objects, const struct cert_record *record, struct err *ret_err);
/* Each certificate signed the one before it. */
int cert_check_order(const struct cert_objects *objects, struct err *ret_err);
/* Nothing that today's clients, or OpenSSL's security level 2 in a worker, would refuse. */
int cert_check_strength(const struct cert_objects *objects, struct err *ret_err);

#endif
