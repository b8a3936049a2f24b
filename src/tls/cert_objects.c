/* cert_objects: DER to OpenSSL's objects. Nothing here can ask for a passphrase: DER keys that are
 * encrypted are not read at all. */
#include "tls/cert_objects.h"

#include "tls/tls_error.h"

static X509 *x509_new(const struct cert_der *der)
{
    const unsigned char *p = der->p;
    X509 *x509 = d2i_X509(NULL, &p, (long)der->n);
    if (x509 && p == der->p + der->n)
        return x509;
    X509_free(x509);
    return NULL;
}

static EVP_PKEY *key_new(const struct cert_der *der)
{
    const unsigned char *p = der->p;
    EVP_PKEY *key = d2i_AutoPrivateKey_ex(NULL, &p, (long)der->n, NULL, NULL);
    if (key && p == der->p + der->n)
        return key;
    EVP_PKEY_free(key);
    return NULL;
}

static int chain_fill(STACK_OF(X509) * chain, const struct cert_record *record, struct err *ret_err)
{
    for (size_t i = 0; i < record->n_chain; i++) {
        X509 *x509 = x509_new(&record->chain[i]);
        if (!x509)
            return tls_error_refuse(ret_err, "certificate %zu in the file cannot be read", i + 2);
        sk_X509_push(chain, x509); /* room was reserved: cannot fail */
    }
    return 0;
}

int cert_objects_init(
    const struct cert_record *record, struct cert_objects *ret_objects, struct err *ret_err)
{
    struct cert_objects o = {.chain = sk_X509_new_reserve(NULL, (int)record->n_chain)};
    if (!o.chain) {
        tls_error_take(ret_err, "making a certificate chain");
        return -1;
    }
    if (chain_fill(o.chain, record, ret_err) < 0)
        goto fail;
    o.leaf = x509_new(&record->leaf);
    if (!o.leaf) {
        tls_error_refuse(ret_err, "certificate 1 in the file cannot be read");
        goto fail;
    }
    o.key = key_new(&record->key);
    if (!o.key) {
        tls_error_refuse(
            ret_err, "the private key cannot be read: write it anew with openssl pkey");
        goto fail;
    }
    *ret_objects = o;
    return 0;
fail:
    cert_objects_fini(&o);
    return -1;
}

void cert_objects_fini(struct cert_objects *objects)
{
    X509_free(objects->leaf);
    sk_X509_pop_free(objects->chain, X509_free);
    EVP_PKEY_free(objects->key);
    *objects = (struct cert_objects){0};
}
