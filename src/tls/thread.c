#include "tls/thread.h"

#include "base/mem.h"
#include "tls/bio.h"
#include "tls/tls_error.h"

struct tls_thread *tls_thread_new(struct err *ret_err)
{
    struct tls_thread *t = mem_zalloc(sizeof *t);
    if (!t) {
        err_set(ret_err, ERR_MEMORY, "no memory for a worker's TLS");
        return NULL;
    }
    list_init(&t->certs);
    t->libctx = libctx_enter(ret_err);
    if (!t->libctx)
        goto fail;
    t->bio_method = tls_bio_method_new();
    if (!t->bio_method) {
        tls_error_take(ret_err, "making a BIO method");
        goto fail;
    }
    return t;
fail:
    tls_thread_free(t);
    return NULL;
}

void tls_thread_free(struct tls_thread *t)
{
    if (!t)
        return;
    BIO_meth_free(t->bio_method);
    libctx_leave(t->libctx);
    mem_free(t);
}

static void cert_free(struct tls_cert *cert)
{
    cert_objects_fini(&cert->objects);
    cert_record_unref(cert->record);
    mem_free(cert);
}

struct tls_cert *tls_cert_get(struct tls_thread *t, struct cert_record *record, struct err *ret_err)
{
    LIST_EACH_SAFE(it, tmp, &t->certs)
    {
        struct tls_cert *have = CONTAINER_OF(it, struct tls_cert, entry);
        if (have->record == record) {
            have->refs++;
            return have;
        }
    }
    struct tls_cert *cert = mem_zalloc(sizeof *cert);
    if (!cert) {
        err_set(ret_err, ERR_MEMORY, "no memory for a certificate");
        return NULL;
    }
    cert->record = cert_record_ref(record);
    if (cert_objects_init(record, &cert->objects, ret_err) < 0) {
        err_prefix(ret_err, "%s", record->path);
        cert_free(cert);
        return NULL;
    }
    cert->refs = 1;
    list_append(&t->certs, &cert->entry);
    return cert;
}

void tls_cert_put(struct tls_cert *cert)
{
    if (!cert || --cert->refs)
        return;
    list_remove(&cert->entry);
    cert_free(cert);
}
