/* How a connection ends is passed on faithfully, and the halves are independent. */
#include "cases.h"

#define PIECE 16384

/* ---- one side ends cleanly: that direction alone ends, after every byte ---- */

static const struct step answer_goes_on_after_the_client_ended_F14[] = {
    TALKING,
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_EOF},
    {BACK, FINISH, IO_DONE},
    {BACK, FIN, IO_DONE},
    {SESSION, IN, SESSION_DRAIN},
    {FRONT, WANTS, 0},
    {BACK, WANTS, WATCH_READ},
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_DONE, 5000},
    {FRONT, WRITE, IO_DONE, 5000},
    {SESSION, IN, SESSION_DRAIN},
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_EOF},
    {FRONT, FINISH, IO_DONE},
    {FRONT, FIN, IO_DONE},
    BOTH_CLOSE(CONN_CLOSE, CLOSE_DONE),
};

static const struct step upload_goes_on_after_the_server_ended_F14[] = {
    TALKING,
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_EOF},
    {FRONT, FINISH, IO_DONE},
    {FRONT, FIN, IO_DONE},
    {SESSION, IN, SESSION_DRAIN},
    {BACK, WANTS, 0},
    {FRONT, WANTS, WATCH_READ},
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_DONE, 5000},
    {BACK, WRITE, IO_DONE, 5000},
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_EOF},
    {BACK, FINISH, IO_DONE},
    {BACK, FIN, IO_DONE},
    BOTH_CLOSE(CONN_CLOSE, CLOSE_DONE),
};

static const struct step both_may_end_in_one_turn_F14[] = {
    CONNECTED,
    {BACK, READ, IO_EOF},
    {FRONT, FINISH, IO_DONE},
    {FRONT, FIN, IO_DONE},
    {FRONT, READ, IO_EOF},
    {BACK, FINISH, IO_DONE},
    {BACK, FIN, IO_DONE},
    BOTH_CLOSE(CONN_CLOSE, CLOSE_DONE),
};

static const struct step end_waits_for_the_last_byte_to_the_client_F14[] = {
    TALKING,
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_DONE, PIECE},
    {FRONT, WRITE, IO_WANT_WRITE, PIECE},
    {FRONT, READY, WATCH_WRITE},
    {FRONT, FLUSH, IO_DONE},
    {BACK, READ, IO_EOF},
    {FRONT, FINISH, IO_WANT_WRITE}, /* close_notify: no room for it */
    {SESSION, IN, SESSION_DRAIN},
    {FRONT, WANTS, WATCH_READ | WATCH_WRITE},
    {FRONT, READY, WATCH_WRITE},
    {FRONT, FLUSH, IO_DONE},
    {FRONT, FIN, IO_DONE},
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_EOF},
    {BACK, FINISH, IO_DONE},
    {BACK, FIN, IO_DONE},
    BOTH_CLOSE(CONN_CLOSE, CLOSE_DONE),
};

static const struct step end_of_both_waits_for_the_last_byte_to_the_server_F14[] = {
    TALKING,
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_DONE, 10},
    {BACK, WRITE, IO_DONE, 10},
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_EOF},
    {BACK, FINISH, IO_WANT_WRITE},
    {BACK, WANTS, WATCH_READ | WATCH_WRITE},
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_EOF},
    {FRONT, FINISH, IO_DONE},
    {FRONT, FIN, IO_DONE},
    {SESSION, IN, SESSION_DRAIN},
    {BACK, READY, WATCH_WRITE},
    {BACK, FLUSH, IO_DONE},
    {BACK, FIN, IO_DONE},
    BOTH_CLOSE(CONN_CLOSE, CLOSE_DONE),
};

/* ---- one side breaks: the other sees a reset, never an end (P3) ---- */

static const struct step reset_of_the_client_resets_the_server_F13[] = {
    TALKING,
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_ERROR, ERR_RESET},
    BOTH_CLOSE(CONN_RESET, CLOSE_CLIENT_RESET),
};

static const struct step reset_of_the_client_found_by_writing_is_the_same[] = {
    TALKING,
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_DONE, 10},
    {FRONT, WRITE, IO_ERROR, ERR_RESET},
    BOTH_CLOSE(CONN_RESET, CLOSE_CLIENT_RESET),
};

static const struct step reset_of_a_blocked_client_is_found_by_sending_the_rest[] = {
    TALKING,
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_DONE, PIECE},
    {FRONT, WRITE, IO_WANT_WRITE, PIECE},
    {FRONT, READY, WATCH_WRITE},
    {FRONT, FLUSH, IO_ERROR, ERR_RESET},
    BOTH_CLOSE(CONN_RESET, CLOSE_CLIENT_RESET),
};

static const struct step fin_without_close_notify_resets_the_server_F13[] = {
    TALKING,
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_ERROR, ERR_TRUNCATED},
    BOTH_CLOSE(CONN_RESET, CLOSE_CLIENT_CUT),
};

static const struct step broken_tls_resets_the_server[] = {
    TALKING,
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_ERROR, ERR_TLS},
    BOTH_CLOSE(CONN_RESET, CLOSE_CLIENT_TLS),
};

