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

static const struct step client_that_cannot_be_given_a_transport_is_our_own_failure_F61[] = {
    {FRONT, ARRIVES},
    {FRONT, OPEN, IO_ERROR, ERR_MEMORY},
    FRONT_CLOSES(CONN_ABORT, CLOSE_LOCAL),
};

static const struct step resumed_session_is_told_as_one[] = {
    {FRONT, ARRIVES},
    {FRONT, HANDSHAKE, IO_DONE, .text = "resumed"},
    {BACK, DIAL, DIAL_WAIT},
    {SESSION, RESUMED, .n = 1},
    ENOUGH_DIALLING,
    {SESSION, LOGS,
        .text = "sni=example.org tls=TLSv1.3 cipher=TLS_AES_128_GCM_SHA256 resumed=yes "},
};

static const struct step full_handshake_is_told_as_one[] = {
    SHAKEN,
    {BACK, DIAL, DIAL_WAIT},
    {SESSION, RESUMED, .n = 0},
    ENOUGH_DIALLING,
    {SESSION, LOGS, .text = "resumed=no "},
};

/* The line is one object, and says the same. */
static const struct step access_line_may_be_json[] = {
    {FRONT, ARRIVES},
    {FRONT, HANDSHAKE, IO_ERROR, ERR_TLS},
    FRONT_CLOSES(CONN_CLOSE, CLOSE_HANDSHAKE_FAILED),
    {SESSION, LOGS, .text = "{\"time\":\"1970-01-01T00:00:00.000000Z\",\"id\":281474976710657,"},
    {SESSION, LOGS, .text = ",\"listen\":\"127.0.0.1:1\",\"client\":\"192.0.2.7:4711\","},
    {SESSION, LOGS, .text = ",\"reason\":\"handshake-failed\",\"detail\":\"scripted tls\"}"},
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
    {FRONT, WANTS, WATCH_WRITE},
    {FRONT, READY, WATCH_WRITE},
    {FRONT, HANDSHAKE, IO_WANT_READ},
    {FRONT, WANTS, WATCH_READ},
    {FRONT, READY, WATCH_READ},
    {FRONT, HANDSHAKE, IO_ERROR, ERR_TLS},
    FRONT_CLOSES(CONN_CLOSE, CLOSE_HANDSHAKE_FAILED),
};

static const struct step handshake_that_had_to_write_leaves_the_worker_alone_afterwards_F65[] = {
    {FRONT, ARRIVES},
    {FRONT, HANDSHAKE, IO_WANT_WRITE},
    {FRONT, READY, WATCH_WRITE},
    {FRONT, HANDSHAKE, IO_DONE},
    {BACK, DIAL, DIAL_WAIT},
    {FRONT, WANTS, 0}, /* a socket with room would wake it all the time */
    ENOUGH_DIALLING,
};

static const struct step end_of_the_handshake_leaves_while_a_server_is_dialled_F65[] = {
    {FRONT, ARRIVES},
    {FRONT, HANDSHAKE, IO_DONE, 500},
    {BACK, DIAL, DIAL_WAIT},
    {FRONT, WANTS, WATCH_WRITE},
    {FRONT, READY, WATCH_WRITE},
    {FRONT, FLUSH, IO_WANT_WRITE, 499},
    {FRONT, WANTS, WATCH_WRITE},
    {FRONT, READY, WATCH_WRITE},
    {FRONT, FLUSH, IO_DONE},
    {FRONT, WANTS, 0},
    {SESSION, IN, SESSION_CONNECT},
    ENOUGH_DIALLING,
};

static const struct step client_that_breaks_while_a_server_is_dialled_ends_it_F82[] = {
    {FRONT, ARRIVES},
    {FRONT, HANDSHAKE, IO_DONE, 500},
    {BACK, DIAL, DIAL_WAIT},
    {FRONT, READY, WATCH_WRITE},
    {FRONT, FLUSH, IO_ERROR, ERR_RESET},
    {BACK, CANCEL},
    FRONT_CLOSES(CONN_RESET, CLOSE_CLIENT_RESET),
    {BACK, BLAMED, .n = 0},
};

