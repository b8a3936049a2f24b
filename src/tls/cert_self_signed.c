/* cert_self_signed: a certificate for trying things out: made in memory, gone with the process. */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "tls/cert_priv.h"
#include "tls/tls_error.h"

#define YEAR_S (365 * 24 * 60 * 60)

/* Random: browsers refuse two certificates of one issuer with one number. */
static bool serial_set(X509 *cert)
{
    uint64_t serial;
    return RAND_bytes((unsigned char *)&serial, sizeof serial) == 1 &&
           ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), serial) == 1;
}

static bool validity_set(X509 *cert, int64_t now_s)
{
    return ASN1_TIME_set(X509_getm_notBefore(cert), now_s) &&
           ASN1_TIME_set(X509_getm_notAfter(cert), now_s + YEAR_S);
}

static bool names_set(X509 *cert)
{
    X509_NAME *name = X509_get_subject_name(cert);
    return X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_ASC,
               (const unsigned char *)"localhost", -1, -1, 0) == 1 &&
           X509_set_issuer_name(cert, name) == 1;
}

static bool extension_add(X509 *cert, X509V3_CTX *ctx, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, ctx, nid, value);
    bool ok = extension && X509_add_ext(cert, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return ok;
}

static bool extensions_add(X509 *cert)
{
    X509V3_CTX ctx = {0};
    X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
    return extension_add(cert, &ctx, NID_basic_constraints, "critical,CA:FALSE") &&
           extension_add(cert, &ctx, NID_key_usage, "critical,digitalSignature") &&
           extension_add(cert, &ctx, NID_ext_key_usage, "serverAuth") &&
           extension_add(cert, &ctx, NID_subject_key_identifier, "hash") &&
           extension_add(cert, &ctx, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1");
}

static bool cert_fill(X509 *cert, EVP_PKEY *key, int64_t now_s)
{
    return X509_set_version(cert, X509_VERSION_3) == 1 && serial_set(cert) &&
           validity_set(cert, now_s) && names_set(cert) && X509_set_pubkey(cert, key) == 1 &&
           extensions_add(cert) && X509_sign(cert, key, EVP_sha256()) > 0;
}

/* Takes what i2d_*() allocated; n <= 0 is its failure. */
static int der_take(unsigned char *p, int n, struct cert_der *ret_der, struct err *ret_err)
{
    if (n <= 0) {
        tls_error_take(ret_err, "writing a self-signed certificate");
        return -1;
    }
    int rc = cert_der_copy(p, (size_t)n, ret_der);
    if (rc < 0)
        err_set(ret_err, ERR_MEMORY, "no memory for a self-signed certificate");
    OPENSSL_clear_free(p, (size_t)n);
    return rc;
}

static int blocks_fill(
    struct cert_blocks *blocks, const X509 *cert, const EVP_PKEY *key, struct err *ret_err)
{
    unsigned char *p = NULL;
    int n = i2d_X509(cert, &p);
    if (der_take(p, n, &blocks->certs[0], ret_err) < 0)
        return -1;
    blocks->n_certs = 1;
    p = NULL;
    n = i2d_PrivateKey(key, &p);
    return der_take(p, n, &blocks->key, ret_err);
}

static int blocks_make(int64_t now_s, struct cert_blocks *blocks, struct err *ret_err)
{
    int rc = -1;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    if (key && cert && cert_fill(cert, key, now_s))
        rc = blocks_fill(blocks, cert, key, ret_err);
    else
        tls_error_take(ret_err, "making a self-signed certificate");
    X509_free(cert);
    EVP_PKEY_free(key);
    return rc;
}

int cert_record_self_signed(int64_t now_s, struct cert_record **ret_record, struct err *ret_err)
{
    struct cert_blocks blocks = {0};
    ERR_clear_error();
    if (blocks_make(now_s, &blocks, ret_err) < 0) {
        cert_blocks_fini(&blocks);
        return -1;
    }
    return cert_record_from_blocks("self-signed", &blocks, ret_record, ret_err);
}
