/* cert_pem: the blocks of a PEM file. Only the frame is looked at here; what is inside comes later.
 *
 * PEM_read_bio_ex() gives the blocks as they stand: it does not decrypt, hence never asks anybody
 * for a passphrase. */
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdbool.h>
#include <string.h>

#include "tls/cert_priv.h"
#include "tls/tls_error.h"

struct pem_block {
    char *label, *header; /* "CERTIFICATE"; "Proc-Type: ..." or empty */
    unsigned char *p;
    long n;
};

/* Without PEM_FLAG_SECURE OpenSSL frees its line buffers with pieces of the key in them. */
static bool block_read(BIO *bio, struct pem_block *ret_block)
{
    struct pem_block b = {0};
    if (PEM_read_bio_ex(
            bio, &b.label, &b.header, &b.p, &b.n, PEM_FLAG_SECURE | PEM_FLAG_EAY_COMPATIBLE) != 1)
        return false;
    *ret_block = b;
    return true;
}

static void block_fini(struct pem_block *b)
{
    OPENSSL_secure_free(b->label);
    OPENSSL_secure_free(b->header);
    OPENSSL_secure_clear_free(b->p, (size_t)b->n);
}

static bool label_is_in(const char *label, const char *const labels[])
{
    while (*labels && strcmp(*labels, label) != 0)
        labels++;
    return *labels != NULL;
}

static bool is_cert(const char *label)
{
    static const char *const labels[] = {PEM_STRING_X509, PEM_STRING_X509_OLD, NULL};
    return label_is_in(label, labels);
}

static bool is_key(const char *label)
{
    static const char *const labels[] = {PEM_STRING_PKCS8INF, PEM_STRING_RSA,
        PEM_STRING_ECPRIVATEKEY, PEM_STRING_DSA, PEM_STRING_PKCS8, NULL};
    return label_is_in(label, labels);
}

/* `openssl ecparam` and the files of older servers have them; TLS does without. */
static bool is_parameters(const char *label)
{
    static const char *const labels[] = {PEM_STRING_ECPARAMETERS, PEM_STRING_DHPARAMS, NULL};
    return label_is_in(label, labels);
}

static int add_cert(struct cert_blocks *blocks, const struct pem_block *b, struct err *ret_err)
{
    if (blocks->n_certs == CERT_MAX_IN_FILE)
        return tls_error_refuse(
            ret_err, "more than %d certificates: keep the leaf and its chain", CERT_MAX_IN_FILE);
    if (cert_der_copy(b->p, (size_t)b->n, &blocks->certs[blocks->n_certs]) < 0) {
        err_set(ret_err, ERR_MEMORY, "no memory for a certificate");
        return -1;
    }
    blocks->n_certs++;
    return 0;
}

static int add_key(struct cert_blocks *blocks, const struct pem_block *b, struct err *ret_err)
{
    if (strcmp(b->label, PEM_STRING_PKCS8) == 0 || *b->header)
        return tls_error_refuse(
            ret_err, "the private key is encrypted: write it without a passphrase (openssl pkey)");
    if (blocks->key.p)
        return tls_error_refuse(
            ret_err, "two private keys in it: keep the one of the first certificate");
    if (cert_der_copy(b->p, (size_t)b->n, &blocks->key) < 0) {
        err_set(ret_err, ERR_MEMORY, "no memory for a private key");
        return -1;
    }
    return 0;
}

static int add_block(
    struct cert_blocks *blocks, const struct pem_block *b, size_t nth, struct err *ret_err)
{
    if (is_cert(b->label))
        return add_cert(blocks, b, ret_err);
    if (is_key(b->label))
        return add_key(blocks, b, ret_err);
    if (is_parameters(b->label))
        return 0;
    return tls_error_refuse(
        ret_err, "block %zu is neither a certificate nor a private key: remove it", nth);
}

static size_t count_begins(const struct cert_der *text)
{
    static const char begin[] = "-----BEGIN";
    size_t count = 0;
    const unsigned char *p = text->p, *end = text->p + text->n;
    while ((p = memmem(p, (size_t)(end - p), begin, sizeof begin - 1))) {
        p += sizeof begin - 1;
        count++;
    }
    return count;
}

/* Every BEGIN must have become a block. To OpenSSL a BEGIN line that lost a character is a comment,
 * and a chain would be served without its middle. */
static int end_judge(const struct cert_der *text, size_t n_blocks, struct err *ret_err)
{
    if (n_blocks != count_begins(text))
        return tls_error_refuse(
            ret_err, "damaged: of its blocks only %zu can be read; copy the file again", n_blocks);
    ERR_clear_error(); /* "no start line" is how OpenSSL says that this was the last block */
    return 0;
}

static int completeness_judge(const struct cert_blocks *blocks, struct err *ret_err)
{
    if (!blocks->n_certs && !blocks->key.p)
        return tls_error_refuse(
            ret_err, "neither a certificate nor a private key in it: it is no PEM file");
    if (!blocks->n_certs)
        return tls_error_refuse(ret_err, "no certificate in it: put it there, with its chain");
    if (!blocks->key.p)
        return tls_error_refuse(ret_err, "no private key in it: append the certificate's key");
    return 0;
}

static int blocks_read(
    BIO *bio, const struct cert_der *text, struct cert_blocks *blocks, struct err *ret_err)
{
    size_t n_blocks = 0;
    struct pem_block block;
    while (block_read(bio, &block)) {
        int rc = add_block(blocks, &block, ++n_blocks, ret_err);
        block_fini(&block);
        if (rc < 0)
            return -1;
    }
    if (end_judge(text, n_blocks, ret_err) < 0)
        return -1;
    return completeness_judge(blocks, ret_err);
}

int cert_pem_split(const struct cert_der *text, struct cert_blocks *ret_blocks, struct err *ret_err)
{
    struct cert_blocks blocks = {0};
    BIO *bio = BIO_new_mem_buf(text->p, (int)text->n);
    if (!bio) {
        tls_error_take(ret_err, "reading PEM");
        return -1;
    }
    int rc = blocks_read(bio, text, &blocks, ret_err);
    BIO_free(bio);
    if (rc < 0)
        cert_blocks_fini(&blocks);
    else
        *ret_blocks = blocks;
    return rc;
}
