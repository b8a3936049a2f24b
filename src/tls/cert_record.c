/* cert_record: the life of a record, and the order in which a file becomes one. */
#include "tls/cert_record.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "tls/cert_priv.h"
#include "tls/tls_error.h"

int cert_der_copy(const void *p, size_t n, struct cert_der *ret_der)
{
    unsigned char *copy = mem_alloc(n);
    if (!copy)
        return -1;
    memcpy(copy, p, n);
    *ret_der = (struct cert_der){copy, n};
    return 0;
}

void cert_der_fini(struct cert_der *der)
{
    if (der->p)
        OPENSSL_cleanse(der->p, der->n);
    mem_free(der->p);
    *der = (struct cert_der){0};
}

void cert_blocks_fini(struct cert_blocks *blocks)
{
    for (size_t i = 0; i < blocks->n_certs; i++)
        cert_der_fini(&blocks->certs[i]);
    cert_der_fini(&blocks->key);
    blocks->n_certs = 0;
}

static void record_free(struct cert_record *record)
{
    for (size_t i = 0; i < record->n_names; i++)
        mem_free(record->names[i]);
    mem_free(record->names);
    for (size_t i = 0; i < record->n_chain; i++)
        cert_der_fini(&record->chain[i]);
    mem_free(record->chain);
    cert_der_fini(&record->leaf);
    cert_der_fini(&record->key);
    mem_free(record->path);
    mem_free(record);
}

/* The blocks move into the record: afterwards there are none. NULL: no memory, and they are where
 * they were. */
static struct cert_record *record_new(const char *path, struct cert_blocks *blocks)
{
    struct cert_record *r = mem_zalloc(sizeof *r);
    if (!r)
        return NULL;
    size_t n_chain = blocks->n_certs - 1;
    r->path = mem_strdup(path);
    r->chain = mem_array(n_chain, sizeof *r->chain);
    if (!r->path || !r->chain) {
        record_free(r);
        return NULL;
    }
    atomic_init(&r->refs, 1);
    r->leaf = blocks->certs[0];
    r->key = blocks->key;
    memcpy(r->chain, blocks->certs + 1, n_chain * sizeof *r->chain);
    r->n_chain = n_chain;
    *blocks = (struct cert_blocks){0};
    return r;
}

/* Clients have their roots or do not believe them: sending one is a waste. */
static void root_drop(struct cert_record *record, struct cert_objects *objects)
{
    int last = sk_X509_num(objects->chain) - 1;
    if (last < 0 || X509_self_signed(sk_X509_value(objects->chain, last), 0) != 1)
        return;
    X509_free(sk_X509_pop(objects->chain));
    cert_der_fini(&record->chain[--record->n_chain]);
}

static int time_take(const ASN1_TIME *time, int64_t *ret_s, struct err *ret_err)
{
    struct tm tm;
    if (ASN1_TIME_to_tm(time, &tm) != 1)
        return tls_error_refuse(ret_err, "the certificate's dates cannot be read");
    *ret_s = timegm(&tm);
    return 0;
}

/* DER says itself where it ends, and it was checked that each does: no lengths are needed between
 * the parts. */
static int id_take(struct cert_record *record, struct err *ret_err)
{
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    bool ok = md && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1 &&
              EVP_DigestUpdate(md, record->leaf.p, record->leaf.n) == 1;
    for (size_t i = 0; ok && i < record->n_chain; i++)
        ok = EVP_DigestUpdate(md, record->chain[i].p, record->chain[i].n) == 1;
    ok = ok && EVP_DigestUpdate(md, record->key.p, record->key.n) == 1 &&
         EVP_DigestFinal_ex(md, record->id, NULL) == 1;
    EVP_MD_CTX_free(md);
    if (ok)
        return 0;
    tls_error_take(ret_err, "hashing a certificate");
    return -1;
}

static int record_judge(
    struct cert_record *record, struct cert_objects *objects, struct err *ret_err)
{
    if (cert_names_take(objects->leaf, record, ret_err) < 0 ||
        cert_check_key(objects, record, ret_err) < 0 || cert_check_order(objects, ret_err) < 0)
        return -1;
    root_drop(record, objects);
    if (cert_check_strength(objects, ret_err) < 0 ||
        time_take(X509_get0_notBefore(objects->leaf), &record->not_before_s, ret_err) < 0 ||
        time_take(X509_get0_notAfter(objects->leaf), &record->not_after_s, ret_err) < 0)
        return -1;
    record->key_type = EVP_PKEY_get_base_id(objects->key);
    return id_take(record, ret_err);
}

int cert_record_from_blocks(const char *path, struct cert_blocks *blocks,
    struct cert_record **ret_record, struct err *ret_err)
{
    struct cert_record *record = record_new(path, blocks);
    if (!record) {
        cert_blocks_fini(blocks);
        err_set(ret_err, ERR_MEMORY, "no memory for a certificate");
        return -1;
    }
    struct cert_objects objects;
    int rc = cert_objects_init(record, &objects, ret_err);
    if (rc == 0) {
        rc = record_judge(record, &objects, ret_err);
        cert_objects_fini(&objects);
    }
    /* OpenSSL also notes what failed on the way when it gets there in the end (F15). */
    ERR_clear_error();
    if (rc < 0)
        record_free(record);
    else
        *ret_record = record;
    return rc;
}

int cert_record_load(
    const char *path, uid_t owner, struct cert_record **ret_record, struct err *ret_err)
{
    struct cert_der text;
    struct cert_blocks blocks;
    ERR_clear_error(); /* what somebody left behind is not this file's fault (F15) */
    if (cert_file_read(path, owner, &text, ret_err) < 0)
        return -1;
    int rc = cert_pem_split(&text, &blocks, ret_err);
    cert_der_fini(&text);
    if (rc < 0)
        return -1;
    return cert_record_from_blocks(path, &blocks, ret_record, ret_err);
}

struct cert_record *cert_record_ref(struct cert_record *record)
{
    atomic_fetch_add_explicit(&record->refs, 1, memory_order_relaxed);
    return record;
}

void cert_record_unref(struct cert_record *record)
{
    if (record && atomic_fetch_sub_explicit(&record->refs, 1, memory_order_acq_rel) == 1)
        record_free(record);
}
