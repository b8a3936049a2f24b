/* cert_checks: what makes a certificate unfit to be served (F16). Being expired does not (F18). */
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdbool.h>

#include "tls/cert_priv.h"
#include "tls/tls_error.h"

#define RSA_MIN_BITS 2048
#define MIN_SECURITY_BITS 112 /* OpenSSL's level 2: RSA 2048, P-224, SHA-224 */

/* Numbered from 1, as people count what they see in the file. */
static X509 *cert_nth(const struct cert_objects *o, int nth)
{
    return nth == 1 ? o->leaf : sk_X509_value(o->chain, nth - 2);
}

static int cert_count(const struct cert_objects *o)
{
    return 1 + sk_X509_num(o->chain);
}

int cert_check_key(
    const struct cert_objects *objects, const struct cert_record *record, struct err *ret_err)
{
    if (X509_check_private_key(objects->leaf, objects->key) == 1)
        return 0;
    for (int nth = 2; nth <= cert_count(objects); nth++)
        if (X509_check_private_key(cert_nth(objects, nth), objects->key) == 1)
            return tls_error_refuse(
                ret_err, "the key belongs to certificate %d in the file: put that one first", nth);
    return tls_error_refuse(ret_err,
        "the key does not belong to the certificate (the first one in the file is for %.60s)",
        record->n_names ? record->names[0] : "no name");
}

static bool has_signed(X509 *issuer, X509 *subject)
{
    EVP_PKEY *key = X509_get0_pubkey(issuer);
    return key && X509_check_issued(issuer, subject) == X509_V_OK && X509_verify(subject, key) == 1;
}

int cert_check_order(const struct cert_objects *objects, struct err *ret_err)
{
    for (int nth = 2; nth <= cert_count(objects); nth++) {
        X509 *before = cert_nth(objects, nth - 1), *cert = cert_nth(objects, nth);
        if (X509_cmp(before, cert) == 0)
            return tls_error_refuse(ret_err,
                "certificates %d and %d in the file are the same: remove one", nth - 1, nth);
        if (!has_signed(cert, before))
            return tls_error_refuse(ret_err,
                "certificate %d in the file did not sign certificate %d: put the chain in order, "
                "leaf first",
                nth, nth - 1);
    }
    return 0;
}

static bool is_key_type_of_tls(const EVP_PKEY *key)
{
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_EC:
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS:
    case EVP_PKEY_ED25519:
    case EVP_PKEY_ED448:
        return true;
    default:
        return false;
    }
}

static bool is_rsa(const EVP_PKEY *key)
{
    int type = EVP_PKEY_get_base_id(key);
    return type == EVP_PKEY_RSA || type == EVP_PKEY_RSA_PSS;
}

static int check_key_strength(X509 *cert, int nth, struct err *ret_err)
{
    EVP_PKEY *key = X509_get0_pubkey(cert);
    if (!key || !is_key_type_of_tls(key))
        return tls_error_refuse(ret_err,
            "certificate %d in the file has a key that TLS cannot use: make it P-256", nth);
    if (is_rsa(key) && EVP_PKEY_get_bits(key) < RSA_MIN_BITS)
        return tls_error_refuse(ret_err,
            "certificate %d in the file has an RSA key of %d bits: make it 2048, or P-256", nth,
            EVP_PKEY_get_bits(key));
    if (EVP_PKEY_get_security_bits(key) < MIN_SECURITY_BITS)
        return tls_error_refuse(
            ret_err, "certificate %d in the file has too small a key: make it P-256", nth);
    return 0;
}

/* Of a self-signed one nobody looks at the signature. */
static int check_signature_strength(X509 *cert, int nth, struct err *ret_err)
{
    int security_bits;
    if (X509_self_signed(cert, 0) == 1)
        return 0;
    if (X509_get_signature_info(cert, NULL, NULL, &security_bits, NULL) == 1 &&
        security_bits >= MIN_SECURITY_BITS)
        return 0;
    return tls_error_refuse(ret_err,
        "certificate %d in the file is signed in a way that clients refuse: ask for SHA-256", nth);
}

int cert_check_strength(const struct cert_objects *objects, struct err *ret_err)
{
    for (int nth = 1; nth <= cert_count(objects); nth++) {
        X509 *cert = cert_nth(objects, nth);
        if (check_key_strength(cert, nth, ret_err) < 0 ||
            check_signature_strength(cert, nth, ret_err) < 0)
            return -1;
    }
    return 0;
}
