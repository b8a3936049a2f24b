#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "tls/context.h"
#include "tls/tls_error.h"

/* HKDF-Expand (RFC 5869 section 2.3) with SHA-512: two blocks give the 80 bytes. */
static bool expand(const unsigned char *secret, size_t n, const char *info,
    unsigned char out[static TLS_TICKET_KEY_BYTES])
{
    unsigned char block[EVP_MAX_MD_SIZE], input[EVP_MAX_MD_SIZE + 256 + 1];
    unsigned block_n = 0;
    size_t info_n = strnlen(info, 256), have = 0;
    for (unsigned char i = 1; have < TLS_TICKET_KEY_BYTES; i++) {
        memcpy(input, block, block_n);
        memcpy(input + block_n, info, info_n);
        input[block_n + info_n] = i;
        if (!HMAC(EVP_sha512(), secret, (int)n, input, block_n + info_n + 1, block, &block_n))
            return false;
        size_t want = TLS_TICKET_KEY_BYTES - have;
        size_t take = want < block_n ? want : block_n;
        memcpy(out + have, block, take);
        have += take;
    }
    OPENSSL_cleanse(block, sizeof block);
    OPENSSL_cleanse(input, sizeof input);
    return true;
}

int tls_policy_set_ticket_keys(
    struct tls_policy *policy, const unsigned char *secret, size_t n, struct err *ret_err)
{
    if (expand(secret, n, policy->name, policy->ticket_keys))
        return 0;
    tls_error_take(ret_err, "deriving ticket keys");
    return -1;
}

void tls_policy_wipe(struct tls_policy *policy)
{
    OPENSSL_cleanse(policy, sizeof *policy);
}