static const struct step client_that_takes_no_handshake_is_stalled_while_a_server_is_dialled_F65[] =
    {
        {FRONT, ARRIVES},
        {FRONT, HANDSHAKE, IO_DONE, 500},
        {BACK, DIAL, DIAL_WAIT},
        {CLOCK, PASSES, .n = S(2) - 1},
        {SESSION, IN, SESSION_CONNECT},
        {CLOCK, PASSES, .n = 1},
        {BACK, CANCEL},
        FRONT_CLOSES(CONN_ABORT, CLOSE_CLIENT_STALLED),
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

static const struct step alert_that_cannot_be_sent_does_not_hide_the_failure[] = {
    {FRONT, ARRIVES},
    {FRONT, HANDSHAKE, IO_ERROR, ERR_TLS},
    {FRONT, FLUSH, IO_ERROR, ERR_RESET},
    FRONT_CLOSES(CONN_CLOSE, CLOSE_HANDSHAKE_FAILED),
    {SESSION, LOGS, .text = "detail=\"scripted tls\""},
};

static const struct step handshake_flight_that_cannot_be_sent_fails_it[] = {
    {FRONT, ARRIVES},
    {FRONT, HANDSHAKE, IO_WANT_WRITE},
    {FRONT, READY, WATCH_WRITE},
    {FRONT, HANDSHAKE, IO_ERROR, ERR_RESET},
    FRONT_CLOSES(CONN_CLOSE, CLOSE_HANDSHAKE_FAILED),
};

static const struct step flight_that_waits_and_cannot_be_sent_fails_the_handshake[] = {
    {FRONT, ARRIVES},
    {FRONT, HANDSHAKE, IO_WANT_READ, 500},
    {FRONT, WANTS, WATCH_READ | WATCH_WRITE},
    {FRONT, READY, WATCH_WRITE},
    {FRONT, HANDSHAKE, IO_WANT_READ},
    {FRONT, FLUSH, IO_ERROR, ERR_RESET},
    FRONT_CLOSES(CONN_CLOSE, CLOSE_HANDSHAKE_FAILED),
};

static const struct step handshake_that_the_client_ends_failed[] = {
    {FRONT, ARRIVES},
    {FRONT, HANDSHAKE, IO_EOF},
    FRONT_CLOSES(CONN_CLOSE, CLOSE_HANDSHAKE_FAILED),
};

static const struct step handshake_without_memory_is_our_own_failure_F61[] = {
    {FRONT, ARRIVES},
    {FRONT, HANDSHAKE, IO_ERROR, ERR_MEMORY},
    FRONT_CLOSES(CONN_ABORT, CLOSE_LOCAL),
};

static const struct step handshake_bytes_that_cannot_be_kept_are_our_own_failure_F61[] = {
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

#define JSON "[global]\naccess-format = json\n" CONF_WITH(TLS_FRONT, TWO_SERVERS)
#define NO_POOL_CONF "[frontend web]\nlisten = 127.0.0.1:1\ncertificate = self-signed\n"

CASES(handshake, CASE(no_server_is_dialled_before_the_handshake_is_complete),
    CASE(client_that_cannot_be_given_a_transport_is_our_own_failure_F61),
    CASE(resumed_session_is_told_as_one), CASE(full_handshake_is_told_as_one),
    CASE_WITH(access_line_may_be_json, JSON),
    CASE_WITH(plain_client_needs_no_handshake, CONF_WITH(PLAIN_FRONT, TWO_SERVERS)),
    CASE(handshake_that_must_write_waits_for_room),
    CASE(handshake_that_had_to_write_leaves_the_worker_alone_afterwards_F65),
    CASE(end_of_the_handshake_leaves_while_a_server_is_dialled_F65),
    CASE(client_that_breaks_while_a_server_is_dialled_ends_it_F82),
    CASE_WITH(client_that_takes_no_handshake_is_stalled_while_a_server_is_dialled_F65, SHORT_WRITE),
    CASE(client_that_says_nothing_is_no_error),
    CASE(client_that_resets_before_its_first_byte_is_no_error),
    CASE(client_that_leaves_in_the_handshake_failed_it),
    CASE(failed_handshake_ends_with_its_alert_and_no_reset),
    CASE(alert_that_cannot_be_sent_does_not_hide_the_failure),
    CASE(handshake_flight_that_cannot_be_sent_fails_it),
    CASE(flight_that_waits_and_cannot_be_sent_fails_the_handshake),
    CASE(handshake_that_the_client_ends_failed),
    CASE(handshake_without_memory_is_our_own_failure_F61),
    CASE(handshake_bytes_that_cannot_be_kept_are_our_own_failure_F61),
    CASE_WITH(frontend_without_a_pool_refuses, NO_POOL_CONF))
