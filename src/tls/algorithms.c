#include "tls/algorithms.h"

#include <openssl/core_dispatch.h>
#include <openssl/decoder.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/provider.h>
#include <stdbool.h>
#include <string.h>

#include "tls/tls_error.h"

#define NAME_MAX_BYTES 64

/* One function a kind, because each has a type of its own. */
#define HAS(type)                                                                                  \
    static bool has_##type(const char *name, const char *properties)                               \
    {                                                                                              \
        type *algorithm = type##_fetch(NULL, name, properties);                                    \
        type##_free(algorithm);                                                                    \
        return algorithm != NULL;                                                                  \
    }
HAS(EVP_MD)
HAS(EVP_CIPHER)
HAS(EVP_MAC)
HAS(EVP_KDF)
HAS(EVP_RAND)
HAS(EVP_KEYMGMT)
HAS(EVP_KEYEXCH)
HAS(EVP_SIGNATURE)
HAS(OSSL_DECODER)

static const struct {
    int operation;
    bool (*has)(const char *name, const char *properties);
} kinds[] = {
    {OSSL_OP_DIGEST, has_EVP_MD},
    {OSSL_OP_CIPHER, has_EVP_CIPHER},
    {OSSL_OP_MAC, has_EVP_MAC},
    {OSSL_OP_KDF, has_EVP_KDF},
    {OSSL_OP_RAND, has_EVP_RAND},
    {OSSL_OP_KEYMGMT, has_EVP_KEYMGMT},
    {OSSL_OP_KEYEXCH, has_EVP_KEYEXCH},
    {OSSL_OP_SIGNATURE, has_EVP_SIGNATURE},
    {OSSL_OP_DECODER, has_OSSL_DECODER},
};

/* By the first of names like "SHA2-256:SHA-256:SHA256:2.16.840.1..." and by its properties:
 * decoders of one name differ in them. */
static bool has_first(bool (*has)(const char *, const char *), const OSSL_ALGORITHM *a)
{
    char name[NAME_MAX_BYTES];
    size_t n = strcspn(a->algorithm_names, ":");
    if (n >= sizeof name)
        return false;
    memcpy(name, a->algorithm_names, n);
    name[n] = '\0';
    return has(name, a->property_definition);
}

static bool has_all(bool (*has)(const char *, const char *), const OSSL_ALGORITHM *all)
{
    const OSSL_ALGORITHM *a = all;
    while (a && a->algorithm_names && has_first(has, a))
        a++;
    return !a || !a->algorithm_names;
}

int algorithms_make(OSSL_PROVIDER *provider, struct err *ret_err)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        int operation = kinds[i].operation, no_cache;
        const OSSL_ALGORITHM *all = OSSL_PROVIDER_query_operation(provider, operation, &no_cache);
        bool ok = has_all(kinds[i].has, all);
        OSSL_PROVIDER_unquery_operation(provider, operation, all);
        if (ok)
            continue;
        tls_error_take(ret_err, "making OpenSSL's algorithms");
        return -1;
    }
    return 0;
}
