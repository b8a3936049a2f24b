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

const char *close_reason_side(const struct close_reason_info *info)
{
    static const char *const words[] = {
        [SIDE_OURS] = "sluice", [SIDE_FRONT] = "client", [SIDE_BACK] = "server"};
    return words[info->side];
}
