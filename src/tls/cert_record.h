/* cert_record: one certificate with its chain and key as plain bytes: what a snapshot holds and
 * workers make OpenSSL objects from.
 *
 * OpenSSL objects never cross threads; a record is const after it was made and counted atomically,
 * so any thread may read it. The loading thread needs an OSSL_LIB_CTX of its own as thread default.
 * Records of equal bytes are equal by `id`: a reload that changed nothing finds the old one. */
#ifndef SLUICE_TLS_CERT_RECORD_H
#define SLUICE_TLS_CERT_RECORD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct cert_der {
    unsigned char *p;
    size_t n;
};

struct cert_record {
    _Atomic unsigned refs;
    unsigned char id[32]; /* SHA-256 over leaf, chain and key */
    char *path;           /* where it was read from; "self-signed" */
    struct cert_der leaf, key;
    struct cert_der *chain; /* intermediates in order, without the leaf and without a self-signed
                               root at the end */
    size_t n_chain;
    char **names; /* lower case: DNS names (wildcards as written) and IP addresses of the SAN; the
                     CN only where there is no SAN */
    size_t n_names;
    int key_type;                      /* EVP_PKEY_EC, EVP_PKEY_RSA, EVP_PKEY_ED25519, ... */
    int64_t not_before_s, not_after_s; /* seconds since 1970 */
};

/* Reads one PEM file: the key and the chain in any order of the blocks, the leaf first among
 * certificates. Opened once and judged by fstat of that descriptor: no regular file, over 1 MiB,
 * readable or writable by others (mode & 0007), or owned by neither root nor `owner` is refused
 * (F17). Refused too (F16): no certificate, no key, two keys, an encrypted key, a key that is not
 * this certificate's, a chain where one does not sign the one before it, RSA below 2048 bits. The
 * error's context says what and how to mend it, without the path (callers know it). Expired is not
 * refused (F18). */
int cert_record_load(
    const char *path, uid_t owner, struct cert_record **ret_record, struct err *ret_err);
/* A P-256 key and a certificate for localhost, 127.0.0.1 and ::1, valid for a year from now_s. */
int cert_record_self_signed(int64_t now_s, struct cert_record **ret_record, struct err *ret_err);

struct cert_record *cert_record_ref(struct cert_record *record);
void cert_record_unref(struct cert_record *record); /* takes NULL; wipes the key */

/* Whether `name` (lower case, no trailing dot) is one of the record's names; a wildcard stands for
 * exactly one label (RFC 6125 section 6.4.3). The better match is the greater. */
enum cert_match { CERT_MATCH_NONE, CERT_MATCH_WILDCARD, CERT_MATCH_EXACT };
enum cert_match cert_record_match(const struct cert_record *record, const char *name);
bool cert_record_has_name(const struct cert_record *record, const char *name); /* either way */

#endif