static const struct step reset_of_the_server_resets_the_client_F73[] = {
    TALKING,
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_DONE, 10},
    {FRONT, WRITE, IO_DONE, 10},
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_ERROR, ERR_RESET},
    BOTH_CLOSE(CONN_RESET, CLOSE_SERVER_RESET),
};

static const struct step reset_of_the_server_found_by_writing_is_the_same_F73[] = {
    TALKING,
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_DONE, 10},
    {BACK, WRITE, IO_ERROR, ERR_RESET},
    BOTH_CLOSE(CONN_RESET, CLOSE_SERVER_RESET),
};

static const struct step reset_of_the_server_after_the_client_ended_resets_it_F73[] = {
    TALKING,
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_EOF},
    {BACK, FINISH, IO_DONE},
    {BACK, FIN, IO_DONE},
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_ERROR, ERR_RESET},
    BOTH_CLOSE(CONN_RESET, CLOSE_SERVER_RESET),
};

static const struct step reset_of_the_client_after_the_server_ended_resets_it[] = {
    TALKING,
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_EOF},
    {FRONT, FINISH, IO_DONE},
    {FRONT, FIN, IO_DONE},
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_ERROR, ERR_RESET},
    BOTH_CLOSE(CONN_RESET, CLOSE_CLIENT_RESET),
};

static const struct step end_that_cannot_be_passed_on_is_a_reset[] = {
    TALKING,
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_EOF},
    {FRONT, FINISH, IO_ERROR, ERR_RESET},
    BOTH_CLOSE(CONN_RESET, CLOSE_CLIENT_RESET),
};

static const struct step fin_that_cannot_be_sent_is_a_reset[] = {
    TALKING,
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_EOF},
    {BACK, FINISH, IO_DONE},
    {BACK, FIN, IO_ERROR, ERR_RESET},
    BOTH_CLOSE(CONN_RESET, CLOSE_SERVER_RESET),
};

static const struct step our_own_failure_aborts_both_F61[] = {
    TALKING,
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_DONE, 10},
    {BACK, WRITE, IO_ERROR, ERR_MEMORY},
    BOTH_CLOSE(CONN_ABORT, CLOSE_LOCAL),
};

static const struct step want_of_buffers_towards_the_server_is_our_own_failure[] = {
    TALKING,
    {FRONT, READY, WATCH_READ},
    {FRONT, READ, IO_DONE, 10},
    {BACK, WRITE, IO_ERROR, ERR_LOCAL},
    BOTH_CLOSE(CONN_ABORT, CLOSE_LOCAL),
};

static const struct step our_own_failure_towards_the_client_is_the_same_F61[] = {
    TALKING,
    {BACK, READY, WATCH_READ},
    {BACK, READ, IO_DONE, 10},
    {FRONT, WRITE, IO_ERROR, ERR_LOCAL},
    BOTH_CLOSE(CONN_ABORT, CLOSE_LOCAL),
};

/* No news would ever come of it again. */
static const struct step client_that_the_system_does_not_watch_is_our_own_failure_F65[] = {
    TALKING,
    {FRONT, UNSEEN},
    BOTH_CLOSE(CONN_ABORT, CLOSE_LOCAL),
};

static const struct step server_that_the_system_does_not_watch_is_our_own_failure_F65[] = {
    TALKING,
    {BACK, UNSEEN},
    BOTH_CLOSE(CONN_ABORT, CLOSE_LOCAL),
    {BACK, BLAMED, .n = 0},
};

static const struct step shutdown_aborts_both[] = {
    TALKING,
    ENOUGH,
    {SESSION, LOGS, .text = "side=sluice reason=shutdown"},
};

CASES(ends, CASE(answer_goes_on_after_the_client_ended_F14),
    CASE(upload_goes_on_after_the_server_ended_F14), CASE(both_may_end_in_one_turn_F14),
    CASE(end_waits_for_the_last_byte_to_the_client_F14),
    CASE(end_of_both_waits_for_the_last_byte_to_the_server_F14),
    CASE(reset_of_the_client_resets_the_server_F13),
    CASE(reset_of_the_client_found_by_writing_is_the_same),
    CASE(reset_of_a_blocked_client_is_found_by_sending_the_rest),
    CASE(fin_without_close_notify_resets_the_server_F13), CASE(broken_tls_resets_the_server),
    CASE(reset_of_the_server_resets_the_client_F73),
    CASE(reset_of_the_server_found_by_writing_is_the_same_F73),
    CASE(reset_of_the_server_after_the_client_ended_resets_it_F73),
    CASE(reset_of_the_client_after_the_server_ended_resets_it),
    CASE(end_that_cannot_be_passed_on_is_a_reset), CASE(fin_that_cannot_be_sent_is_a_reset),
    CASE(our_own_failure_aborts_both_F61),
    CASE(want_of_buffers_towards_the_server_is_our_own_failure),
    CASE(our_own_failure_towards_the_client_is_the_same_F61),
    CASE(client_that_the_system_does_not_watch_is_our_own_failure_F65),
    CASE(server_that_the_system_does_not_watch_is_our_own_failure_F65), CASE(shutdown_aborts_both))
