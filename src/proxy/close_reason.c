#include "proxy/close_reason.h"

static const struct close_reason_info infos[CLOSE_REASONS] = {
#define REASON(name, word, side, is_error, end, sentence)                                          \
    {word, SIDE_##side, is_error, CONN_##end, sentence},
#include "base/close_reason.def"
#undef REASON
};

const struct close_reason_info *close_reason_info(enum close_reason reason)
{
    return &infos[reason];
}
