/* A certificate file of any bytes: refused with a sentence, or a record that holds together. */
#include <openssl/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "tls/cert_priv.h"
#include "tls/libctx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

/* Never left: OpenSSL is needed until the last input. */
static void context_enter_once(void)
{
    static struct libctx *ctx;
    struct err e;
    if (ctx)
        return;
    must(libctx_process_init(&e) == 0);
    ctx = libctx_enter(&e);
    must(ctx != NULL);
}

static void record_check(const struct cert_record *record)
{
    must(record->leaf.n && record->key.n && record->n_chain < CERT_MAX_IN_FILE);
    for (size_t i = 0; i < record->n_names; i++)
        must(*record->names[i] && cert_record_has_name(record, record->names[i]));
}

static void fuzz_file(const struct cert_der *text)
{
    struct cert_blocks blocks;
    struct cert_record *record;
    struct err e = {0};
    int rc = cert_pem_split(text, &blocks, &e);
    must(ERR_peek_error() == 0);
    if (rc == 0 && cert_record_from_blocks("fuzz", &blocks, &record, &e) == 0) {
        record_check(record);
        cert_record_unref(record);
    } else {
        must(e.code != ERR_NONE && *e.context);
    }
    must(ERR_peek_error() == 0);
}

/* Bytes that begin like DER are a certificate: base64 and the checks would keep a fuzzer from the
 * names inside for ever. */
static void fuzz_names(const struct cert_der *der)
{
    const unsigned char *p = der->p;
    struct cert_record *record = mem_zalloc(sizeof *record);
    struct err e = {0};
    X509 *leaf = d2i_X509(NULL, &p, (long)der->n);
    must(record != NULL);
    atomic_init(&record->refs, 1);
    if (leaf && cert_names_take(leaf, record, &e) < 0)
        must(e.code != ERR_NONE && *e.context);
    cert_record_unref(record);
    X509_free(leaf);
    ERR_clear_error();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cert_der bytes = {(unsigned char *)(uintptr_t)data, size}; /* only read */
    if (size == 0 || size > CERT_FILE_MAX_BYTES)
        return 0;
    context_enter_once();
    if (data[0] == 0x30)
        fuzz_names(&bytes);
    else
        fuzz_file(&bytes);
    return 0;
}
