#include "conf/file.h"

#include "base/mem.h"
#include "base/sys.h"

static int check_kind(int fd, struct stat *ret_stat, struct err *ret_err)
{
    struct stat st;
    if (sys_fstat(fd, &st)) {
        err_set_errno(ret_err, errno, "cannot look at the file");
        return -1;
    }
    if (!S_ISREG(st.st_mode)) {
        err_set(ret_err, ERR_INPUT, "not a regular file");
        return -1;
    }
    *ret_stat = st;
    return 0;
}

/* Reads to the end, not to the size that fstat told: the file may grow meanwhile. */
static int read_all(int fd, char *buf, size_t cap, size_t *ret_len, struct err *ret_err)
{
    size_t len = 0;
    while (len < cap) {
        ssize_t n = sys_read(fd, buf + len, cap - len);
        if (n == 0)
            break;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            err_set_errno(ret_err, errno, "cannot read");
            return -1;
        }
        len += (size_t)n;
    }
    *ret_len = len;
    return 0;
}

static int read_open(int fd, struct file *ret_file, struct err *ret_err)
{
    struct stat st;
    if (check_kind(fd, &st, ret_err))
        return -1;
    struct file file = {.dev = st.st_dev, .ino = st.st_ino};
    file.text = mem_alloc(FILE_BYTES_MAX + 1);
    if (!file.text) {
        err_set(ret_err, ERR_MEMORY, "out of memory");
        return -1;
    }
    if (read_all(fd, file.text, FILE_BYTES_MAX + 1, &file.len, ret_err))
        goto fail;
    if (file.len > FILE_BYTES_MAX) {
        err_set(ret_err, ERR_INPUT, "larger than 1 MiB");
        goto fail;
    }
    *ret_file = file;
    return 0;
fail:
    mem_free(file.text);
    return -1;
}

int file_read(const char *path, struct file *ret_file, struct err *ret_err)
{
    int fd = sys_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0) {
        err_set_errno(ret_err, errno, "cannot open");
        return -1;
    }
    int rc = read_open(fd, ret_file, ret_err);
    sys_close(fd);
    return rc;
}

void file_free(struct file *file)
{
    mem_free(file->text);
    *file = (struct file){0};
}
