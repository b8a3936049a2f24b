/* cert_file: reading a file that may hold a key. Opened once; everything is asked of that
 * descriptor, so nothing can be exchanged in between (F17). */
#include <openssl/crypto.h>
#include <string.h>

#include "base/mem.h"
#include "base/sys.h"
#include "tls/cert_priv.h"
#include "tls/tls_error.h"

static int size_judge(off_t size, struct err *ret_err)
{
    if (size == 0)
        return tls_error_refuse(ret_err, "empty: write the certificate, its chain and its key");
    if (size > CERT_FILE_MAX_BYTES)
        return tls_error_refuse(ret_err, "larger than 1 MiB: no certificate is");
    return 0;
}

static int access_judge(const struct stat *st, uid_t owner, struct err *ret_err)
{
    unsigned mode = st->st_mode & 07777;
    if (mode & 0007)
        return tls_error_refuse(
            ret_err, "open to others (mode %04o): chmod %o it", mode, mode & 0770);
    if (st->st_uid != 0 && st->st_uid != owner)
        return tls_error_refuse(ret_err,
            "owned by uid %u, who could exchange it: chown it to root or to uid %u",
            (unsigned)st->st_uid, (unsigned)owner);
    return 0;
}

static int file_judge(int fd, uid_t owner, size_t *ret_size, struct err *ret_err)
{
    struct stat st;
    if (sys_fstat(fd, &st) < 0) {
        err_set_errno(ret_err, errno, "cannot ask about it");
        return -1;
    }
    if (!S_ISREG(st.st_mode))
        return tls_error_refuse(ret_err, "%s, not a file: name a PEM file",
            S_ISDIR(st.st_mode) ? "a directory" : "a pipe or a device");
    if (access_judge(&st, owner, ret_err) < 0 || size_judge(st.st_size, ret_err) < 0)
        return -1;
    *ret_size = (size_t)st.st_size;
    return 0;
}

/* Reads until the end or until `cap` bytes; -1 with errno. */
static int read_all(int fd, struct cert_der *text, size_t cap)
{
    while (text->n < cap) {
        ssize_t n = sys_read(fd, text->p + text->n, cap - text->n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        text->n += (size_t)n;
    }
    return 0;
}

static int text_read(int fd, size_t size, struct cert_der *ret_text, struct err *ret_err)
{
    size_t cap = size + 1; /* so that a file that grows meanwhile is noticed instead of cut */
    struct cert_der text = {.p = mem_alloc(cap)};
    if (!text.p) {
        err_set(ret_err, ERR_MEMORY, "no memory to read it");
        return -1;
    }
    if (read_all(fd, &text, cap) < 0) {
        err_set_errno(ret_err, errno, "cannot read it");
        goto fail;
    }
    if (text.n != size) {
        tls_error_refuse(ret_err, "changed while it was read: write a new file and rename it");
        goto fail;
    }
    if (memchr(text.p, '\0', text.n)) {
        tls_error_refuse(ret_err, "not a text (it has NUL bytes): convert it to PEM with openssl");
        goto fail;
    }
    *ret_text = text;
    return 0;
fail:
    cert_der_fini(&text);
    return -1;
}

int cert_file_read(const char *path, uid_t owner, struct cert_der *ret_text, struct err *ret_err)
{
    int fd = sys_open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK, 0); /* a FIFO must not make us wait */
    if (fd < 0) {
        err_set_errno(ret_err, errno, "cannot open it");
        return -1;
    }
    size_t size = 0;
    int rc = file_judge(fd, owner, &size, ret_err);
    if (rc == 0)
        rc = text_read(fd, size, ret_text, ret_err);
    sys_close(fd);
    return rc;
}
