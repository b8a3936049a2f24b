/* transport_plain: the bytes themselves. */
#include "net/wire.h"

static enum io_result plain_handshake(struct conn *c, struct err *ret_err)
{
    (void)c;
    (void)ret_err;
    return IO_DONE;
}

static enum io_result plain_finish(struct conn *c, struct err *ret_err)
{
    (void)c;
    (void)ret_err;
    return IO_DONE; /* FIN is the end, and wire_flush() sends it */
}

static bool plain_park(struct conn *c)
{
    (void)c;
    return true; /* reads go straight into the caller's memory */
}

static bool plain_has_buffered(const struct conn *c)
{
    (void)c;
    return false;
}

const struct transport_ops transport_plain = {
    .name = "plain",
    .handshake = plain_handshake,
    .read = wire_recv,
    .write = wire_send,
    .finish = plain_finish,
    .flush = wire_flush,
    .park = plain_park,
    .has_buffered = plain_has_buffered,
    .close = wire_close,
};
