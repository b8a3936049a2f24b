/* context: one TLS policy as OpenSSL sees it, made by a worker for itself from the snapshot's plain
 * policy: Mozilla's intermediate profile, the certificates of one frontend chosen by SNI, and
 * stateless tickets. One SSL_CTX a policy and worker, not one a certificate. */
#ifndef SLUICE_TLS_CONTEXT_H
#define SLUICE_TLS_CONTEXT_H

#include "tls/thread.h"

#define TLS_TICKET_KEY_BYTES 80 /* name 16, HMAC 32, AES-256 32 */

/* Plain data in the snapshot, const, any thread. */
struct tls_policy {
    const char *name; /* the frontend's: sessions of one policy never resume in another (session id
                         context) */
    struct cert_record **records; /* at least one; the first is the default */
    size_t n_records;
    unsigned char
        ticket_keys[TLS_TICKET_KEY_BYTES]; /* the same in all workers and after a reload */
};

/* Tickets' keys from a secret and the policy's name: so a ticket of one worker works on all, also
 * after a reload, and in no other policy. */
int tls_policy_set_ticket_keys(
    struct tls_policy *policy, const unsigned char *secret, size_t n, struct err *ret_err);
void tls_policy_wipe(struct tls_policy *policy); /* forgets keys and records; frees nothing */

struct tls_context {
    struct tls_thread *thread;
    SSL_CTX *ssl_ctx;
    struct tls_cert **certs; /* as policy->records */
    size_t n_certs;
};

/* The policy outlives the context. NULL and an error when OpenSSL refuses anything. */
struct tls_context *tls_context_new(
    struct tls_thread *thread, const struct tls_policy *policy, struct err *ret_err);
void tls_context_free(struct tls_context *context); /* takes NULL; its connections are gone before,
                                                       or keep OpenSSL's own references */

#endif
