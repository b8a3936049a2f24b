/* From accept to the pool. */
#include "cases.h"

static const struct step no_server_is_dialled_before_the_handshake_is_complete[] = {
    {FRONT, ARRIVES},
    {FRONT, HANDSHAKE, IO_WANT_READ},
    {SESSION, IN, SESSION_HANDSHAKE},
    {FRONT, WANTS, WATCH_READ},
    {FRONT, READY, WATCH_READ},
    {FRONT, HANDSHAKE, IO_WANT_READ},
    {FRONT, READY, WATCH_READ},
    {FRONT, HANDSHAKE, IO_DONE},
    {BACK, DIAL, DIAL_WAIT},
    {SESSION, IN, SESSION_CONNECT},
    {FRONT, WANTS, 0},
    ENOUGH_DIALLING,
    {SESSION, LOGS, .text = "attempts=1 "},
};

static const struct step plain_client_needs_no_handshake[] = {
    {FRONT, ARRIVES},
    {BACK, DIAL, DIAL_WAIT},
    {SESSION, IN, SESSION_CONNECT},
    ENOUGH_DIALLING,
};

static const struct step handshake_that_must_write_waits_for_room[] = {
    {FRONT, ARRIVES},
    {FRONT, HANDSHAKE, IO_WANT_WRITE},
    {FRONT, WANTS, WATCH_READ | WATCH_WRITE},
    {FRONT, READY, WATCH_WRITE},
    {FRONT, HANDSHAKE, IO_WANT_READ},
    {FRONT, WANTS, WATCH_READ},
    {FRONT, READY, WATCH_READ},
    {FRONT, HANDSHAKE, IO_ERROR, ERR_TLS},
    FRONT_CLOSES(CONN_CLOSE, CLOSE_HANDSHAKE_FAILED),
};

static const struct step client_that_says_nothing_is_no_error[] = {
    {FRONT, ARRIVES},
    {FRONT, HANDSHAKE, IO_ERROR, ERR_TRUNCATED},
    FRONT_CLOSES(CONN_CLOSE, CLOSE_CLIENT_GONE),
    {SESSION, LOGS, .text = "side=client reason=client-gone"},
};

static const struct step client_that_resets_before_its_first_byte_is_no_error[] = {
    {FRONT, ARRIVES},
    {FRONT, HANDSHAKE, IO_ERROR, ERR_RESET},
    FRONT_CLOSES(CONN_CLOSE, CLOSE_CLIENT_GONE),
};

static const struct step client_that_leaves_in_the_handshake_failed_it[] = {
    {FRONT, ARRIVES},
    {FRONT, HANDSHAKE, IO_WANT_READ},
    {FRONT, READY, WATCH_READ},
    {FRONT, HANDSHAKE, IO_ERROR, ERR_TRUNCATED},
    FRONT_CLOSES(CONN_CLOSE, CLOSE_HANDSHAKE_FAILED),
    {SESSION, LOGS, .text = "step=HANDSHAKE"},
};

static const struct step failed_handshake_ends_with_its_alert_and_no_reset[] = {
    {FRONT, ARRIVES},
    {FRONT, HANDSHAKE, IO_ERROR, ERR_TLS},
    {FRONT, CLOSE, CONN_CLOSE}, /* the machine asserts the flush before it */
    {SESSION, CLOSED, CLOSE_HANDSHAKE_FAILED},
};

static const struct step handshake_flight_that_cannot_be_sent_fails_it[] = {
    {FRONT, ARRIVES},
    {FRONT, HANDSHAKE, IO_WANT_WRITE},
    {FRONT, READY, WATCH_WRITE},
    {FRONT, HANDSHAKE, IO_ERROR, ERR_RESET},
    FRONT_CLOSES(CONN_CLOSE, CLOSE_HANDSHAKE_FAILED),
};

static const struct step handshake_without_memory_is_our_own_failure[] = {
    {FRONT, ARRIVES},
    {FRONT, HANDSHAKE, IO_ERROR, ERR_MEMORY},
    FRONT_CLOSES(CONN_ABORT, CLOSE_LOCAL),
};

static const struct step handshake_bytes_that_cannot_be_kept_are_our_own_failure[] = {
    {FRONT, ARRIVES},
    {FRONT, HANDSHAKE, IO_WANT_READ},
    {FRONT, PARK, IO_ERROR},
    FRONT_CLOSES(CONN_ABORT, CLOSE_LOCAL),
};

static const struct step frontend_without_a_pool_refuses[] = {
    SHAKEN,
    FRONT_CLOSES(CONN_ABORT, CLOSE_NO_POOL),
    {SESSION, LOGS, .text = "step=ROUTE side=sluice reason=no-pool"},
};

#define NO_POOL_CONF "[frontend web]\nlisten = 127.0.0.1:1\ncertificate = self-signed\n"

CASES(handshake, CASE(no_server_is_dialled_before_the_handshake_is_complete),
    CASE_WITH(plain_client_needs_no_handshake, CONF_WITH(PLAIN_FRONT, TWO_SERVERS)),
    CASE(handshake_that_must_write_waits_for_room), CASE(client_that_says_nothing_is_no_error),
    CASE(client_that_resets_before_its_first_byte_is_no_error),
    CASE(client_that_leaves_in_the_handshake_failed_it),
    CASE(failed_handshake_ends_with_its_alert_and_no_reset),
    CASE(handshake_flight_that_cannot_be_sent_fails_it),
    CASE(handshake_without_memory_is_our_own_failure),
    CASE(handshake_bytes_that_cannot_be_kept_are_our_own_failure),
    CASE_WITH(frontend_without_a_pool_refuses, NO_POOL_CONF))
