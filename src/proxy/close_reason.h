/* close_reason: why a session ended; names come from base/close_reason.def alone. */
#ifndef SLUICE_PROXY_CLOSE_REASON_H
#define SLUICE_PROXY_CLOSE_REASON_H

#include <stdbool.h>

#include "base/err.h"
#include "net/conn.h"

enum close_reason {
#define REASON(name, ...) CLOSE_##name,
#include "base/close_reason.def"
#undef REASON
    CLOSE_REASONS
};

struct close_reason_info {
    const char *word;
    enum err_side side;
    bool is_error;
    enum conn_end end; /* of both connections */
    const char *sentence;
};

const struct close_reason_info *close_reason_info(enum close_reason reason);
/* Its side as the log and the manual name it. */
const char *close_reason_side(const struct close_reason_info *info);

#endif
