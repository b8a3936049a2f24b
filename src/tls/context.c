#include "tls/context.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/mem.h"
#include "tls/tls_error.h"

/* Mozilla's "intermediate" (guideline 5.7), with AES-128-GCM first: as strong for this purpose and
 * cheaper (SHA-256 transcript). */
#define CIPHERS_13 "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
#define CIPHERS_12                                                                                 \
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"     \
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
#define GROUPS "X25519:P-256:P-384"

#define NAME_MAX_BYTES 255 /* of a host name (RFC 1035) */

/* Lower case without the trailing dot; false when it cannot be a host name. */
static bool name_normalise(const char *sni, char out[static NAME_MAX_BYTES + 1])
{
    size_t n = strlen(sni);
    if (n && sni[n - 1] == '.')
        n--;
    if (!n || n > NAME_MAX_BYTES)
        return false;
    for (size_t i = 0; i < n; i++)
        out[i] = (char)tolower((unsigned char)sni[i]);
    out[n] = '\0';
    return true;
}

static bool cert_use(SSL *ssl, const struct tls_cert *cert)
{
    const struct cert_objects *o = &cert->objects;
    return SSL_use_cert_and_key(ssl, o->leaf, o->key, o->chain, 1) == 1;
}

/* Installs the certificates that match the name just so well. One of each key type has room; the
 * last one installed stays, so it is done backwards. */
static bool certs_use(SSL *ssl, const struct tls_context *context, const char *name,
    enum cert_match match, bool *cleared)
{
    for (size_t i = context->n_certs; i-- > 0;) {
        const struct tls_cert *cert = context->certs[i];
        if (cert_record_match(cert->record, name) != match)
            continue;
        if (!*cleared)
            SSL_certs_clear(ssl); /* the default's other key type must not answer for this name */
        *cleared = true;
        if (!cert_use(ssl, cert))
            return false;
    }
    return true;
}

/* Called by OpenSSL when the server's certificate is needed. The best one of the name is installed
 * for each key type (an exact name before a wildcard, the first in the file before others), and
 * OpenSSL takes the one that the client can verify; a name that nobody has gets the default that
 * the SSL_CTX carries. */
static int on_certificate(SSL *ssl, void *arg)
{
    const struct tls_context *context = arg;
    const char *sni = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    char name[NAME_MAX_BYTES + 1];
    if (!sni || !name_normalise(sni, name))
        return 1;
    bool cleared = false;
    return certs_use(ssl, context, name, CERT_MATCH_WILDCARD, &cleared) &&
           certs_use(ssl, context, name, CERT_MATCH_EXACT, &cleared);
}

static bool records_share_name(const struct cert_record *a, const struct cert_record *b)
{
    for (size_t i = 0; i < a->n_names; i++)
        if (cert_record_has_name(b, a->names[i]))
            return true;
    return false;
}

/* The default: the first certificate, and its companions of other key types. */
static bool set_default_certs(struct tls_context *context)
{
    const struct cert_record *first = context->certs[0]->record;
    for (size_t i = context->n_certs;
         i-- > 0;) { /* backwards: the first installed last stays selected */
        const struct tls_cert *cert = context->certs[i];
        const struct cert_objects *o = &cert->objects;
        bool companion =
            cert->record->key_type != first->key_type && records_share_name(first, cert->record);
        if ((i == 0 || companion) &&
            SSL_CTX_use_cert_and_key(context->ssl_ctx, o->leaf, o->key, o->chain, 1) != 1)
            return false;
    }
    return true;
}

static bool set_profile(SSL_CTX *ctx)
{
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    return SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(ctx, CIPHERS_12) == 1 &&
           SSL_CTX_set_ciphersuites(ctx, CIPHERS_13) == 1 &&
           SSL_CTX_set1_groups_list(ctx, GROUPS) == 1 && SSL_CTX_set_num_tickets(ctx, 1) == 1 &&
           SSL_CTX_set_max_early_data(ctx, 0) == 1;
}

static bool set_sessions(SSL_CTX *ctx, const struct tls_policy *policy)
{
    unsigned char id[EVP_MAX_MD_SIZE];
    unsigned n;
    /* SSL_CTX_set_tlsext_ticket_keys() casts const away but only copies. */
    unsigned char keys[TLS_TICKET_KEY_BYTES];
    memcpy(keys, policy->ticket_keys, sizeof keys);
    bool ok = EVP_Digest(policy->name, strlen(policy->name), id, &n, EVP_sha256(), NULL) == 1 &&
              SSL_CTX_set_session_id_context(ctx, id, n) == 1 &&
              SSL_CTX_set_tlsext_ticket_keys(ctx, keys, sizeof keys) == 1;
    OPENSSL_cleanse(keys, sizeof keys);
    return ok;
}

static int make_certs(
    struct tls_context *context, const struct tls_policy *policy, struct err *ret_err)
{
    context->certs = mem_array(policy->n_records, sizeof *context->certs);
    if (!context->certs) {
        err_set(ret_err, ERR_MEMORY, "no memory for certificates");
        return -1;
    }
    for (size_t i = 0; i < policy->n_records; i++) {
        context->certs[i] = tls_cert_get(context->thread, policy->records[i], ret_err);
        if (!context->certs[i])
            return -1;
        context->n_certs++;
    }
    return 0;
}

struct tls_context *tls_context_new(
    struct tls_thread *thread, const struct tls_policy *policy, struct err *ret_err)
{
    struct tls_context *context = mem_zalloc(sizeof *context);
    if (!context) {
        err_set(ret_err, ERR_MEMORY, "no memory for a TLS context");
        return NULL;
    }
    context->thread = thread;
    if (make_certs(context, policy, ret_err) < 0)
        goto fail;
    context->ssl_ctx = SSL_CTX_new(TLS_server_method());
    if (!context->ssl_ctx || !set_profile(context->ssl_ctx) ||
        !set_sessions(context->ssl_ctx, policy) || !set_default_certs(context)) {
        tls_error_take(ret_err, "making a TLS context");
        goto fail;
    }
    if (policy->n_records > 1)
        SSL_CTX_set_cert_cb(context->ssl_ctx, on_certificate, context);
    return context;
fail:
    tls_context_free(context);
    return NULL;
}

void tls_context_free(struct tls_context *context)
{
    if (!context)
        return;
    SSL_CTX_free(context->ssl_ctx);
    for (size_t i = 0; i < context->n_certs; i++)
        tls_cert_put(context->certs[i]);
    mem_free(context->certs);
    mem_free(context);
}
