/* file: one configuration file, whole, in memory. Any thread. */
#ifndef SLUICE_CONF_FILE_H
#define SLUICE_CONF_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

enum { FILE_BYTES_MAX = 1 << 20 };

struct file {
    char *text; /* len bytes, not terminated */
    size_t len;
    dev_t dev; /* with ino: which file this is, whatever it was called */
    ino_t ino;
};

/* Opens once and judges what was opened: anything but a regular file of at most 1 MiB is refused
 * (F85, F86). Never blocks on a FIFO. 0, or -1 and an error that does not repeat the path. */
int file_read(const char *path, struct file *ret_file, struct err *ret_err);
void file_free(struct file *file);

#endif
